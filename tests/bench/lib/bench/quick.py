"""bench quick: a few of the others, small, for every change: what got much slower is noticed."""

import sys

NAME = "quick"
HELP = "some of these, small, in under three minutes; fails if a ratio is over twice its target"

WITHIN = 2
COMMANDS = (
    ("sched", "100x2000", "1000x20000", "--repeat", "1"),
    ("scale", "100", "2000", "--ttl", "5", "--rest", "1", "--ram"),
    ("start", "--times", "15"),
    ("bulk", "150", "--times", "1"),
    ("stop", "--times", "15"),
    ("destroy", "99", "--times", "1"),
    ("failover", "30", "--times", "1"),
)


def add_arguments(parser):
    del parser


def run(_, measure):
    """Counts as other tests do, in the last line."""
    failed = [words for words in COMMANDS if not is_well(words, measure(words))]
    print(f"{len(COMMANDS) - len(failed)} passed, {len(failed)} failed", flush=True)
    return int(bool(failed))


def is_well(words, result):
    if result is None:
        return False
    if not result.is_within(WITHIN):
        print(f"bench: {' '.join(words)}: a ratio is over {WITHIN} times its target", file=sys.stderr)
        return False
    return True
