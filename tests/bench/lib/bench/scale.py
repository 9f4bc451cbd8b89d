"""bench scale: thousands of simulated machines on one real etcd."""

import os
import statistics
import sys
import tempfile

from bench import programs
from bench.report import Result, Target

NAME = "scale"
HELP = "simulated machines, the production agents with fake unit managers, on a real engine and a real etcd"

GOGC = "400"  # of etcd, as docs/performance.md has it for thousands of machines
SMALL = (3, 10)  # what one more unit is compared with
WHAT = [("phase", "phase"), ("machines", "machines")]
TIMES = [*WHAT, ("seconds", "s"), ("units", "units"), ("units_per_s", "units/s"), ("p25_ms", "p25 ms"), ("p50_ms", "p50 ms"),
         ("p99_ms", "p99 ms"), ("lease_ms", "lease ms"), ("joined_ms", "joined ms"), ("after_ms", "after ms"),
         ("first_ms", "list ms"), ("again_ms", "again ms")]
COSTS = [*WHAT, ("etcd_ranges", "ranges"), ("etcd_txns", "txns"), ("etcd_renewals", "renewals"), ("etcd_puts", "puts"),
         ("etcd_events", "events"), ("etcd_cpu_s", "etcd cpu s"), ("etcd_fsync_ms", "fsync ms"),
         ("engine_cpu_s", "engine cpu s"), ("agents_cpu_s", "agents cpu s"), ("api_cpu_s", "api cpu s"),
         ("users_cpu_s", "users cpu s"), ("engine_rss_kib", "engine KiB"), ("watched_bytes_per_agent", "watched B/agent"),
         ("warnings", "warnings")]

# A network of its own, as the connections need more ports than there are else.
NETWORK = 'ip link set lo up; echo 1024 65535 >/proc/sys/net/ipv4/ip_local_port_range; exec "$@"'


def add_arguments(parser):
    parser.add_argument("machines", type=int)
    parser.add_argument("units", type=int)
    parser.add_argument("--ttl", type=int, default=30, help="agent_ttl in seconds (30)")
    parser.add_argument("--processes", type=int, default=16, help="that the agents are in, at most (16)")
    parser.add_argument("--rest", type=int, default=10, help="seconds in which nothing is done (10)")
    parser.add_argument("--times", type=int, default=1, help="how often all is measured; medians are shown (1)")
    parser.add_argument("--ram", action="store_true", help="etcd's data in memory: without what its disk costs")


def run(options):
    runs = [(measure(options, *SMALL), measure(options, options.machines, options.units)) for _ in range(options.times)]
    rows = [median_row(same) for same in zip(*(small + large for small, large in runs))]
    figures = zip(*(targets(phases(small), phases(large)) for small, large in runs))
    return Result(TIMES, rows, [median_target(same) for same in figures], more_columns=[COSTS])


def median_row(same):
    return {name: statistics.median(row[name] for row in same) if isinstance(value, (int, float)) else value
            for name, value in same[0].items()}


def median_target(same):
    return same[0].with_figure(statistics.median(target.figure for target in same))


def measure(options, machines, units):
    rows = []
    with tempfile.TemporaryDirectory(prefix="fleet-bench-", dir="/dev/shm" if options.ram else None,
                                     ignore_cleanup_errors=True) as folder:
        for row in programs.run("bench-scale", machines, units, options.ttl, options.processes, options.rest,
                                before=own_network(), environment={"TMPDIR": folder, "GOGC": os.environ.get("GOGC", GOGC)}):
            print(f"{machines} machines, {row['phase']}: {row['seconds']:.1f} s", file=sys.stderr, flush=True)
            rows.append(row)
    return rows


def own_network():
    rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *rights, "--net", "bash", "-ec", NETWORK, "bench"]


def phases(rows):
    return {row["phase"]: row for row in rows}


def targets(small, large):
    peak = max(row["engine_peak_kib"] for row in large.values())
    return [
        Target("units/s from submitted to reported running", large["cold-start"]["units_per_s"], least=4000),
        Target(f"one more unit, x that of {SMALL[0]} machines",
               large["one-more"]["p50_ms"] / small["one-more"]["p50_ms"], most=1.3, is_ratio=True),
        Target("MiB of the engine", peak / 1024, most=400),
        Target("ms after its lease's end until a lost machine's units run", large["machine-lost"]["after_ms"], most=1000),
        Target("ms until units are listed", large["list-units"]["again_ms"], most=1000),
        Target("ms after its lease's end until a new leader decides", large["leader-killed"]["after_ms"], most=3000),
    ]
