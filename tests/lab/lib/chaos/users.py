"""Users who start, stop, replace and destroy units while things break. A request is asked again, of this fleetd or
another, until it is acknowledged; what was asked when, and what is wanted at the end, is kept for the checker."""

import random
import threading

from chaos import machines, workload
from chaos.crew import Crew

PUT_STATES = {"start": "launched", "load": "loaded", "stop": "inactive"}


class Users(Crew):
    def __init__(self, hosts, seed):
        super().__init__([(random.Random(f"{seed} user {n}"), units, n)
                          for n, units in enumerate((workload.CHURNED[:4], workload.CHURNED[4:]))])
        self.hosts = hosts
        self.requests = []
        self.wanted = {}
        self.versions = {}
        self.unsure = set()
        self.lock = threading.Lock()

    def live(self, chance, units, n):
        once = 0
        while not self.ending.wait(chance.uniform(0.3, 1.5)):
            if chance.random() < 0.1:
                once += 1
                self.once(f"once-{n}-{once}.service")
            elif once > 2 and chance.random() < 0.1:
                self.destroy(f"once-{n}-{chance.randrange(1, once - 1)}.service", chance)
            else:
                self.step(chance, chance.choice(units))

    def step(self, chance, unit):
        state = self.wanted.get(unit, {}).get("state")
        if state is None:
            self.put(unit, "replace", "launched", chance)
        else:
            action = chance.choice(["start", "start", "stop", "load", "replace", "replace", "destroy"])
            if action == "destroy":
                self.destroy(unit, chance)
            elif action == "replace":
                self.put(unit, "replace", "launched", chance)
            else:
                self.put(unit, action, PUT_STATES[action], chance)

    def once(self, unit):
        body = {"desiredState": "launched", "text": workload.once_unit(unit)}
        self.ask(unit, "once", "PUT", body, {"state": "launched", "version": 1})

    def put(self, unit, action, state, chance=None):
        body = {"desiredState": state}
        version = self.versions.get(unit, 0)
        if action == "replace":
            version = self.versions[unit] = version + 1
            body["text"] = workload.churned_unit(unit, version)
        self.ask(unit, action, "PUT", body, {"state": state, "version": version}, chance)

    def destroy(self, unit, chance=None):
        self.ask(unit, "destroy", "DELETE", None, {"state": None, "version": 0}, chance)

    def ask(self, unit, action, method, body, wanted, chance=None):
        """Until it is acknowledged, or the users end. An answer that never came leaves it open what took effect."""
        request = {"unit": unit, "action": action, "begin": machines.now(), "acked": None, "tries": 0}
        with self.lock:
            self.requests.append(request)
        self.wanted[unit] = wanted
        self.insist(request, lambda: self.ask_once(request, unit, method, body, chance))

    def ask_once(self, request, unit, method, body, chance=None):
        host = chance.choice(self.hosts) if chance else self.hosts[request["tries"] % len(self.hosts)]
        request["tries"] += 1
        try:
            status, answer = host.ask(method, f"/units/{unit}", body, timeout=4.0)
        except OSError:
            self.unsure.add(unit)
            return False
        if status in (201, 204) or (status == 404 and method == "DELETE"):
            request["acked"] = machines.now()
            return True
        if status != 503:
            request["refused"] = f"{status}: {answer}"
            return True
        self.unsure.add(unit)
        return False

    def settle(self):
        """Asks once more for what is wanted of each unit of which a request may have taken effect late."""
        for unit in sorted(self.unsure):
            wanted = self.wanted[unit]
            if wanted["state"] is None:
                self.ask(unit, "destroy", "DELETE", None, wanted)
            else:
                text = (workload.once_unit(unit) if unit.startswith("once-")
                        else workload.churned_unit(unit, wanted["version"]))
                self.ask(unit, "settle", "PUT", {"desiredState": wanted["state"], "text": text}, wanted)
