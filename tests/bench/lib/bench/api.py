"""bench api: requests a second and latency of each route under wrk."""

import re
import shutil
import tempfile

from bench import cluster, load
from bench.report import Result, Target, Wrong

NAME = "api"
HELP = "requests a second and latency of the API's routes, under wrk"

# wrk speaks TCP only, so the API listens there as well, in the lab's network.
LISTEN = r"""
mkdir -p /run/systemd/system/fleet.socket.d
printf '[Socket]\nListenStream=10.77.0.101:49153\n' >/run/systemd/system/fleet.socket.d/bench.conf
systemctl stop fleet.socket fleet.service && systemctl daemon-reload && systemctl start fleet.socket fleet.service
"""
URL = "http://10.77.0.101:49153"
UNIT = "/fleet/v1/units/fleet@1.service"
ROUTES = (
    ("GET", UNIT, None),
    ("GET", "/fleet/v1/state/fleet@1.service", None),
    ("GET", "/fleet/v1/units", None),
    ("GET", "/fleet/v1/state", None),
    ("GET", "/fleet/v1/machines", None),
    ("GET", "/fleet/v1/discovery", None),
    ("GET", "/metrics", None),
    ("PUT", UNIT, '{"desiredState":"launched"}'),  # as it is already: read from the store, and not written
)
COLUMNS = [("route", "route"), ("requests_per_s", "requests/s"), ("p50_ms", "p50 ms"), ("p99_ms", "p99 ms"),
           ("core_percent", "fleetd % of a core"), ("per_core_s", "requests/s of a core")]
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


def add_arguments(parser):
    parser.add_argument("--units", type=int, default=102, help="that there are, a multiple of three (102)")
    parser.add_argument("--seconds", type=int, default=10, help="for each route (10)")
    parser.add_argument("--connections", type=int, default=32, help="at a time (32)")


def run(options):
    if not shutil.which("wrk"):
        raise Wrong("there is no wrk: tests/deps")
    with cluster.lab() as all_machines:
        cluster.run_on_all(all_machines, load.PUT_TEMPLATES, cluster.SLEEPER)
        load.start_fleet(all_machines, options.units)
        cluster.run(all_machines[0], LISTEN)
        rows = [measure(all_machines[0], options, *route) for route in ROUTES]
    return Result(COLUMNS, rows, [Target("requests/s of one unit, on one core", rows[0]["per_core_s"], least=10_000)])


def measure(machine, options, method, path, body):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(lua(method, body))
        script.flush()
        before = ticks(machine)
        text = cluster.net_output("wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--latency",
                                  "-s", script.name, URL + path)
        used = (ticks(machine) - before) / 100
    return {"route": f"{method} {path}", **read(text, used)}


def lua(method, body):
    lines = [f'wrk.method = "{method}"']
    if body:
        lines += [f"wrk.body = [[{body}]]", 'wrk.headers["Content-Type"] = "application/json"']
    return "\n".join(lines)


def ticks(machine):
    return int(cluster.run(machine, 'pid=$(systemctl show -p MainPID --value fleet.service); read -r line <"/proc/$pid/stat"; '
                                    'set -- ${line##*) }; echo $((${12} + ${13}))'))


def read(text, cpu_seconds):
    """What wrk prints. Anything but success is no figure."""
    if re.search(r"Non-2xx|Socket errors", text):
        raise Wrong(f"requests failed under wrk: {text}")
    count, took = re.search(r"(\d+) requests in ([\d.]+)s", text).groups()
    quantiles = {name: float(value) * UNITS[unit] for name, value, unit in re.findall(r"(\d\d)% +([\d.]+)(us|ms|s|m)", text)}
    return {"requests_per_s": int(count) / float(took), "p50_ms": quantiles["50"], "p99_ms": quantiles["99"],
            "core_percent": cpu_seconds / float(took) * 100, "per_core_s": int(count) / max(cpu_seconds, 0.01)}
