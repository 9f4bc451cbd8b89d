"""What can go wrong: a table of kinds, each with how it is done and undone, and what it means for the machine."""

import dataclasses
import subprocess
import time
import typing

from chaos.machines import LAB, LabError, lab

CLOCK_FILE = "/etc/chaos-clock"


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    target: str  # machine, leader, machines (all); member, etcd-leader, two members; "" for none
    effect: str  # off: nothing runs there; away: the others cannot see it, its units run on; clone: off, and more; ""
    hold: tuple  # for how many seconds, at least and at most; (0, 0): it undoes itself
    do: typing.Callable
    undo: typing.Callable


def verbs(*args):
    """A fault that is one verb of the lab on each target."""
    return lambda _cluster, targets: [lab(*args, target) for target in targets]


def nothing(_cluster, _targets):
    pass


def inside(*command):
    return lambda _cluster, targets: [lab("exec", target, *command) for target in targets]


def set_clock(offset):
    def act(_cluster, targets):
        for target in targets:
            lab("exec", target, "sh", "-c", f"echo {offset} >{CLOCK_FILE}")
    return act


def start_fleetd(_cluster, targets):
    """Together: the last to start must not wait for a boot's worth of the others."""
    for running in [subprocess.Popen([LAB, "fleetd", "start", target]) for target in targets]:
        running.wait(timeout=60)


def kill_together(_cluster, targets):
    for running in [subprocess.Popen([LAB, "fleetd", "kill", target]) for target in targets]:
        running.wait(timeout=60)


def free_etcd(_cluster, targets):
    """A member that found no room may have ended."""
    for target in targets:
        lab("etcd", "free", target)
        lab("etcd", "start", target)


def move_etcd_leader(cluster, _targets):
    leader = cluster.etcd.leader()
    cluster.etcd.move_leader(leader % len(cluster.etcd.members) + 1)


def boot_clone(cluster, targets):
    """Another machine's id, as on a cloned disk. It is off, or the journal would keep the old id in mind. The place
    of the other one is not free while its fleetd is stopped."""
    host = cluster.host(targets[0])
    other = next(other for other in cluster.hosts if other is not host)
    lab("shutdown", host.name)
    cluster.kept_id = host.id()
    (host.disk / "etc/machine-id").write_text(other.id() + "\n")
    boot = subprocess.Popen([LAB, "boot", host.name], stderr=subprocess.DEVNULL)
    refused = wait_for(40, lambda: "Refused: a machine with this id" in lab("logs", host.name))
    cluster.observe("a machine with another's id is refused", refused, f"{host.name} with the id of {other.name}")
    cluster.booting = boot
    cluster.cloned = other
    lab("fleetd", "stop", other.name)


def end_clone(cluster, targets):
    host = cluster.host(targets[0])
    lab("fleetd", "start", cluster.cloned.name)
    lab("kill", host.name)
    cluster.booting.wait(timeout=60)
    (host.disk / "etc/machine-id").write_text(cluster.kept_id + "\n")
    lab("boot", host.name)


def wait_for(seconds, condition):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return True
        except LabError:
            pass
        time.sleep(0.3)
    return False


KINDS = [
    Kind("power cut", "machine", "off", (3, 10), verbs("kill"), verbs("boot")),
    Kind("power cut of the leader", "leader", "off", (3, 10), verbs("kill"), verbs("boot")),
    Kind("clean shutdown", "machine", "off", (2, 6), verbs("shutdown"), verbs("boot")),
    Kind("machine cut off", "machine", "away", (2, 14), verbs("cut"), verbs("heal")),
    Kind("leader cut off", "leader", "away", (2, 14), verbs("cut"), verbs("heal")),
    Kind("fleetd cut off from etcd", "machine", "away", (2, 14), verbs("fleetd", "cut"), verbs("fleetd", "heal")),
    Kind("fleetd killed", "machine", "", (0, 0), verbs("fleetd", "kill"), nothing),
    Kind("fleetd of the leader killed", "leader", "", (0, 0), verbs("fleetd", "kill"), nothing),
    Kind("fleetd paused", "machine", "away", (2, 14), verbs("fleetd", "pause"), verbs("fleetd", "resume")),
    Kind("fleetd of the leader paused", "leader", "away", (2, 14),
         verbs("fleetd", "pause"), verbs("fleetd", "resume")),
    Kind("guard killed", "machine", "", (0, 0),
         inside("sh", "-c", "systemctl kill --signal KILL fleet-guard.service || true"), nothing),
    Kind("fleetd stopped", "machine", "", (5, 14), verbs("fleetd", "stop"), verbs("fleetd", "start")),
    Kind("fleetd restarted", "machine", "", (0, 0), inside("systemctl", "restart", "fleet.service"), nothing),
    Kind("every fleetd killed", "machines", "", (0, 0), kill_together, nothing),
    Kind("every fleetd stopped", "machines", "", (5, 14), verbs("fleetd", "stop"), start_fleetd),
    Kind("/run/fleet full", "machine", "", (4, 10), verbs("fleetd", "fill"), verbs("fleetd", "free")),
    Kind("clock an hour forward", "machine", "", (3, 8), set_clock("+3600"), set_clock("+0")),
    Kind("clock an hour back", "machine", "", (3, 8), set_clock("-3600"), set_clock("+0")),
    Kind("dbus-daemon restarted", "machine", "", (0, 0), inside("systemctl", "restart", "dbus.service"), nothing),
    Kind("systemd re-executed", "machine", "", (0, 0), inside("systemctl", "daemon-reexec"), nothing),
    Kind("duplicated machine id", "machine", "clone", (2, 9), boot_clone, end_clone),
    Kind("etcd member killed", "member", "", (3, 8), verbs("etcd", "kill"), verbs("etcd", "start")),
    Kind("etcd leader killed", "etcd-leader", "", (3, 8), verbs("etcd", "kill"), verbs("etcd", "start")),
    Kind("etcd leader paused", "etcd-leader", "", (3, 12), verbs("etcd", "pause"), verbs("etcd", "resume")),
    Kind("etcd member cut off", "member", "", (3, 12), verbs("etcd", "cut"), verbs("etcd", "heal")),
    Kind("etcd leader cut off", "etcd-leader", "", (3, 12), verbs("etcd", "cut"), verbs("etcd", "heal")),
    Kind("etcd leader moved", "", "", (0, 0), move_etcd_leader, nothing),
    Kind("etcd quorum killed", "two members", "", (6, 16), verbs("etcd", "kill"), verbs("etcd", "start")),
    Kind("etcd quorum cut off", "two members", "", (6, 16), verbs("etcd", "cut"), verbs("etcd", "heal")),
    Kind("etcd quorum paused", "two members", "", (6, 16), verbs("etcd", "pause"), verbs("etcd", "resume")),
    Kind("etcd's disk full", "etcd-leader", "", (4, 10), verbs("etcd", "fill"), free_etcd),
]
BY_NAME = {kind.name: kind for kind in KINDS}


def touches(kind):
    """What two faults at the same time must not both touch. A clone wants to be told that it is one: it has to have
    a store that answers."""
    if kind.effect == "clone":
        return {"machines", "store"}
    return {"machines"} if kind.target in ("machine", "leader", "machines") else {"store"}
