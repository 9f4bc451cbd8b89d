"""docs/performance.md: its tables and plots are made of what `bench` printed, which is kept beside it.

A table stands between two comments, the first of which says of what it is:

    <!-- tests/bench/plot: rows start stop -->
    <!-- tests/bench/plot: end -->

A name is that of a file of docs/performance, without .json; `*` stands for any text, and with :last behind it for what has the
largest number there."""

import fnmatch
import json
import pathlib
import re

from bench import plots, tables
from bench.report import Wrong

PAGE = pathlib.Path(__file__).resolve().parents[4] / "docs/performance.md"
BLOCK = re.compile(r"(?P<begin><!-- tests/bench/plot: (?P<kind>[a-z]+)(?P<names>[^\n]*) -->\n)"
                   r"(?P<table>.*?)(?P<end><!-- tests/bench/plot: end -->)", re.DOTALL)


class Results:
    """What was measured, by name."""

    def __init__(self, folder):
        self.by_name = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}

    def of(self, *patterns):
        """The results that have such names, in the order of these, and of the numbers in them."""
        found = []
        for pattern in patterns:
            glob, colon, _ = pattern.partition(":last")
            names = sorted(fnmatch.filter(self.by_name, glob), key=natural)
            if not names:
                raise Wrong(f"there is no result {glob}")
            found += [self.by_name[name] for name in (names[-1:] if colon else names)]
        return found


def natural(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def folder_of(page):
    return page.with_suffix("")


def store(name, line):
    folder = folder_of(PAGE)
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(line + "\n", encoding="utf-8")


def contents(page):
    """What the page has to be, and its plots by file: how each is drawn."""
    results = Results(folder_of(page))
    text = BLOCK.sub(lambda block: block["begin"] + make_table(results, block) + block["end"], page.read_text(encoding="utf-8"))
    return text, {folder_of(page) / name: plot.script(results) for name, plot in plots.PLOTS.items()}


def make_table(results, block):
    if block["kind"] not in tables.KINDS:
        raise Wrong(f"there is no table of {block['kind']}")
    return "\n".join(["", *tables.KINDS[block["kind"]](results.of(*block["names"].split())), "", ""])


def render(page):
    """Writes what differs."""
    text, drawn = contents(page)
    if text != page.read_text(encoding="utf-8"):
        page.write_text(text, encoding="utf-8")
    for path, script in drawn.items():
        if not plots.is_of(path, script):
            plots.draw(path, script)


def differences(page):
    """A sentence for each thing that is not as the results have it."""
    text, drawn = contents(page)
    if text != page.read_text(encoding="utf-8"):
        yield f"{page.name}: the tables are not those of the results"
    for path, script in drawn.items():
        if not plots.is_of(path, script):
            yield f"{path.name} was made of other results"
        elif path.stat().st_size > plots.MAX_BYTES:
            yield f"{path.name} is larger than {plots.MAX_BYTES} bytes"
        if f"{path.parent.name}/{path.name}" not in text:
            yield f"{page.name} does not show {path.name}"
