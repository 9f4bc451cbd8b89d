"""bench start and bench stop: one unit through fleetctl against the same by systemctl, on the same machine in turn."""

from bench import cluster
from bench.report import SPREAD_COLUMNS, Result, Target, spread

# Both programs are run by the same shell in the same machine, so that it adds the same to both. What was asked for must
# be so when the program returns. Prints "PROGRAM MICROSECONDS".
#
# Before each, the machine rests. When a process enters a cgroup the kernel waits for all processors (10 ms), but not soon
# after another one entered: right behind another start, systemctl takes half the time that it takes at rest, which is not to
# the credit of whoever comes second.
SCRIPT = r"""
verb=$1 expected=$2 times=$3
cd /tmp && mkdir -p /run/systemd/system
for ((i = 1; i <= times; i++)); do
    printf '[Service]\nExecStart=/bin/sleep infinity\n' >/run/systemd/system/direct-$i.service
    printf '[Service]\nExecStart=/bin/sleep infinity\n[X-Fleet]\nMachineMetadata=host=m1\n' >fleet-$i.service
done
measure() {
    local begun ended
    sleep 0.1
    begun=${EPOCHREALTIME/./}
    "$1" "$verb" "$2" >/dev/null
    ended=${EPOCHREALTIME/./}
    [[ $(systemctl is-active "$2") == "$expected" ]] || { echo "$2 is not $expected after $1 $verb" >&2; exit 1; }
    echo "$1 $((ended - begun))"
}
for ((i = 1; i <= times; i++)); do
    if ((i % 2)); then
        measure fleetctl fleet-$i.service
        measure systemctl direct-$i.service
    else
        measure systemctl direct-$i.service
        measure fleetctl fleet-$i.service
    fi
done
"""
COLUMNS = [("program", "ms of"), *SPREAD_COLUMNS]
PROGRAMS = ("systemctl", "fleetctl")


class Latency:
    def __init__(self, verb, verbs, most):
        """verbs: what is done, with the state that follows; the last of them is measured."""
        self.NAME, self.verbs, self.most = verb, verbs, most
        self.HELP = f"time of 'fleetctl {verb}' against 'systemctl {verb}' of such a unit on the same machine"

    def add_arguments(self, parser):
        parser.add_argument("--times", type=int, default=30, help="of each, in turn (30)")

    def run(self, options):
        with cluster.lab() as all_machines:
            for verb, expected in self.verbs:
                text = cluster.run(all_machines[0], SCRIPT, verb, expected, options.times)
        times = {program: [int(line.split()[1]) / 1000 for line in text.splitlines() if line.startswith(program)]
                 for program in PROGRAMS}
        rows = [{"program": program, **spread(values)} for program, values in times.items()]
        medians = {row["program"]: row["p50"] for row in rows}
        return Result(COLUMNS, rows, [Target(f"fleetctl {self.NAME}, x systemctl {self.NAME}",
                                             medians["fleetctl"] / medians["systemctl"], most=self.most, is_ratio=True)])


START = Latency("start", [("start", "active")], 2.0)
STOP = Latency("stop", [("start", "active"), ("stop", "inactive")], 2.0)
