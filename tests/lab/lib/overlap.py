"""Whether a unit ever ran on two machines at once, by what its processes themselves said: each beats into its machine's
journal. Reads lines "MACHINE JSON" (journalctl -o json) of one unit; prints each life, and fails where two overlap."""
import json
import sys

lives = {}
for line in sys.stdin:
    machine, text = line.split(" ", 1)
    entry = json.loads(text)
    if entry.get("MESSAGE") != "beat":
        continue
    at = int(entry["__REALTIME_TIMESTAMP"]) / 1e6
    key = machine, entry["_SYSTEMD_INVOCATION_ID"]
    first, last = lives.get(key, (at, at))
    lives[key] = min(first, at), max(last, at)

ordered = sorted((first, last, machine) for (machine, _), (first, last) in lives.items())
begin = ordered[0][0] if ordered else 0
overlaps = 0
for index, (first, last, machine) in enumerate(ordered):
    gap = ""
    if index > 0:
        before = max(ordered[:index], key=lambda life: life[1])
        gap = f", {first - before[1]:.3f} s after the one before"
        overlaps += before[2] != machine and first <= before[1]
    print(f"{machine}: {first - begin:.3f} s to {last - begin:.3f} s{gap}")
if not ordered:
    sys.exit("it never ran")
if overlaps:
    sys.exit(f"{overlaps} overlaps")
