"""The lab as a chaos run sees it: the verbs of tests/lab/lab, and what can be looked up without a process of its own."""

import http.client
import json
import os
import pathlib
import socket
import subprocess
import time

LAB = str(pathlib.Path(__file__).resolve().parents[2] / "lab")
PREFIX = "/_coreos.com/fleet/"


def now():
    """The clock that the units' processes read from /proc/uptime; all machines share it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class LabError(Exception):
    pass


def lab(*args, stdin="", timeout=120):
    """Runs a verb of the lab; what it printed."""
    done = subprocess.run([LAB, *args], input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode != 0:
        raise LabError(f"lab {' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout):
        super().__init__("fleet", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def lab_folder():
    return pathlib.Path(os.environ.get("FLEET_LAB_DIR", "/run/fleet-lab")).resolve()


class Machine:
    def __init__(self, name):
        self.name = name
        self.disk = lab_folder() / "mem" / name / "upper"

    def id(self):
        return (self.disk / "etc/machine-id").read_text().strip()

    def pid1(self):
        """The host's id of the machine's systemd, None while it is off."""
        try:
            nspawn, start = (lab_folder() / "proc" / self.name).read_text().split()
            if stat_fields(nspawn)[19] != start:
                return None
            children = pathlib.Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split()
            return next((pid for pid in children if is_systemd(pid)), None)
        except (OSError, ValueError):
            return None

    def ask(self, method, path, body=None, timeout=2.0):
        """What its fleetd answers, as (status, JSON); OSError if it does not."""
        pid = self.pid1()
        if pid is None:
            raise OSError(f"{self.name} is off")
        connection = Connection(f"/proc/{pid}/root/run/fleet.sock", timeout)
        try:
            connection.request(method, "/fleet/v1" + path, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def list(self, what):
        """All pages of machines, units or states; OSError if there is no answer or an error."""
        entries, token = [], ""
        key = {"state": "states"}.get(what, what)
        while True:
            status, page = self.ask("GET", f"/{what}?nextPageToken={token}" if token else f"/{what}")
            if status != 200:
                raise OSError(f"{self.name}: {page}")
            entries += page.get(key) or []
            token = page.get("nextPageToken")
            if not token:
                return entries

    def running(self):
        """The services in which there are processes: what systemd's cgroups hold, whoever knows of it."""
        top = self.cgroup()
        if top is None:
            return set()
        return {os.path.basename(folder) for folder, _, files in os.walk(top)
                if folder.endswith(".service") and "cgroup.procs" in files and has_processes(folder)}

    def cgroup(self):
        pid = self.pid1()
        try:
            lines = pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        except OSError:
            return None
        paths = {line.split(":")[1]: line.split(":", 2)[2] for line in lines}
        for root, controller in (("/sys/fs/cgroup/unified", ""), ("/sys/fs/cgroup", ""),
                                 ("/sys/fs/cgroup/systemd", "name=systemd")):
            path = root + os.path.dirname(paths.get(controller, "/none/none")) + "/system.slice"
            if os.path.isdir(path):
                return path
        return None

    def unit_files(self):
        pid = self.pid1()
        try:
            return set(os.listdir(f"/proc/{pid}/root/run/fleet/units"))
        except OSError:
            return set()


def stat_fields(pid):
    """The fields of /proc/PID/stat from the state on; the name before it may hold anything."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def is_systemd(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text() == "systemd\n"
    except OSError:
        return False


def has_processes(folder):
    try:
        return bool(pathlib.Path(folder, "cgroup.procs").read_text().strip())
    except OSError:
        return False


class Etcd:
    """The store, asked as etcdctl does, from within the lab's network."""

    def __init__(self, members):
        self.members = range(1, members + 1)

    def url(self, member):
        return f"http://10.77.0.{10 + member}:2379"

    def ctl(self, *args, members=None, timeout="3s"):
        urls = ",".join(self.url(member) for member in members or self.members)
        command = ["nsenter", f"--net=/run/netns/{lab_name()}", "env", "ETCDCTL_API=3", "etcdctl",
                   f"--endpoints={urls}", f"--command-timeout={timeout}", "--dial-timeout=1s", *args]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise LabError(f"etcdctl {' '.join(args)}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def keys(self):
        return [line[len(PREFIX):] for line in self.ctl("get", "--prefix", PREFIX, "--keys-only").split()]

    def fleet_leader(self):
        """The id of the machine whose engine leads, None if nobody does."""
        text = self.ctl("get", "--print-value-only", PREFIX + "leader").strip()
        return json.loads(text)["machineID"] if text else None

    def status(self, member):
        """(id, id of the leader) as that member sees it."""
        answer = json.loads(self.ctl("endpoint", "status", "--write-out=json", members=[member]))[0]["Status"]
        return answer["header"]["member_id"], answer.get("leader", 0)

    def leader(self):
        """The number of the member that leads."""
        seen = {}
        for member in self.members:
            try:
                seen[member] = self.status(member)
            except (LabError, LookupError, subprocess.TimeoutExpired):
                continue
        for member, (own, leader) in seen.items():
            if own == leader:
                return member
        raise LabError("no etcd member leads")

    def move_leader(self, target):
        """Lets another member lead, as etcd's own operators do."""
        own, _ = self.status(target)
        self.ctl("move-leader", f"{own:x}", members=[self.leader()])


def lab_name():
    folder = str(lab_folder())
    if folder == "/run/fleet-lab":
        return "fleet-lab"
    done = subprocess.run(["cksum"], input=folder, capture_output=True, text=True, check=True)
    return "fleet-lab-" + done.stdout.split()[0]
