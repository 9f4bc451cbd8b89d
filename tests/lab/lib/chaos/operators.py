"""Operators at work while things break: one deploys versions of templates, some of which never come to be well, and keeps
more or fewer instances of them; another cordons or drains a machine for a while, and evens the load out. A request is
asked again, of this fleetd or another, until it is acknowledged; what was asked when, and what is wanted at the end, is
kept for the checker."""

import random
import time

from chaos import machines, workload
from chaos.crew import Crew

FIRST_COUNT = 3
COUNTS = (1, 5)
POLICY = {"healthySeconds": 1, "deadlineSeconds": 12}
MANAGED = ("drain", "cordon", "rebalance")
PATIENCE = 12  # seconds for the moves of a rebalance
SETTLES = 45  # seconds for a deployment to come to its end, when nothing breaks any more
ENDED = ("done", "rolled-back", "failed", "superseded")


class Operators(Crew):
    def __init__(self, hosts, seed):
        super().__init__([(random.Random(f"{seed} operator {n}"), deeds)
                          for n, deeds in enumerate(([self.deploy, self.change_scale], [self.maintain, self.rebalance]))])
        self.hosts = hosts
        self.ids = {}
        self.operations = []
        self.wanted = {template: {"count": 0, "version": 0, "good": []} for template in workload.OPERATED}

    def prepare(self):
        """Before anything breaks."""
        self.ids = {host.name: host.id() for host in self.hosts}
        for template in workload.OPERATED:
            text = self.next_version(template, "run")
            self.ask("create", template, "PUT", f"/units/{template}", {"desiredState": "inactive", "text": text})
            self.scale(template, FIRST_COUNT)

    # --- what is done ---

    def live(self, chance, deeds):
        while not self.ending.wait(chance.uniform(1, 4)):
            chance.choice(deeds)(chance)

    def next_version(self, template, verb):
        wanted = self.wanted[template]
        wanted["version"] += 1
        if verb == "run":
            wanted["good"].append(wanted["version"])
        return workload.operated_unit(wanted["version"], verb)

    def deploy(self, chance):
        """Three in four are good."""
        verb = chance.choice(["run"] * 6 + ["broken", "ill"])
        on_failure = chance.choice(["rollback", "rollback", "pause"])
        self.roll_out(chance.choice(workload.OPERATED), verb, on_failure, chance.choice([1, 2]))

    def roll_out(self, template, verb, on_failure, parallel):
        body = dict(POLICY, text=self.next_version(template, verb), onFailure=on_failure, parallel=parallel)
        self.ask("deploy", template, "PUT", f"/rollouts/{template}", body, verb=verb,
                 version=self.wanted[template]["version"])

    def change_scale(self, chance):
        self.scale(chance.choice(workload.OPERATED), chance.randint(*COUNTS))

    def scale(self, template, count):
        self.wanted[template]["count"] = count
        self.ask("scale", template, "PUT", f"/scales/{template}", {"count": count}, count=count)

    def maintain(self, chance):
        """Never two machines at a time; and between two of them all can come to be whole."""
        name, is_drained = chance.choice(self.hosts).name, chance.random() < 0.6
        operation = self.ask("drain" if is_drained else "cordon", name, "PUT", self.path_of(name), {"drain": is_drained})
        self.ending.wait(chance.uniform(3, 9))
        self.release(operation)
        self.ending.wait(5)

    def path_of(self, name):
        return f"/maintenance/{self.ids[name]}"

    def release(self, operation):
        released = self.ask("release", operation["name"], "DELETE", self.path_of(operation["name"]))
        operation["end"] = released["acked"]

    def rebalance(self, chance):
        operation = self.ask("rebalance", "", "PUT", "/rebalance", {"maxMoves": chance.choice([1, 2, 4])})
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not self.ending.wait(0.5):
            if self.look("/rebalance").get("underWay") is False:
                operation["end"] = machines.now()
                return
        self.end_rebalance(operation)

    def end_rebalance(self, operation):
        operation["end"] = self.ask("end rebalance", "", "DELETE", "/rebalance")["acked"]

    # --- asking ---

    def look(self, path):
        """What any fleetd answers; nothing if none does."""
        for host in self.hosts:
            try:
                status, answer = host.ask("GET", path, timeout=4.0)
            except OSError:
                continue
            if status == 200:
                return answer
        return {}

    def ask(self, what, name, method, path, body=None, **more):
        """Until it is acknowledged, or the operators end."""
        operation = dict(more, what=what, name=name, begin=machines.now(), acked=None, end=None, tries=0)
        self.operations.append(operation)
        self.insist(operation, lambda: self.ask_once(operation, method, path, body))
        return operation

    def ask_once(self, operation, method, path, body):
        host = self.hosts[(len(self.operations) + operation["tries"]) % len(self.hosts)]
        operation["tries"] += 1
        try:
            status, answer = host.ask(method, path, body, timeout=4.0)
        except OSError:
            return False
        if status == 503:
            return False
        if status not in (200, 201, 204) and not (status == 404 and method == "DELETE"):
            operation["refused"] = f"{status}: {answer}"
        operation["acked"] = machines.now()
        return True

    # --- the end of the day ---

    def settle(self):
        """When all is healed: what is open is closed, what was not acknowledged is asked for again, and what has
        failed is gone back from, as nobody leaves it so."""
        for operation in self.operations[:]:
            if operation["end"] is None and operation["what"] in ("drain", "cordon"):
                self.release(operation)
            elif operation["end"] is None and operation["what"] == "rebalance":
                self.end_rebalance(operation)
        for template in workload.OPERATED:
            self.settle_template(template)

    def settle_template(self, template):
        requests = [one for one in self.operations if one["name"] == template]
        deploys = [one for one in requests if one["what"] == "deploy"]
        if [one for one in requests if one["what"] == "scale"][-1]["acked"] is None:
            self.scale(template, self.wanted[template]["count"])
        if not deploys:
            return
        phase = self.await_end(template)
        if phase == "paused":
            self.ask("undo", template, "PATCH", f"/rollouts/{template}", {"action": "undo"})
            phase = self.await_end(template)
        is_good = deploys[-1]["verb"] == "run" or phase == "rolled-back"
        if deploys[-1]["acked"] is None or phase in ("failed", "superseded") or not is_good:
            self.roll_out(template, "run", "rollback", 2)

    def await_end(self, template):
        """The phase in which its deployment stays."""
        deadline = time.monotonic() + SETTLES
        phase = None
        while time.monotonic() < deadline:
            phase = self.look(f"/rollouts/{template}").get("phase") or phase
            if phase in ENDED or phase == "paused":
                break
            time.sleep(0.5)
        return phase
