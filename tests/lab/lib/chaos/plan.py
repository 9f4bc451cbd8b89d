"""What a run will do, from its seed alone: groups of faults, of which those in one group overlap."""

import random

from chaos import faults

OVERLAPPING = 0.4
LONG = 25  # seconds


def plan(seed, count, machines, members):
    """A list of groups; a group is a list of {kind, targets, hold, after}: `after` seconds after the one before it.
    Targets that only the run can tell (who leads) stay open."""
    chance = random.Random(f"{seed} plan")
    groups, deck = [], []
    for _ in range(count):
        if not deck:
            deck = chance.sample(faults.KINDS, len(faults.KINDS))
        kind = deck.pop()
        step = fault(chance, kind, machines, members)
        if groups and chance.random() < OVERLAPPING and fits(groups[-1], kind):
            step["after"] = round(chance.uniform(0.2, 3), 1)
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def fits(group, kind):
    return all(faults.touches(kind).isdisjoint(faults.touches(faults.BY_NAME[other["kind"]])) for other in group)


def fault(chance, kind, machines, members):
    return {"kind": kind.name, "targets": targets(chance, kind, machines, members),
            "hold": round(chance.uniform(*kind.hold) + rather_long(chance, kind), 1), "after": 0}


def rather_long(chance, kind):
    """Now and then a machine is lost for so long that also what must not run twice is placed elsewhere."""
    return LONG if kind.effect in ("off", "away") and chance.random() < 0.12 else 0


def targets(chance, kind, machines, members):
    choices = {
        "machine": lambda: [chance.choice(machines)],
        "machines": lambda: list(machines),
        "member": lambda: [str(chance.choice(members))],
        "two members": lambda: [str(member) for member in sorted(chance.sample(members, 2))],
    }
    return choices[kind.target]() if kind.target in choices else []
