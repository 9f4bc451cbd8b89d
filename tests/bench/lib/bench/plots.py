"""Plots of what was measured: SVG by gnuplot. Each says of what it was made, so that whether it is up to date can be told
without gnuplot."""

import hashlib
import pathlib
import shutil
import subprocess

from bench import sizes
from bench.report import Wrong

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent / "plots"
MAX_BYTES = 60_000


class Plot:
    def __init__(self, script, names, series, title):
        """script: a file of SCRIPTS. series: of the results that have these names, {name: points}."""
        self.name, self.names, self.series, self.title = script, names, series, title

    def script(self, results):
        """All that gnuplot is told."""
        series = self.series(results.of(*self.names))
        blocks = [block(i, name, points) for i, (name, points) in enumerate(series.items())]
        parts = ["style.gp", self.name]
        return "\n".join([f"TITLE = '{self.title}'", f"N = {len(series)}", *blocks,
                          *[(SCRIPTS / part).read_text(encoding="utf-8") for part in parts]])


def block(number, name, points):
    """Points in a file of gnuplot's own, under a heading."""
    return "\n".join([f"$series{number} << END", f'"{name}"', *[" ".join(map(str, point)) for point in points], "END"])


def latencies(results):
    """Which part of the samples took so long, or less."""
    return {row["program"]: [(0, 0), *[(sample, (i + 1) / row["n"]) for i, sample in enumerate(sorted(row["samples"]))]]
            for row in results[0]["rows"]}


def placements(results):
    rows = results[0]["rows"]
    return {kind: [(row["machines"], row["placed_per_s"]) for row in rows if row["kind"] == kind]
            for kind in dict.fromkeys(row["kind"] for row in rows)}


PLOTS = {
    "start.svg": Plot("latency.gp", ["start"], latencies, "One start: how many took at most so long"),
    "stop.svg": Plot("latency.gp", ["stop"], latencies, "One stop: how many took at most so long"),
    "sched.svg": Plot("sched.gp", ["sched"], placements, "Placements by size of the cluster and kind of constraint"),
    "scale.svg": Plot("scale.gp", ["scale-*"], sizes.series, "Until it runs, by size of the cluster"),
}


def digest(script):
    return hashlib.sha256(script.encode()).hexdigest()


def is_of(path, script):
    """Whether that plot was made by that script."""
    return path.exists() and mark(script) in path.read_text(encoding="utf-8")


def mark(script):
    return f"<!-- made by tests/bench/plot of {digest(script)} -->\n"


def draw(path, script):
    if not shutil.which("gnuplot"):
        raise Wrong("there is no gnuplot: tests/deps plots")
    done = subprocess.run(["gnuplot", "-"], input=script, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0 or done.stderr:
        raise Wrong(f"{path.name}: {done.stderr.strip()}")
    path.write_text(done.stdout + mark(script), encoding="utf-8")
