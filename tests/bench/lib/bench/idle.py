"""bench idle: what fleetd and etcd take while nothing happens."""

import os
import time

from bench import cluster, load
from bench.report import Result, Target

NAME = "idle"
HELP = "processor time and memory of fleetd and etcd at rest, by the number of units"

# CPU ticks and KiB of the machine's fleetd.
USAGE = r"""
pid=$(systemctl show -p MainPID --value fleet.service)
read -r line <"/proc/$pid/stat"
set -- ${line##*) }
echo "$((${12} + ${13})) $(awk '$1 == "VmRSS:" { print $2 }' "/proc/$pid/status")"
"""
COLUMNS = [("units", "units"), ("fleetd_percent", "fleetd %"), ("fleetd_max_percent", "worst %"), ("fleetd_mib", "fleetd MiB"),
           ("etcd_percent", "etcd %"), ("etcd_mib", "etcd MiB"), ("requests", "etcd requests/s/machine")]


def add_arguments(parser):
    parser.add_argument("--units", default="0,102,1002", help="multiples of three (0,102,1002)")
    parser.add_argument("--seconds", type=int, default=60, help="that are measured each time (60)")


def run(options):
    with cluster.lab() as all_machines:
        cluster.run_on_all(all_machines, load.PUT_TEMPLATES, cluster.SLEEPER)
        rows = [measure(all_machines, units, options.seconds) for units in map(int, options.units.split(","))]
    worst = rows[-1]
    return Result(COLUMNS, rows, [
        Target(f"% of a core, fleetd with {worst['units']} units", worst["fleetd_max_percent"], most=0.1),
        Target(f"MiB of fleetd with {worst['units']} units", worst["fleetd_mib"], most=8),
        Target("requests to etcd a second a machine", worst["requests"], most=1),
    ])


def measure(all_machines, units, seconds):
    if units:
        load.start_fleet(all_machines, units)
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
            "fleetd_mib": max(last[1] for last in after) / 1024,
            "etcd_percent": etcd_rate("process_cpu_seconds_total") * 100,
            "etcd_mib": etcd_after["process_resident_memory_bytes"] / 2**20,
            "requests": etcd_rate("grpc_server_handled_total") / len(all_machines)}


def usages(all_machines):
    """(ticks, KiB) of each."""
    return [tuple(map(int, text.split())) for text in cluster.run_on_all(all_machines, USAGE)]
