"""bench idle: what fleetd and etcd take while nothing happens."""

import os
import time

from bench import cluster, load, programs
from bench.report import Result, Target

NAME = "idle"
HELP = "processor time and memory of fleetd and etcd at rest, by the number of units"

# KiB of a process: all that it has in memory, with what others have mapped as well; each shared page by its share; what is
# its alone, as no file has it; and that with the pages of its own program.
MEMORY = r"""
memory() {
    awk -v "program=$(readlink "/proc/$1/exe")" '
        /^[0-9a-f]+-[0-9a-f]+ / { is_program = $6 == program }
        $1 == "Rss:" { rss += $2; if (is_program) own += $2 }
        $1 == "Pss:" { pss += $2 }
        $1 == "Anonymous:" { anonymous += $2; if (!is_program) own += $2 }
        END { print rss, pss, anonymous, own }' "/proc/$1/smaps"
}
"""
# Processor time of fleetd in ticks, and its memory.
USAGE = MEMORY + r"""
pid=$(systemctl show -p MainPID --value fleet.service)
read -r line <"/proc/$pid/stat"
set -- ${line##*) }
echo "$((${12} + ${13})) $(memory "$pid")"
"""
# What any program has that uses fleetd's libraries.
BARE = MEMORY + r"""
exec 3< <(exec "$1" "$2")
pid=$!
read -r _ <&3
memory "$pid"
kill "$pid"
"""
# What the last request left behind is given back after a minute (VIEW_IDLE_USEC): before that, it is no rest.
SETTLE_SECONDS = 65

COLUMNS = [("units", "units"), ("fleetd_percent", "fleetd %"), ("fleetd_max_percent", "worst %"), ("rss_mib", "RSS MiB"),
           ("bare_rss_mib", "bare RSS"), ("pss_mib", "PSS MiB"), ("anonymous_mib", "anonymous"),
           ("bare_anonymous_mib", "bare anonymous"), ("own_mib", "own MiB"), ("etcd_percent", "etcd %"),
           ("etcd_mib", "etcd MiB"), ("requests", "etcd requests/s/machine")]


def add_arguments(parser):
    parser.add_argument("--units", default="0,102,1002", help="multiples of three (0,102,1002)")
    parser.add_argument("--seconds", type=int, default=60, help="that are measured each time (60)")


def run(options):
    with cluster.lab() as all_machines:
        bare = cluster.put_program(all_machines[0], programs.find("bench-bare"))
        cluster.run_on_all(all_machines, load.PUT_TEMPLATES, cluster.SLEEPER)
        rows = [measure(all_machines, bare, units, options.seconds) for units in map(int, options.units.split(","))]
    worst = rows[-1]
    return Result(COLUMNS, rows, [
        Target(f"% of a core, fleetd with {worst['units']} units", worst["fleetd_max_percent"], most=0.1),
        Target("requests to etcd a second a machine", worst["requests"], most=1),
        Target(f"MiB RSS of fleetd with {worst['units']} units", worst["rss_mib"], most=8),
        Target(f"MiB of fleetd's own with {worst['units']} units", worst["own_mib"], most=8),
    ])


def measure(all_machines, bare, units, seconds):
    if units:
        load.start_fleet(all_machines, units)
    time.sleep(SETTLE_SECONDS)
    before, etcd_before = usages(all_machines), cluster.etcd_metrics()
    begun = time.monotonic()
    time.sleep(seconds)  # rest is what is measured
    after, etcd_after = usages(all_machines), cluster.etcd_metrics()
    took = time.monotonic() - begun
    percents = [(last[0] - first[0]) / os.sysconf("SC_CLK_TCK") / took * 100 for first, last in zip(before, after)]

    def etcd_rate(name):
        return (etcd_after.get(name, 0) - etcd_before.get(name, 0)) / took

    return {"units": units, "seconds": took,
            "fleetd_percent": sum(percents) / len(percents), "fleetd_max_percent": max(percents),
            "etcd_percent": etcd_rate("process_cpu_seconds_total") * 100,
            "etcd_mib": etcd_after["process_resident_memory_bytes"] / 2**20,
            "requests": etcd_rate("grpc_server_handled_total") / len(all_machines),
            **memory_fields("", [max(kib) for kib in zip(*(last[1:] for last in after))]),
            **memory_fields("bare_", bare_memory(all_machines[0], bare))}


def memory_fields(prefix, kib):
    return {f"{prefix}{name}_mib": value / 1024 for name, value in zip(("rss", "pss", "anonymous", "own"), kib)}


def usages(all_machines):
    """(ticks, KiB...) of each."""
    return [numbers(text) for text in cluster.run_on_all(all_machines, USAGE)]


def bare_memory(machine, bare):
    return numbers(cluster.run(machine, BARE, bare, cluster.ETCD.url(1) + "/version"))


def numbers(text):
    return tuple(map(int, text.split()))
