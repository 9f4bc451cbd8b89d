"""bench sched: decisions a second of the scheduler alone, by the size of the cluster and the kind of constraint."""

from bench import programs
from bench.report import Result, Target

NAME = "sched"
HELP = "the scheduler alone: placements a second against machines, units and kinds of constraint"

KINDS = ("none", "metadata", "conflicts", "machine-of", "mix", "rack", "memory", "spread")
SIZES = ("100x2000", "1000x20000", "5000x100000")
COLUMNS = [("kind", "constraint"), ("machines", "machines"), ("units", "units"), ("told_per_s", "told/s"),
           ("placed_per_s", "placed/s"), ("one_more_us", "one more us"), ("machine_lost_us", "machine lost us"),
           ("peak_kib", "peak KiB")]
LEAST = {"none": 1_000_000, "mix": 200_000}
LEAST_AT = 5000  # machines
GROWTH = 3  # of a placement's time with the cluster: what the processor's caches no longer hold, and no more


def add_arguments(parser):
    parser.add_argument("sizes", nargs="*", default=SIZES, metavar="MACHINESxUNITS", help=" ".join(SIZES))
    parser.add_argument("--kinds", default=",".join(KINDS), help=",".join(KINDS))
    parser.add_argument("--repeat", type=int, default=5, help="runs of each, of which the median is taken (5)")


def run(options):
    rows = [row for size in options.sizes for kind in options.kinds.split(",")
            for row in programs.run("bench-sched", *size.split("x"), kind, options.repeat)]
    targets = [Target(f"placements/s, {row['kind']}, {row['machines']} machines", row["placed_per_s"],
                      least=LEAST[row["kind"]])
               for row in rows if row["kind"] in LEAST and row["machines"] == LEAST_AT]
    return Result(COLUMNS, rows, targets + growth(rows))


def growth(rows):
    """Of the kind that grows most."""
    least, most = (choose(row["machines"] for row in rows) for choose in (min, max))
    if least == most:
        return []
    rates = {(row["kind"], row["machines"]): row["placed_per_s"] for row in rows}
    factor, kind = max((rates[kind, least] / rates[kind, most], kind) for kind, machines in rates if machines == most)
    return [Target(f"a placement with {most} machines, x with {least} ({kind})", factor, most=GROWTH, is_ratio=True)]
