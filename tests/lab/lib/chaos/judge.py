"""The checker: pure. It holds what really ran against what was asked for and what was done to the machines.

A run is a dict: units (what is expected of each that no user touches), requests, wanted, operations and operated (what an
operator did, and wants of templates), faults, observations, lives, snapshot (all at the end), begin, ttl. Each rule yields
sentences; every one of them is a violation."""

import collections

from chaos import operators, workload

SLACK = 1.0  # seconds: between what happened and when it was looked at
LATE = 12.0  # seconds in which what users asked for is carried out after a fault is over
CONVERGE = 60.0


class Run:
    """A run with what several rules look up."""

    def __init__(self, data):
        self.data = data
        self.units, self.faults, self.ttl = data["units"], data["faults"], data["ttl"]
        self.operations = data["operations"]
        self.lives = sorted(data["lives"], key=lambda life: life["start"])
        self.by_unit = collections.defaultdict(list)
        for life in self.lives:
            self.by_unit[life["unit"]].append(life)

    def windows(self, machine, effects=("off", "away", "clone")):
        """When a machine was lost to the others: the faults that did so."""
        return [fault for fault in self.faults
                if fault["effect"] in effects and (machine is None or machine in fault["targets"])]

    def place_before(self, life):
        """The machine on which the unit had run before."""
        before = [other["machine"] for other in self.by_unit[life["unit"]] if other["start"] < life["start"]]
        return before[-1] if before else None

    def is_managed(self, machine, when):
        """Whether units may have left that machine as its operator wants so. What was begun is carried out: after a fault
        that comes between, too."""
        return any(one["begin"] <= when <= managed_until(self, one) for one in self.operations
                   if one["what"] == "rebalance" or (one["what"] == "drain" and one["name"] == machine))

    def fixed_lives(self):
        return [(life, self.units[life["unit"]]) for life in self.lives if life["unit"] in self.units]


def over(fault):
    """When the cluster was whole again after it; it may never have been."""
    return fault["back"] + SLACK if fault["back"] is not None else float("inf")


def during(fault, when, late=0.0):
    return fault["begin"] <= when <= over(fault) + late


def managed_until(run, operation):
    end = (operation["end"] if operation["end"] is not None else float("inf")) + LATE
    return put_off(run, operation["begin"], end)


def put_off(run, begin, end):
    """When what takes from begin to end at the latest is done, if more breaks meanwhile."""
    between = [over(fault) + LATE for fault in run.faults if fault["begin"] <= end and begin <= over(fault)]
    return max([end, *between])


def was_long(fault, ttl):
    """Long enough that a lease, which is renewed every third of its time, may have run out."""
    return fault["undone"] - fault["begin"] >= ttl * 2 / 3 - SLACK


def tell(life):
    return f"{life['unit']} on {life['machine']}"


def ends_have_reasons(run):
    for life, traits in run.fixed_lives():
        if life["end"] is None or life["how"] == "power cut" or (traits.get("ends") and life["how"] == "exit"):
            continue
        if not any(explains_end(run, fault, life, traits) for fault in run.faults) and \
                not may_be_moved(run, traits, life["machine"], life["end"]):
            yield f"{tell(life)} ended at {life['end']:.2f} ({life['how']}) without an order or a fault"


def may_be_moved(run, traits, machine, when):
    return "machine" not in traits and not traits.get("global") and run.is_managed(machine, when)


def explains_end(run, fault, life, traits):
    if traits.get("guarded") and during(fault, life["end"]) and hides(fault, life["machine"]):
        return True
    if not during(fault, life["end"]) or fault["effect"] not in ("off", "away", "clone"):
        return False
    if life["machine"] not in fault["targets"]:
        return "with" in traits and moved(run, traits["with"], fault)
    if fault["effect"] == "away":
        return was_long(fault, run.ttl) and (not traits.get("anywhere") or moved(run, life["unit"], fault))
    return True


def hides(fault, machine):
    """Whether nobody could vouch that this machine is in the cluster: it has no store, or could not note that."""
    return (fault["kind"].startswith("etcd quorum") or machine in fault["targets"]
            and (fault["effect"] or fault["kind"] == "/run/fleet full"))


def moved(run, unit, fault):
    return any(during(fault, life["start"]) for life in run.by_unit[unit])


def starts_have_reasons(run):
    seen = set()
    for life, traits in run.fixed_lives():
        key = (life["unit"], life["machine"] if traits.get("global") else None)
        if key not in seen or (traits.get("ends") and restarts(run, life)):
            seen.add(key)
            continue
        machine = life["machine"] if traits.get("global") else None
        if not any(explains_start(run, fault, life, traits, machine) for fault in run.faults) and \
                not may_be_moved(run, traits, run.place_before(life), life["start"]):
            yield f"{tell(life)} started at {life['start']:.2f} without an order or a fault"


def explains_start(run, fault, life, traits, machine):
    if not during(fault, life["start"]):
        return False
    if traits.get("guarded") and hides(fault, run.place_before(life)):
        return True
    return (fault["effect"] and machine in (None, *fault["targets"])
            and (fault["effect"] != "away" or was_long(fault, run.ttl)))


def restarts(run, life):
    """systemd's own restart: the life before it on the same machine ended by itself a moment ago."""
    return any(other["machine"] == life["machine"] and other["how"] == "exit"
               and 0 <= life["start"] - other["end"] < 5 for other in run.by_unit[life["unit"]])


def touched_units_start_by_order(run):
    """Each start of a unit that users touch answers a request, or the loss of a machine; or it was moved. What is
    deployed may be gone back from."""
    managed = sum(one["what"] in ("drain", "rebalance") for one in run.operations)
    for unit, lives in run.by_unit.items():
        if unit in run.units:
            continue
        template = workload.template_of(unit)
        asked = managed + sum(request["tries"] for request in run.data["requests"]
                              if request["unit"] == unit and request["action"] in ("start", "replace", "once", "settle"))
        asked += sum(one["tries"] * (2 if one["what"] == "deploy" else 1) for one in run.operations
                     if template and one["name"] == template)
        lost = len(run.windows(None))
        if len(lives) > asked + lost:
            yield f"{unit} started {len(lives)} times, of {asked} requests and {lost} lost machines"


def one_place_at_a_time(run):
    for unit, lives in run.by_unit.items():
        traits = run.units.get(unit)
        if traits and traits.get("global"):
            continue
        late = 0.0 if traits else LATE
        for a, b, begin, end in overlaps(lives):
            if a["machine"] != b["machine"] and not cut_off(run, (a, b), begin, end, late):
                yield (f"{unit} ran on {a['machine']} and {b['machine']} from {begin:.2f} to {end:.2f}"
                       " while neither was cut off")


def overlaps(lives):
    for i, a in enumerate(lives):
        for b in lives[i + 1:]:
            begin, end = max(a["start"], b["start"]), min(end_of(a), end_of(b))
            if begin < end:
                yield a, b, begin, end


def end_of(life):
    return life["end"] if life["end"] is not None else float("inf")


def cut_off(run, lives, begin, end, late):
    """Physics: who is cut off goes on with what it has, and stops it when it is back. So it is with a machine that
    loses its power, as its network goes first: on a busy host the power may take seconds. Until it has stopped that, more may
    break: without fleetd or etcd it cannot learn that it should."""
    def end_of_fault(fault):
        if fault["effect"] != "away":
            return fault["done"]
        return put_off(run, fault["begin"], over(fault) + late) if late else over(fault)

    return any(fault["begin"] <= begin and end <= end_of_fault(fault)
               for life in lives for fault in run.windows(life["machine"], ("away", "off")))


def never_two_at_once(run):
    """StopAfterDisconnect=: not even while cut off."""
    for unit, lives in run.by_unit.items():
        if run.units.get(unit, {}).get("guarded"):
            for a, b, begin, end in overlaps(lives):
                yield f"{unit} ran on {a['machine']} and {b['machine']} at once, from {begin:.2f} to {end:.2f}"


def constraints_hold(run):
    by_machine = collections.defaultdict(list)
    for life, traits in run.fixed_lives():
        if traits.get("machine", life["machine"]) != life["machine"]:
            yield f"{tell(life)}, which may run on {traits['machine']} only"
        if "conflicts" in traits:
            by_machine[life["machine"], traits["conflicts"]].append(life)
    for (machine, _), lives in by_machine.items():
        for a, b, begin, _ in overlaps(lives):
            if a["unit"] != b["unit"]:
                yield f"{a['unit']} and {b['unit']} ran together on {machine} at {begin:.2f}"


def followers_are_with_their_targets(run):
    for life, traits in run.fixed_lives():
        for target in run.by_unit[traits["with"]] if "with" in traits else []:
            begin, end = max(life["start"], target["start"]), min(end_of(life), end_of(target))
            if end - begin > LATE and target["machine"] != life["machine"] and \
                    not cut_off(run, (life, target), begin, end, LATE):
                yield f"{tell(life)} ran without {traits['with']} from {begin:.2f} to {end:.2f}"


def clones_run_nothing(run):
    for fault in run.faults:
        for life in run.lives if fault["effect"] == "clone" else []:
            if life["machine"] in fault["targets"] and fault["done"] <= life["start"] < fault["undo"]:
                yield f"{tell(life)} started at {life['start']:.2f} under the id of another machine"


def requests_are_accepted(run):
    for request in run.data["requests"]:
        if "refused" in request:
            yield f"{request['action']} of {request['unit']} was refused: {request['refused']}"
    for one in run.operations:
        if "refused" in one:
            yield f"{one['what']} {one['name']} was refused: {one['refused']}"


def deployed_versions_run(run):
    """All instances are of one version: that which was deployed last, or, if it was rolled back, a good one before it."""
    for template, wanted in run.data["operated"].items():
        running = {life["version"] for life in run.lives
                   if life["end"] is None and workload.template_of(life["unit"]) == template}
        deployed = [one["version"] for one in run.operations if one["what"] == "deploy" and one["name"] == template]
        is_back = run.data["snapshot"]["rollouts"].get(template) == "rolled-back"
        allowed = {version for version in wanted["good"] if version < deployed[-1]} if deployed and is_back else \
                  set(deployed[-1:] or wanted["good"])
        if len(running) > 1 or not running <= allowed:
            yield (f"{template} runs in version {sorted(running)}; {deployed[-1:] or 'none'} was deployed last"
                   f"{' and rolled back' if is_back else ''}")


def deployments_end(run):
    yield from deployments_under_way(run.data["snapshot"])


def deployments_under_way(snapshot):
    for template, phase in snapshot["rollouts"].items():
        if phase not in operators.ENDED:
            yield f"the deployment of {template} is {phase}, and nothing more is asked for"


def maintenance_is_over(run):
    yield from maintenance_left(run.data["snapshot"])


def maintenance_left(snapshot):
    """An operator has undone all of it."""
    for machine in snapshot["maintenance"]:
        yield f"machine {machine} is still cordoned or drained"
    if snapshot["rebalance"].get("underWay"):
        yield "a rebalance is still under way"


def operations_are_settled(run):
    """In the end, when nothing is broken, the last word on each matter is taken."""
    last = {(one["what"], one["name"]): one for one in run.operations}
    for (what, name), one in last.items():
        if one["acked"] is None and not is_overtaken(run, one):
            yield f"{what} {name} was never acknowledged"


def is_overtaken(run, operation):
    """A drain that nobody heard of has been taken back all the same."""
    return operation["what"] in operators.MANAGED and operation["end"] is not None


def oneshots_ran(run):
    for unit, wanted in run.data["wanted"].items():
        if unit.startswith("once-") and wanted["state"] == "launched" and \
                not any(life["how"] == "exit" for life in run.by_unit[unit]):
            yield f"{unit} was acknowledged and never ran to its end"


def latest_versions_run(run):
    for unit, wanted in run.data["wanted"].items():
        if wanted["state"] != "launched" or unit.startswith("once-"):
            continue
        running = [life["version"] for life in run.by_unit[unit] if life["end"] is None]
        if running and running != [wanted["version"]]:
            yield f"{unit} runs in version {running}, not {wanted['version']} as acknowledged"


def records_match_cgroups(run):
    """What the processes wrote down against what systemd's cgroups hold."""
    for machine, seen in run.data["snapshot"]["machines"].items():
        alive = {life["unit"] for life in run.lives if life["machine"] == machine and life["end"] is None}
        for unit in sorted(alive ^ set(seen["running"])):
            if not run.units.get(unit, {}).get("ends"):
                yield f"{unit} on {machine}: its own record and its cgroup differ"


def faults_are_recovered_from(run):
    for fault in run.faults:
        if fault.get("error"):
            yield f"{fault['kind']} could not be done: {fault['error']}"
        elif fault["back"] is None:
            yield f"after {fault['kind']} of {' '.join(fault['targets'])} the cluster is not whole again"


def observations_hold(run):
    for seen in run.data["observations"]:
        if not seen["ok"]:
            yield f"{seen['what']}: not so ({seen['text']})"


def ends_as_wanted(run):
    yield from final_problems(run.data["snapshot"], run.units, run.data["wanted"], run.data["operated"])


def is_at_rest(snapshot, units, wanted, operated):
    return not final_problems(snapshot, units, wanted, operated) and \
        not any((*deployments_under_way(snapshot), *maintenance_left(snapshot)))


def final_problems(snapshot, units, wanted, operated):
    """What is not as it should be when all is healed and nobody asks for anything more."""
    expected = {unit: dict(traits, state="launched") for unit, traits in units.items()}
    problems = []
    for template, want in operated.items():
        instances = instances_of(snapshot, template)
        expected |= {template: {"state": "inactive"}} | {unit: {"state": "launched"} for unit in instances}
        if len(instances) != want["count"]:
            problems.append(f"{template} has {len(instances)} instances ({' '.join(instances)}), not {want['count']}")
    for unit, want in wanted.items():
        is_oneshot = unit.startswith("once-")
        expected[unit] = {"state": want["state"], "ends": is_oneshot, "oneshot": is_oneshot}
    for unit, traits in sorted(expected.items()):
        problems += unit_problems(snapshot, unit, traits)
    return problems + list(leftovers(snapshot, expected))


def instances_of(snapshot, template):
    return sorted(key.partition("/")[2] for key in snapshot["keys"]
                  if key.startswith("unit/") and workload.template_of(key.partition("/")[2]) == template)


def unit_problems(snapshot, unit, traits):
    places = [name for name, seen in snapshot["machines"].items() if unit in seen["running"]]
    files = [name for name, seen in snapshot["machines"].items() if unit in seen["files"]]
    count = len(snapshot["machines"]) if traits.get("global") and "machine" not in traits else 1
    has_place = traits["state"] in ("launched", "loaded")
    if traits["state"] != "launched" and places:
        yield f"{unit} runs on {' '.join(places)}, and was to be {traits['state'] or 'destroyed'}"
    if traits.get("oneshot") and places:
        yield f"{unit} does not come to an end on {' '.join(places)}"
    if traits["state"] == "launched" and not traits.get("ends") and len(places) != count:
        yield f"{unit} runs on {len(places)} machines ({' '.join(places)}), not {count}"
    if len(files) != (count if has_place else 0):
        yield f"{unit} has its file on {len(files)} machines ({' '.join(files)})"


def leftovers(snapshot, expected):
    ids = {seen["id"] for seen in snapshot["machines"].values()}
    for key in snapshot["keys"]:
        kind, _, rest = key.partition("/")
        unit = rest.rpartition("/")[2]
        state = expected.get(unit, {}).get("state")
        if kind == "pending" or (kind in ("schedule", "state") and state not in ("launched", "loaded")):
            yield f"left in the store: {key}"
        elif kind in ("schedule", "state") and rest.partition("/")[0] not in ids:
            yield f"left in the store of a machine that is not there: {key}"
        elif kind == "unit" and state is None:
            yield f"left in the store: {key}"
    for name, seen in snapshot["machines"].items():
        for unit in seen["files"]:
            if unit not in expected:
                yield f"left in /run/fleet/units of {name}: {unit}"
    for unit, traits in sorted(expected.items()):
        if traits["state"] is not None and f"unit/{unit}" not in snapshot["keys"]:
            yield f"{unit} was acknowledged and is not in the store"


RULES = [
    ends_have_reasons, starts_have_reasons, touched_units_start_by_order, one_place_at_a_time, never_two_at_once,
    constraints_hold, followers_are_with_their_targets, clones_run_nothing, requests_are_accepted, oneshots_ran,
    latest_versions_run, deployed_versions_run, deployments_end, maintenance_is_over, operations_are_settled,
    records_match_cgroups, faults_are_recovered_from, observations_hold, ends_as_wanted,
]


def judge(data):
    """All violations, as (rule, sentence)."""
    run = Run(data)
    return [(rule.__name__, sentence) for rule in RULES for sentence in rule(run)]
