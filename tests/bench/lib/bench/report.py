"""What a benchmark came to: rows for people, and everything for programs."""

import json
import os
import re
import statistics
import time


class Wrong(Exception):
    """What was measured, or is to be shown, does not work: there is no figure."""


class Target:
    """A figure and what it should be at most, or at least. A ratio is of two figures of the same run, so that it says
    little about the machine."""

    def __init__(self, name, figure, most=None, least=None, is_ratio=False):
        self.name, self.figure, self.most, self.least, self.is_ratio = name, figure, most, least, is_ratio

    def with_figure(self, figure):
        return Target(self.name, figure, self.most, self.least, self.is_ratio)

    def is_met(self, factor=1.0):
        if self.most is not None:
            return self.figure <= self.most * factor
        return self.figure * factor >= self.least

    def line(self):
        bound = f"at most {number(self.most)}" if self.most is not None else f"at least {number(self.least)}"
        return f"{'met' if self.is_met() else 'MISSED'}: {self.name}: {number(self.figure)} ({bound})"

    def fields(self):
        bound = {"most": self.most} if self.most is not None else {"least": self.least}
        return {"name": self.name, "figure": rounded(self.figure), **bound, "is_ratio": self.is_ratio, "met": self.is_met()}


class Result:
    """rows: dicts. columns: the fields of them that the table shows, as (field, heading); more_columns: of further tables
    of the same rows."""

    def __init__(self, columns, rows, targets=(), more_columns=()):
        self.tables, self.rows, self.targets = [columns, *more_columns], rows, list(targets)

    def table(self):
        return "\n\n".join(table(columns, self.rows) for columns in self.tables)

    def verdicts(self):
        return "\n".join(target.line() for target in self.targets)

    def json(self, name, words):
        """words: what was typed behind `bench`."""
        return json.dumps({"bench": name, "command": " ".join(words), "date": time.strftime("%Y-%m-%d"),
                           "processor": processor(), "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1),
                           "targets": [target.fields() for target in self.targets], "tables": self.tables,
                           "rows": rounded(self.rows)})

    def is_within(self, factor):
        return factor is None or all(target.is_met(factor) for target in self.targets if target.is_ratio)


def table(columns, rows):
    lines = [[heading for _, heading in columns]]
    lines += [[number(row.get(field)) for field, _ in columns] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join("  ".join(cell.rjust(width) if i else cell.ljust(width)
                               for i, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines)


def number(value):
    """Three digits that count; nothing for what there is none of."""
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def rounded(value):
    """Six digits: nothing is measured better."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    return found[1] if found else "unknown"


def spread(values):
    """The fields of a row for a series of measurements; the samples are in order of time."""
    ordered = sorted(values)
    return {"n": len(ordered), "min": ordered[0], "p50": statistics.median(ordered),
            "p95": ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], "max": ordered[-1], "samples": list(values)}


SPREAD_COLUMNS = [("n", "n"), ("min", "min"), ("p50", "median"), ("p95", "p95"), ("max", "max")]
