"""Reads Prometheus' text format (0.0.4) strictly from standard input.

    prometheus.py check          nothing, or what is wrong with it
    prometheus.py families       the names of all families, sorted
    prometheus.py get SAMPLE     its value; SAMPLE is name{label="value"} with any of its labels: of
                                 several that match the sum, of none 0
"""
import math
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"^({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)$")
SUFFIXES = ("_bucket", "_sum", "_count")


def fail(n, why):
    sys.exit(f"line {n}: {why}")


def parse_labels(text):
    return tuple((m.group(1), m.group(2)) for m in re.finditer(LABEL, text or ""))


def parse(text):
    """(families: name -> type, samples: [(name, labels, value)])"""
    families, helps, samples, seen, current = {}, set(), [], set(), None
    if not text.endswith("\n"):
        sys.exit("the last line does not end")
    for n, line in enumerate(text.splitlines(), 1):
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            if current in helps or len(line.split(" ", 3)) < 4:
                fail(n, f"HELP of {current} twice, or empty")
            helps.add(current)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name != current or name in families or kind not in ("counter", "gauge", "histogram"):
                fail(n, f"TYPE {kind} of {name} is not right here")
            families[name] = kind
        else:
            samples.append(parse_sample(n, line, families, current, seen))
    check_histograms(families, samples)
    return families, samples


def parse_sample(n, line, families, current, seen):
    match = SAMPLE.match(line)
    if not match:
        fail(n, f"no sample: {line}")
    name, labels, value = match.group(1), parse_labels(match.group(2)), float(match.group(match.lastindex))
    kind = families.get(current)
    fits = name in [current + s for s in SUFFIXES] if kind == "histogram" else name == current
    if not fits:
        fail(n, f"{name} stands below {current}")
    if (name, labels) in seen or len({label for label, _ in labels}) != len(labels):
        fail(n, f"twice: {line}")
    if math.isnan(value) or (kind != "gauge" and value < 0):
        fail(n, f"no such value of a {kind}: {line}")
    if kind == "counter" and not name.endswith("_total"):
        fail(n, f"counter {name} does not end in _total")
    seen.add((name, labels))
    return name, labels, value


def check_histograms(families, samples):
    for family in [f for f, kind in families.items() if kind == "histogram"]:
        buckets, counts = {}, {}
        for name, labels, value in samples:
            rest = tuple(label for label in labels if label[0] != "le")
            if name == family + "_bucket":
                buckets.setdefault(rest, []).append((float(dict(labels)["le"]), value))
            elif name == family + "_count":
                counts[rest] = value
        for rest, pairs in buckets.items():
            if pairs != sorted(pairs) or [v for _, v in pairs] != sorted(v for _, v in pairs):
                sys.exit(f"{family}{rest}: buckets are not in order, or not cumulative")
            if pairs[-1][0] != math.inf or pairs[-1][1] != counts.get(rest):
                sys.exit(f"{family}{rest}: the last bucket is not the count")
        if buckets.keys() != counts.keys():
            sys.exit(f"{family}: buckets and counts are not of the same labels")


def get(samples, wanted):
    name, _, labels = wanted.partition("{")
    wanted_labels = set(parse_labels(labels))
    return sum(v for n, l, v in samples if n == name and wanted_labels <= set(l))


def main():
    families, samples = parse(sys.stdin.read())
    if sys.argv[1] == "families":
        print("\n".join(sorted(families)))
    elif sys.argv[1] == "get":
        print(f"{get(samples, sys.argv[2]):.16g}")


main()
