"""What the units wrote down of their lives, read back."""


def parse_life(machine, unit, text):
    """The lives in one record: {machine, unit, invocation, start, version, end, how}, in order. A line that a power
    cut left half is skipped; end is None where nothing says that it ended."""
    lives = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 3 or fields[1] not in ("start", "stop", "exit", "end"):
            continue
        stamp, word, invocation = float(fields[0]), fields[1], fields[2]
        life = lives.setdefault(invocation, {"machine": machine, "unit": unit, "invocation": invocation,
                                             "start": stamp, "version": 0, "end": None, "how": None})
        if word == "start":
            life["version"] = int(fields[3])
        else:
            life["end"] = life["end"] or stamp
            life["how"] = life["how"] or (word if word != "end" else f"killed ({fields[-1]})")
    return list(lives.values())


def read_lives(machine, folder):
    if not folder.is_dir():
        return []
    return [life for record in sorted(folder.iterdir())
            for life in parse_life(machine, record.name, record.read_text(errors="replace"))]


def end_by_power_cuts(lives, faults):
    """A process that says nothing of its end, on a machine that lost its power since it began, ended then."""
    for life in lives:
        cuts = [fault["done"] for fault in faults if fault["kind"].startswith("power cut")
                and life["machine"] in fault["targets"] and fault["done"] > life["start"]]
        if life["end"] is None and cuts:
            life["end"], life["how"] = min(cuts), "power cut"
    return lives
