"""What a run, or several, came to: violations, and how long it took to recover from each kind of fault."""

import collections
import json
import statistics

from chaos import operators


def figures(runs):
    """{kind: {"moved": [...], "back": [...]}}: seconds, of faults that had no other beside them, nor a
    machine that was drained or the like."""
    times = collections.defaultdict(lambda: {"n": 0, "alone": 0, "moved": [], "back": []})
    for run in runs:
        for fault in run["faults"]:
            row = times[fault["kind"]]
            row["n"] += 1
            if fault["overlaps"] or fault["back"] is None or is_managed(run, fault):
                continue
            row["alone"] += 1
            row["back"].append(round(fault["back"] - fault["undo"], 2))
            if fault["moved"] is not None and fault["moved"] < fault["undo"]:
                row["moved"].append(round(fault["moved"] - fault["begin"], 2))
    return times


def is_managed(run, fault):
    """A machine was drained meanwhile, or the like: then units may have to wait for it."""
    return any(one["begin"] <= fault["back"] and (one["end"] is None or fault["begin"] <= one["end"])
               for one in run["operations"] if one["what"] in operators.MANAGED)


def spread(values):
    return f"{min(values):.1f} / {statistics.median(values):.1f} / {max(values):.1f}" if values else "-"


def table(runs):
    """moved: from the fault until its units ran on other machines. back: from its end until all was whole."""
    rows = [("fault", "n", "alone", "units elsewhere after", "whole again after")]
    for kind, row in sorted(figures(runs).items()):
        rows.append((kind, str(row["n"]), str(row["alone"]), spread(row["moved"]), spread(row["back"])))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join(lines + ["(seconds: min / median / max, of faults that had no other beside them, nor a machine that was drained)"])


def summary(run, violations):
    """One line of JSON."""
    times = {kind: row for kind, row in sorted(figures([run]).items())}
    return json.dumps({"seed": run["seed"], "seconds": round(run["end"] - run["begin"], 1), "faults": len(run["faults"]),
                       "overlapping": sum(fault["overlaps"] for fault in run["faults"]),
                       "requests": len(run["requests"]), "operations": len(run["operations"]), "lives": len(run["lives"]),
                       "violations": len(violations), "times": times})
