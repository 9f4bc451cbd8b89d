"""The cluster under chaos: brought up, given its units, looked at."""

import base64
import pathlib
import subprocess
import tempfile
import threading
import time

from chaos import faults, workload
from chaos.machines import Etcd, LabError, Machine, lab, now

# A wall clock that steps under fleetd (clock.c). Not its monotonic clocks, which never step, nor the times of files. What is
# written in Go, as etcd is, asks the kernel itself and sees none of it. The guard goes by no wall clock either.
CLOCK_LIBRARY = "/usr/local/lib/chaos-clock.so"
FAKE_CLOCK = f"""
[Service]
Environment=LD_PRELOAD={CLOCK_LIBRARY}
"""
INSTALL = f"""
cat >{workload.LIFE} && chmod 755 {workload.LIFE}
echo +0 >{faults.CLOCK_FILE}
mkdir -p /etc/systemd/system/fleet.service.d /etc/systemd/system/fleet-guard.service.d
tee /etc/systemd/system/fleet-guard.service.d/clock.conf >/etc/systemd/system/fleet.service.d/clock.conf <<'EOF'{FAKE_CLOCK}EOF
systemctl daemon-reload
systemctl restart fleet.service
"""
MEMBERS = 3


def clock_library():
    """clock.c, as compiled for this host, whose /usr the machines have."""
    with tempfile.TemporaryDirectory() as folder:
        library = pathlib.Path(folder) / "clock.so"
        source = pathlib.Path(__file__).with_name("clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source], check=True)
        return base64.b64encode(library.read_bytes()).decode()


class Cluster:
    def __init__(self, machines, ttl):
        self.ttl = ttl
        self.hosts = [Machine(f"m{k}") for k in range(1, machines + 1)]
        self.etcd = Etcd(MEMBERS)
        self.units = workload.fixed_units()
        self.observations = []
        self.known_leader = self.hosts[0].name
        self.settings = ["--machines", str(machines), "--etcd", str(MEMBERS), "--conf", f"agent_ttl={ttl}s"]

    def host(self, name):
        return next(host for host in self.hosts if host.name == name)

    def observe(self, what, is_so, text):
        self.observations.append({"what": what, "ok": bool(is_so), "text": text})

    def up(self):
        """Also sets a lab right that is up: everything on, healed and resumed."""
        lab("up", *self.settings, timeout=180)

    def install(self):
        life = pathlib.Path(__file__).with_name("life.sh").read_text()
        library = clock_library()
        for host in self.hosts:
            lab("exec", host.name, "sh", "-c", f"base64 -d >{CLOCK_LIBRARY}", stdin=library)
            lab("exec", host.name, "sh", "-ec", INSTALL, stdin=life)

    def submit(self):
        for name, (text, _) in self.units.items():
            status, answer = self.hosts[0].ask("PUT", f"/units/{name}", {"desiredState": "launched", "text": text})
            if status != 201:
                raise LabError(f"{name} is refused: {answer}")

    def is_listed(self):
        try:
            return all(len(host.list("machines")) == len(self.hosts) for host in self.hosts)
        except OSError:
            return False

    def leader(self):
        """Who leads, or led when that could last be told: the store may be away."""
        try:
            leader = self.etcd.fleet_leader()
        except LabError:
            leader = None
        self.known_leader = next((host.name for host in self.hosts if host.id() == leader), self.known_leader)
        return self.known_leader

    def is_whole(self, lost=()):
        """Every fleetd answers, all machines are there, and what nobody touches runs as it should, by the cgroups;
        with `lost` machines: on the others."""
        there = [host for host in self.hosts if host.name not in lost]
        try:
            ids = {host.id() for host in there}
            for host in there:
                if not ids <= {machine["id"] for machine in host.list("machines") if machine["status"] == "running"}:
                    return False
        except OSError:
            return False
        running = {host.name: host.running() for host in there}
        return all(is_placed(name, traits, running, lost) for name, (_, traits) in self.units.items())

    def movable(self, machines):
        """How many units are there that would have to go elsewhere."""
        running = set().union(*(host.running() for host in self.hosts if host.name in machines))
        return sum(traits.get("anywhere", False) for name, (_, traits) in self.units.items() if name in running)

    def snapshot(self):
        host = self.hosts[0]
        return {"keys": self.etcd.keys(), "machines": {host.name: self.look(host) for host in self.hosts},
                "rollouts": {rollout["name"]: rollout["phase"] for rollout in host.list("rollouts")},
                "maintenance": [one["machineID"] for one in host.list("maintenance")],
                "rebalance": host.ask("GET", "/rebalance")[1]}

    def look(self, host):
        """Only what fleet could have put there."""
        files = host.unit_files()
        ours = files | set(self.units)
        stems = ("churn-", "once-", *(template.partition("@")[0] + "@" for template in workload.OPERATED))
        running = {unit for unit in host.running() if unit in ours or unit.startswith(stems)}
        return {"id": host.id(), "running": sorted(running), "files": sorted(files)}


def is_placed(name, traits, running, lost):
    places = [machine for machine, units in running.items() if name in units]
    if "machine" in traits:
        return traits["machine"] in lost or places == [traits["machine"]]
    if traits.get("global"):
        return len(places) == len(running)
    if traits.get("ends"):
        return len(places) <= 1
    if lost and ("conflicts" in traits or "guarded" in traits):
        return len(places) <= 1
    return len(places) == 1


class Watch(threading.Thread):
    """Looks again and again whether the cluster is whole, and notes when it has become so for whoever waits."""

    PERIOD = 0.25

    def __init__(self, cluster):
        super().__init__()
        self.cluster = cluster
        self.waiting = []
        self.lost = set()
        self.lock = threading.Lock()
        self.ending = threading.Event()

    def expect(self, fault, key, lost=False):
        """Notes in fault[key] the first time from now on at which the cluster is whole, lost machines aside."""
        with self.lock:
            self.waiting.append((fault, key, lost))

    def run(self):
        while not self.ending.wait(self.PERIOD):
            with self.lock:
                waiting, lost = list(self.waiting), set(self.lost)
            if waiting:
                self.look(waiting, lost)

    def look(self, waiting, lost):
        is_whole = self.cluster.is_whole()
        is_serving = is_whole or (bool(lost) and self.cluster.is_whole(lost))
        when = now()
        for entry in waiting:
            fault, key, may_lack = entry
            if is_serving if may_lack else is_whole:
                fault[key] = when
                with self.lock:
                    self.waiting.remove(entry)

    def wait(self, fault, key, seconds):
        deadline = time.monotonic() + seconds
        while fault[key] is None and time.monotonic() < deadline:
            time.sleep(0.05)

    def forget(self, fault):
        with self.lock:
            self.waiting = [entry for entry in self.waiting if entry[0] is not fault]

    def end(self):
        self.ending.set()
        self.join()
