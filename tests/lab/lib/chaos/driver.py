"""One run: the faults of the plan, one group after the other, while users are at work; then peace, and what came out."""

import time

from chaos import faults, history, judge, plan
from chaos.cluster import Cluster, Watch
from chaos.machines import LabError, lab, lab_folder, now
from chaos.operators import Operators
from chaos.users import Users

RECOVER_SECONDS = 60


class Driver:
    def __init__(self, options, say):
        self.options, self.say = options, say
        self.cluster = Cluster(options.machines, options.ttl)
        self.watch = Watch(self.cluster)
        self.users = Users(self.cluster.hosts, options.seed)
        self.operators = Operators(self.cluster.hosts, options.seed)
        self.faults = []
        self.begin = now()

    def run(self):
        """The run as the checker takes it."""
        self.prepare()
        try:
            for group in plan.plan(self.options.seed, self.options.faults, [host.name for host in self.cluster.hosts],
                                   [1, 2, 3]):
                self.do_group(group)
                if self.faults[-1]["back"] is None:
                    break
        finally:
            self.watch.end()
            self.operators.end()
            self.users.end()
        return self.finish()

    def prepare(self):
        self.cluster.up()
        self.cluster.install()
        self.watch.start()
        calm = {"whole": None}
        try:
            faults.wait_for(30, self.cluster.is_listed)
            self.cluster.submit()
            self.watch.expect(calm, "whole")
            self.watch.wait(calm, "whole", 60)
            if calm["whole"] is None:
                raise LabError("the units do not all run before the first fault")
            self.operators.prepare()
        except BaseException:
            self.watch.end()
            raise
        self.users.begin()
        self.operators.begin()

    def do_group(self, group):
        """Each begins a moment after the one before it, and is undone when its own time is over."""
        pending = []
        self.cluster.leader()
        for step in group:
            self.rest(pending, now() + step["after"])
            pending.append(self.do(step, overlaps=len(group) > 1))
        self.rest(pending, float("inf"))
        for fault in self.faults[-len(group):]:
            self.watch.wait(fault, "back", RECOVER_SECONDS)
            self.watch.forget(fault)
            self.tell(fault)

    def rest(self, pending, until):
        """Sleeps, and undoes what is due meanwhile."""
        while pending and min(fault["due"] for fault in pending) <= until:
            fault = min(pending, key=lambda fault: fault["due"])
            time.sleep(max(0, fault["due"] - now()))
            pending.remove(fault)
            self.undo(fault)
        if until != float("inf"):
            time.sleep(max(0, until - now()))

    def do(self, step, overlaps):
        kind = faults.BY_NAME[step["kind"]]
        fault = {"kind": kind.name, "effect": kind.effect, "overlaps": overlaps, "begin": now(), "done": None, "undo": None,
                 "undone": None, "moved": None, "back": None, "targets": [], "had": 0}
        self.faults.append(fault)
        try:
            fault["targets"] = self.find_targets(kind, step["targets"])
            self.say(f"{self.clock()} {kind.name} {' '.join(fault['targets'])}")
            fault["had"] = self.cluster.movable(fault["targets"])
            fault["begin"] = now()
            kind.do(self.cluster, fault["targets"])
        except (LabError, OSError) as error:
            fault["error"] = str(error)
        fault["done"] = now()
        fault["due"] = fault["done"] + step["hold"]
        if kind.effect:
            self.watch.lost |= set(fault["targets"])
            if fault["had"]:
                self.watch.expect(fault, "moved", lost=True)
        return fault

    def find_targets(self, kind, targets):
        if kind.target == "leader":
            return [self.cluster.leader()]
        return [str(self.cluster.etcd.leader())] if kind.target == "etcd-leader" else targets

    def undo(self, fault):
        kind = faults.BY_NAME[fault["kind"]]
        fault["undo"] = now()
        try:
            kind.undo(self.cluster, fault["targets"])
        except (LabError, OSError) as error:
            fault["error"] = str(error)
        if kind.effect:
            self.watch.lost -= set(fault["targets"])
        fault["undone"] = now()
        self.watch.expect(fault, "back")

    def tell(self, fault):
        words = [f"for {fault['undone'] - fault['done']:.1f} s"] if fault["undone"] - fault["done"] > 0.1 else []
        if fault["moved"] is not None and fault["moved"] < fault["undo"]:
            words.append(f"its units ran elsewhere after {fault['moved'] - fault['begin']:.1f} s")
        if fault["back"] is not None:
            words.append(f"whole after {fault['back'] - fault['undo']:.1f} s")
        else:
            words.append(f"NOT WHOLE after {RECOVER_SECONDS} s")
        self.say(f"{self.clock()}   {fault['kind']}: {', '.join(words + [fault.get('error', '')]).rstrip(', ')}")

    def clock(self):
        return f"[{now() - self.begin:6.1f} s]"

    def finish(self):
        """Everything healed, every open request settled; then all is as wanted within a bound, or never."""
        self.say(f"{self.clock()} everything is healed")
        try:
            self.cluster.up()
        except LabError as error:
            self.cluster.observe("the lab can be set right", False, str(error))
        self.users.settle()
        self.operators.settle()
        snapshot = self.converge()
        lives = [life for host in self.cluster.hosts
                 for life in history.read_lives(host.name, host.disk / "var/log/life")]
        return {
            "seed": self.options.seed, "ttl": self.options.ttl, "begin": self.begin, "end": now(),
            "units": {name: traits for name, (_, traits) in self.cluster.units.items()},
            "requests": self.users.requests, "wanted": self.users.wanted, "faults": self.faults,
            "operations": self.operators.operations, "operated": self.operators.wanted,
            "observations": self.cluster.observations, "snapshot": snapshot,
            "lives": history.end_by_power_cuts(lives, self.faults),
        }

    def converge(self):
        started, units = now(), {name: traits for name, (_, traits) in self.cluster.units.items()}
        while True:
            try:
                snapshot = self.cluster.snapshot()
                if judge.is_at_rest(snapshot, units, self.users.wanted, self.operators.wanted):
                    break
            except (LabError, OSError):
                snapshot = {"keys": [], "machines": {}, "rollouts": {}, "maintenance": [], "rebalance": {}}
            if now() - started > judge.CONVERGE:
                break
            time.sleep(0.25)
        self.say(f"{self.clock()} looked for peace for {now() - started:.1f} s")
        return snapshot


def save_logs(machines, members, folder):
    """What explains a violation: each fleetd's journal, each etcd's output."""
    for name in machines:
        try:
            (folder / f"{name}.log").write_text(lab("logs", name))
        except (LabError, OSError):
            continue  # a lab that did not come up has none
    for member in members:
        source = lab_folder() / "log" / f"etcd{member}"
        if source.exists():
            (folder / f"etcd{member}.log").write_text(source.read_text(errors="replace"))
