"""bench record: measures what docs/performance.md shows, and puts it there."""

import argparse
import sys

from bench import page
from bench.report import Wrong

NAME = "record"
HELP = "measures what docs/performance.md shows, all of it or what is named, and writes tables and plots anew"

# The largest clusters come last: they take longest.
COMMANDS = {
    "start": ("start",),
    "stop": ("stop",),
    "bulk-501": ("bulk", "501"),
    "bulk-1002": ("bulk", "1002"),
    "destroy": ("destroy", "99"),
    "failover": ("failover",),
    "idle": ("idle",),
    "api": ("api",),
    "sched": ("sched",),
    **{f"scale-{machines}": ("scale", str(machines), str(20 * machines)) for machines in (100, 300, 1000, 2500)},
    "scale-5000": ("scale", "5000", "100000", "--times", "3"),
}


def add_arguments(parser):
    parser.add_argument("names", nargs="*", type=known, metavar="NAME", help=" ".join(COMMANDS))


def known(name):
    if name not in COMMANDS:
        raise argparse.ArgumentTypeError(f"'{name}' is none of {' '.join(COMMANDS)}")
    return name


def run(options, measure):
    """What does not work leaves its last result as it was."""
    is_whole = True
    for name in options.names or COMMANDS:
        result = measure(COMMANDS[name])
        if result:
            page.store(name, result.json(COMMANDS[name][0], COMMANDS[name]))
        is_whole = is_whole and result is not None
    return int(not is_rendered() or not is_whole)


def is_rendered():
    try:
        page.render(page.PAGE)
    except Wrong as wrong:
        print(f"bench: record: {wrong}", file=sys.stderr)
        return False
    return True
