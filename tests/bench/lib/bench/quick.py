"""bench quick: a few of the others, small, for every change: what got much slower is noticed."""

NAME = "quick"
HELP = "some of these, small, in under three minutes; fails if a ratio is over twice its target"

WITHIN = 2
COMMANDS = (
    ("sched", "1000x20000", "--repeat", "1"),
    ("scale", "100", "1000", "--ttl", "5", "--rest", "1", "--ram"),
    ("start", "--times", "15"),
    ("bulk", "150"),
    ("stop", "--times", "15"),
    ("destroy", "99"),
    ("failover", "30", "--times", "1"),
)


def add_arguments(parser):
    del parser
