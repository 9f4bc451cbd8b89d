"""bench bulk, destroy and failover: many units over three machines."""

import base64
import json
import statistics
import time

from chaos import machines

from bench import cluster
from bench.report import Result, Target, Wrong, spread

FLEET, DIRECT = "fleet@.service", "direct@.service"
PUT_TEMPLATES = r"""
printf '%s' "$1" >/tmp/fleet@.service
mkdir -p /run/systemd/system && printf '%s' "$1" >/run/systemd/system/direct@.service
"""
NAMES = 'for ((i = 1; i <= $1; i++)); do names+=("$name@$i.service"); done'
FLEETCTL_START = f'cd /tmp; name=fleet; {NAMES}; fleetctl start "${{names[@]}}"'
SYSTEMCTL_START = f'name=direct; {NAMES}; systemctl start "${{names[@]}}"'
FLEETCTL_DESTROY = "fleetctl destroy 'fleet@*.service'"
SYSTEMCTL_STOP = "systemctl stop 'direct@*.service'"
COLUMNS = [("what", "what"), ("units", "units"), ("seconds", "s"), ("units_per_s", "units/s")]


def seconds(function, *args):
    begun = time.monotonic()
    function(*args)
    return time.monotonic() - begun


def row(what, units, took):
    return {"what": what, "units": units, "seconds": took, "units_per_s": units / took}


def share(units, all_machines):
    cluster.expect(units % len(all_machines) == 0, f"so many units must be a multiple of {len(all_machines)}")
    return units // len(all_machines)


def start_direct(all_machines, units):
    """The same number on each machine by systemctl, at the same time."""
    took = seconds(cluster.run_on_all, all_machines, SYSTEMCTL_START, share(units, all_machines))
    active = cluster.count_active(all_machines, "direct@*")
    cluster.expect(active == units, f"{active} of {units} units run after systemctl start")
    return took


def start_fleet(all_machines, units):
    took = seconds(cluster.run, all_machines[0], FLEETCTL_START, units)
    active = cluster.count_active(all_machines, "fleet@*")
    cluster.expect(active == units, f"{active} of {units} units run after fleetctl start")
    return took


def stop_direct(all_machines):
    took = seconds(cluster.run_on_all, all_machines, SYSTEMCTL_STOP)
    cluster.expect(cluster.count_active(all_machines, "direct@*") == 0, "units run after systemctl stop")
    return took


def destroy_fleet(all_machines):
    """What is destroyed must be gone from the list, and from the machines, when fleetctl returns."""
    took = seconds(cluster.run, all_machines[0], FLEETCTL_DESTROY)
    listed = cluster.run(all_machines[0], "fleetctl list-units --no-legend; fleetctl list-unit-files --no-legend")
    cluster.expect(not listed, f"fleetctl destroy leaves units behind: {listed[:200]}")
    cluster.expect(cluster.count_active(all_machines, "fleet@*") == 0, "units run after fleetctl destroy")
    return took


def add_arguments(parser, units):
    parser.add_argument("units", type=int, nargs="?", default=units, help=f"a multiple of three ({units})")
    parser.add_argument("--times", type=int, default=3, help="that each is measured, in turn; medians count (3)")


def compare(options, direct, fleet, target, most):
    """Both in turn; each is what it is called, and what does it. target: what the ratio is of."""
    took = ([], [])
    with cluster.lab() as all_machines:
        cluster.run_on_all(all_machines, PUT_TEMPLATES, cluster.SLEEPER)
        for _ in range(options.times):
            for times, (_, run) in zip(took, (direct, fleet)):
                times.append(run(all_machines, options.units))
    medians = [statistics.median(times) for times in took]
    rows = [{**row(what, options.units, median), "samples": times}
            for (what, _), median, times in zip((direct, fleet), medians, took)]
    return Result(COLUMNS, rows, [Target(f"{options.units} {target}", medians[1] / medians[0], most=most, is_ratio=True)])


class Bulk:
    NAME = "bulk"
    HELP = "time to start N instances over three machines, against systemctl on each of them"

    def add_arguments(self, parser):
        add_arguments(parser, 501)

    def run(self, options):
        return compare(options, ("systemctl start, on each", self.direct), ("fleetctl start", self.fleet),
                       "started, x systemctl", most=1.5)

    def direct(self, all_machines, units):
        took = start_direct(all_machines, units)
        stop_direct(all_machines)
        return took

    def fleet(self, all_machines, units):
        took = start_fleet(all_machines, units)
        destroy_fleet(all_machines)
        return took


class Destroy:
    NAME = "destroy"
    HELP = "time to destroy N instances on three machines, against systemctl stop on each of them"

    def add_arguments(self, parser):
        add_arguments(parser, 99)

    def run(self, options):
        return compare(options, ("systemctl stop, on each", self.direct), ("fleetctl destroy", self.fleet),
                       "destroyed, x systemctl stop", most=2.0)

    def direct(self, all_machines, units):
        start_direct(all_machines, units)
        return stop_direct(all_machines)

    def fleet(self, all_machines, units):
        start_fleet(all_machines, units)
        return destroy_fleet(all_machines)


# --- power cuts ---


class Failover:
    NAME = "failover"
    HELP = "time from a power cut until the units run elsewhere, and from the end of the lease"
    LOSES = "m3"

    def add_arguments(self, parser):
        parser.add_argument("units", type=int, nargs="?", default=30, help="a multiple of three (30)")
        parser.add_argument("--times", type=int, default=3, help="power cuts (3)")
        parser.add_argument("--ttl", type=int, default=5, help="agent_ttl in seconds (5)")

    def run(self, options):
        cuts = []
        with cluster.lab(conf=[f"agent_ttl={options.ttl}s"]) as all_machines:
            cluster.run_on_all(all_machines, PUT_TEMPLATES, cluster.SLEEPER)
            for _ in range(options.times):
                start_fleet(all_machines, options.units)
                cuts.append(self.cut(all_machines, options.units))
                machines.lab("boot", self.LOSES)
                machines.lab("up", "--machines", "3", "--conf", f"agent_ttl={options.ttl}s")
                cluster.run(all_machines[-1], PUT_TEMPLATES, cluster.SLEEPER)
                destroy_fleet(all_machines)
        rows = [{"what": what, **spread([cut[what] for cut in cuts])} for what in cuts[0]]
        worst = max(cut["from the end of the lease"] for cut in cuts)
        columns = [("what", "ms until the units run elsewhere"), ("n", "n"), ("min", "min"), ("p50", "median"), ("max", "max")]
        return Result(columns, rows, [Target("ms from the end of the lease, at worst", worst, most=500)])

    def cut(self, all_machines, units):
        lost = all_machines[-1]
        lost_id = lost.id()
        moving = {entry["name"] for entry in all_machines[0].list("state") if entry["machineID"] == lost_id}
        cluster.expect(moving, f"no unit is on {lost.name}")
        with cluster.watching() as answers:
            begun = time.monotonic()
            machines.lab("kill", lost.name)
            expired, running = follow(answers, lost_id, moving)
        active = cluster.count_active(all_machines[:-1], "fleet@*")
        cluster.expect(active == units, f"{active} of {units} units run after a power cut")
        return {"from the power cut": (running - begun) * 1000, "from the end of the lease": (running - expired) * 1000}


def follow(answers, lost_id, moving):
    """When the machine's presence went, and when the last of the units was reported running elsewhere."""
    expired, missing = None, set(moving)
    for answer in answers:
        for event in answer.get("Events") or []:
            kind, name, value = read_event(event)
            if kind == f"machine/{lost_id}" and value is None:
                expired = time.monotonic()
            elif kind.startswith("state/") and lost_id not in kind and value and value.get("active") == "active":
                missing.discard(name)
        if expired and not missing:
            return expired, time.monotonic()
    raise Wrong("the watch ended")


def read_event(event):
    """Key without prefix, the last part of it, and the value; None when it was deleted."""
    key = base64.b64decode(event["kv"]["key"]).decode()[len(machines.PREFIX):]
    value = base64.b64decode(event["kv"].get("value", "")).decode()
    return key, key.rpartition("/")[2], json.loads(value) if value.startswith("{") else None


BULK, DESTROY, FAILOVER = Bulk(), Destroy(), Failover()
