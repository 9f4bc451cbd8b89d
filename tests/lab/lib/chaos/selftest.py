"""Does the checker find what it should? A small record in which all is well, and one spoilt in each way that a rule
is about: that rule, and no other than those named, must object. Speaks TAP."""

import copy

from chaos import faults, history, judge, plan

IDS = {"m1": "a" * 32, "m2": "b" * 32, "m3": "c" * 32}


def life(machine, unit, start, end=None, how=None, version=1):
    return {"machine": machine, "unit": unit, "invocation": f"{unit} {machine} {start}", "start": start,
            "version": version, "end": end, "how": how or ("stop" if end is not None else None)}


def fault(kind, effect, targets, begin, undone, back):
    return {"kind": kind, "effect": effect, "targets": targets, "begin": begin, "done": begin, "undo": undone,
            "undone": undone, "moved": None, "back": back, "overlaps": False}


def operation(what, name, begin, end=None, **more):
    return dict(more, what=what, name=name, begin=begin, acked=begin, end=end, tries=1)


def good_run():
    """m2 loses its power at 100 and is cut off at 200; `free` moves both times. A user starts, replaces, destroys. An
    operator deploys web@ at 59, and drains m1 from 120 to 124."""
    units = {"free.service": {"anywhere": True}, "all.service": {"global": True},
             "fixed.service": {"machine": "m1"}, "a.service": {"conflicts": "x"}, "b.service": {"conflicts": "x"},
             "lead.service": {}, "follow.service": {"with": "lead.service"}, "flap.service": {"ends": True},
             "guarded.service": {"guarded": True}, "drained.service": {"anywhere": True}}
    lives = [
        life("m2", "free.service", 1, 100, "power cut"), life("m3", "free.service", 107, None),
        life("m1", "all.service", 1), life("m3", "all.service", 1),
        life("m2", "all.service", 1, 100, "power cut"), life("m2", "all.service", 112),
        life("m1", "fixed.service", 1), life("m1", "a.service", 1), life("m3", "b.service", 1),
        life("m1", "lead.service", 1), life("m1", "follow.service", 1), life("m1", "guarded.service", 1, 265, "stop"),
        life("m1", "guarded.service", 271),
        life("m1", "flap.service", 1, 5, "exit"), life("m1", "flap.service", 6, 10, "exit"),
        life("m1", "flap.service", 11),
        life("m1", "drained.service", 1, 121, "stop"), life("m3", "drained.service", 122),
        life("m1", "web@1.service", 2, 60, "stop"), life("m1", "web@1.service", 61, version=2),
        life("m2", "web@2.service", 2, 62, "stop"), life("m2", "web@2.service", 63, 100, "power cut", version=2),
        life("m3", "web@2.service", 107, version=2),
        life("m1", "churn.service", 20, 30, version=1), life("m2", "churn.service", 31, 40, version=2),
        life("m1", "churn.service", 210, version=3), life("m2", "once-1.service", 150, 151, "exit"),
    ]
    requests = [{"unit": unit, "action": action, "begin": when, "acked": when, "tries": 1} for unit, action, when in
                [("churn.service", "replace", 19), ("churn.service", "replace", 30), ("churn.service", "destroy", 39),
                 ("churn.service", "replace", 209), ("once-1.service", "once", 149)]]
    operations = [operation("create", "web@.service", 1), operation("scale", "web@.service", 1, count=2),
                  operation("deploy", "web@.service", 59, version=2, verb="run"), operation("drain", "m1", 120, end=124),
                  operation("release", "m1", 124), operation("rebalance", "", 10, end=11)]
    run = {"seed": 0, "ttl": 6, "begin": 0, "end": 300, "units": units, "requests": requests, "lives": lives,
           "wanted": {"churn.service": {"state": "launched", "version": 3},
                      "once-1.service": {"state": "launched", "version": 1},
                      "gone.service": {"state": None, "version": 0}},
           "operations": operations, "operated": {"web@.service": {"count": 2, "version": 2, "good": [1, 2]}},
           "faults": [fault("power cut", "off", ["m2"], 100, 110, 113),
                      fault("machine cut off", "away", ["m2"], 200, 210, 213),
                      fault("duplicated machine id", "clone", ["m3"], 240, 250, 253),
                      fault("etcd quorum killed", "", ["1", "2"], 260, 270, 272)],
           "observations": [{"what": "a clone is refused", "ok": True, "text": ""}]}
    run["faults"][2]["targets"] = ["m4"]
    run["snapshot"] = snapshot_of(run)
    return run


def snapshot_of(run):
    """What a cluster with these lives looks like."""
    machines = {name: {"id": IDS[name], "running": [], "files": []} for name in IDS}
    keys = ["leader"] + [f"machine/{IDS[name]}" for name in IDS]
    for one in run["lives"]:
        if one["end"] is None or one["unit"].startswith("once-"):
            machines[one["machine"]]["files"].append(one["unit"])
            keys += [f"schedule/{IDS[one['machine']]}/{one['unit']}", f"state/{IDS[one['machine']]}/{one['unit']}"]
        if one["end"] is None:
            machines[one["machine"]]["running"].append(one["unit"])
    keys += [f"unit/{unit}" for unit in {one["unit"] for one in run["lives"]}]
    keys += [f"unit/{template}" for template in run["operated"]]
    return {"keys": keys, "machines": machines, "rollouts": {"web@.service": "done"}, "maintenance": [],
            "rebalance": {"underWay": False}}


def find(run, unit, machine=None, last=True):
    lives = [one for one in run["lives"] if one["unit"] == unit and machine in (None, one["machine"])]
    return lives[-1 if last else 0]


def stopped_for_nothing(run):
    find(run, "fixed.service").update(end=150, how="stop")
    run["lives"].append(life("m1", "fixed.service", 152))


def stopped_by_an_outage_of_the_store(run):
    find(run, "fixed.service").update(end=265, how="stop")
    run["lives"].append(life("m1", "fixed.service", 269))


def stopped_on_a_healthy_machine_beside_a_lost_one(run):
    find(run, "all.service", "m1").update(end=105, how="stop")
    run["lives"].append(life("m1", "all.service", 106))


def killed_by_nobody(run):
    find(run, "a.service").update(end=180, how="killed (9)")


def started_twice_for_nothing(run):
    run["lives"].append(life("m1", "fixed.service", 170, 170.5))


def moved_after_a_short_blink(run):
    blink = fault("machine cut off", "away", ["m1"], 140, 142, 149)
    run["faults"].append(blink)
    find(run, "lead.service").update(end=148, how="stop")
    run["lives"].append(life("m3", "lead.service", 147))


def ran_twice(run):
    run["lives"].append(life("m2", "lead.service", 150, 160))


def ran_on_for_long_after_healing(run):
    run["lives"].append(life("m2", "free.service", 203, 290))


def guarded_stopped_for_nothing(run):
    find(run, "guarded.service", last=False).update(end=150, how="stop")
    run["lives"].append(life("m1", "guarded.service", 151))


def guarded_ran_twice_while_cut_off(run):
    run["lives"].append(life("m2", "guarded.service", 205, 209))


def touched_unit_ran_twice(run):
    run["lives"].append(life("m3", "churn.service", 280))
    run["requests"].append({"unit": "churn.service", "action": "start", "begin": 279, "acked": 279, "tries": 1})


def touched_unit_started_too_often(run):
    run["lives"] += [life("m1", "churn.service", 50 + n, 50.5 + n) for n in range(9)]


def rivals_on_one_machine(run):
    run["lives"].append(life("m1", "b.service", 205, 206))


def on_the_wrong_machine(run):
    run["lives"].append(life("m3", "fixed.service", 205, 205.1))


def follower_elsewhere(run):
    find(run, "follow.service").update(machine="m3")


def clone_ran_something(run):
    run["faults"][2]["targets"] = ["m3"]
    run["lives"].append(life("m3", "churn.service", 245, 246))


def refused_request(run):
    run["requests"][0]["refused"] = "400: bad"


def oneshot_never_ran(run):
    run["lives"].remove(find(run, "once-1.service"))


def old_version_runs(run):
    find(run, "churn.service").update(version=2)


def hidden_process(run):
    run["snapshot"]["machines"]["m2"]["running"].append("churn.service")


def not_whole_again(run):
    run["faults"][3]["back"] = None


def clone_was_not_refused(run):
    run["observations"][0]["ok"] = False


def destroyed_unit_runs(run):
    run["lives"].append(life("m1", "gone.service", 20))
    run["requests"].append({"unit": "gone.service", "action": "once", "begin": 19, "acked": 19, "tries": 1})
    run["snapshot"] = snapshot_of(run)


def lost_unit(run):
    for seen in run["snapshot"]["machines"].values():
        seen["running"] = [unit for unit in seen["running"] if unit != "churn.service"]


def state_left_in_the_store(run):
    run["snapshot"]["keys"].append(f"state/{IDS['m1']}/gone.service")


def order_of_a_lost_machine_left(run):
    run["snapshot"]["keys"].append("schedule/dddd/free.service")


def pending_left(run):
    run["snapshot"]["keys"].append("pending/free.service")


def file_left_on_a_machine(run):
    run["snapshot"]["machines"]["m2"]["files"].append("gone.service")


def forgotten_request(run):
    run["snapshot"]["keys"].remove("unit/once-1.service")


def operation_of(run, what):
    return next(one for one in run["operations"] if one["what"] == what)


def moved_without_a_drain(run):
    operation_of(run, "drain").update(name="m2")


def moved_long_after_a_drain(run):
    find(run, "drained.service", "m1").update(end=160)
    find(run, "drained.service", "m3").update(start=161)


def pinned_unit_left_a_drained_machine(run):
    find(run, "fixed.service").update(end=121, how="stop")
    run["lives"].append(life("m1", "fixed.service", 129))


def deployment_stuck(run):
    run["snapshot"]["rollouts"]["web@.service"] = "updating"


def deployment_left_paused(run):
    run["snapshot"]["rollouts"]["web@.service"] = "paused"


def too_few_instances(run):
    run["operated"]["web@.service"]["count"] = 3


def too_many_instances(run):
    run["operated"]["web@.service"]["count"] = 1


def instance_does_not_run(run):
    run["snapshot"]["machines"]["m1"]["running"].remove("web@1.service")


def template_lost(run):
    run["snapshot"]["keys"].remove("unit/web@.service")


def instances_of_two_versions(run):
    find(run, "web@2.service").update(version=1)


def instances_of_the_former_version(run):
    find(run, "web@1.service").update(version=1)
    find(run, "web@2.service").update(version=1)


def rolled_back_and_not_left(run):
    run["snapshot"]["rollouts"]["web@.service"] = "rolled-back"


def back_to_a_bad_version(run):
    rolled_back_and_not_left(run)
    instances_of_the_former_version(run)
    run["operated"]["web@.service"]["good"] = [2]


def machine_left_drained(run):
    run["snapshot"]["maintenance"] = [IDS["m1"]]


def rebalance_without_an_end(run):
    run["snapshot"]["rebalance"]["underWay"] = True


def instance_ran_twice(run):
    run["lives"].append(life("m2", "web@1.service", 150, 170, version=2))


def instance_started_too_often(run):
    run["lives"] += [life("m3", "web@3.service", 70 + n, 70.5 + n) for n in range(12)]


def operation_refused(run):
    operation_of(run, "scale")["refused"] = "400: bad"


def scale_never_acknowledged(run):
    operation_of(run, "scale")["acked"] = None


# What is done to the record, and the rules that must object.
CASES = {
    stopped_for_nothing: {"ends_have_reasons", "starts_have_reasons"},
    stopped_by_an_outage_of_the_store: {"ends_have_reasons", "starts_have_reasons"},
    stopped_on_a_healthy_machine_beside_a_lost_one: {"ends_have_reasons", "starts_have_reasons"},
    killed_by_nobody: {"ends_have_reasons", "records_match_cgroups"},
    started_twice_for_nothing: {"ends_have_reasons", "starts_have_reasons"},
    moved_after_a_short_blink: {"ends_have_reasons", "starts_have_reasons"},
    ran_twice: {"one_place_at_a_time", "starts_have_reasons", "ends_have_reasons"},
    ran_on_for_long_after_healing: {"one_place_at_a_time", "ends_have_reasons"},
    guarded_stopped_for_nothing: {"ends_have_reasons", "starts_have_reasons"},
    guarded_ran_twice_while_cut_off: {"never_two_at_once"},
    touched_unit_ran_twice: {"one_place_at_a_time", "latest_versions_run", "records_match_cgroups"},
    touched_unit_started_too_often: {"touched_units_start_by_order"},
    rivals_on_one_machine: {"constraints_hold"},
    on_the_wrong_machine: {"constraints_hold"},
    follower_elsewhere: {"followers_are_with_their_targets"},
    clone_ran_something: {"clones_run_nothing"},
    refused_request: {"requests_are_accepted"},
    oneshot_never_ran: {"oneshots_ran"},
    old_version_runs: {"latest_versions_run"},
    hidden_process: {"records_match_cgroups", "ends_as_wanted"},
    not_whole_again: {"faults_are_recovered_from"},
    clone_was_not_refused: {"observations_hold"},
    destroyed_unit_runs: {"ends_as_wanted"},
    lost_unit: {"ends_as_wanted"},
    state_left_in_the_store: {"ends_as_wanted"},
    order_of_a_lost_machine_left: {"ends_as_wanted"},
    pending_left: {"ends_as_wanted"},
    file_left_on_a_machine: {"ends_as_wanted"},
    forgotten_request: {"ends_as_wanted"},
    moved_without_a_drain: {"ends_have_reasons", "starts_have_reasons"},
    moved_long_after_a_drain: {"ends_have_reasons", "starts_have_reasons"},
    pinned_unit_left_a_drained_machine: {"ends_have_reasons", "starts_have_reasons"},
    deployment_stuck: {"deployments_end"},
    deployment_left_paused: {"deployments_end"},
    too_few_instances: {"ends_as_wanted"},
    too_many_instances: {"ends_as_wanted"},
    instance_does_not_run: {"ends_as_wanted", "records_match_cgroups"},
    template_lost: {"ends_as_wanted"},
    instances_of_two_versions: {"deployed_versions_run"},
    instances_of_the_former_version: {"deployed_versions_run"},
    rolled_back_and_not_left: {"deployed_versions_run"},
    back_to_a_bad_version: {"deployed_versions_run"},
    machine_left_drained: {"maintenance_is_over"},
    rebalance_without_an_end: {"maintenance_is_over"},
    instance_ran_twice: {"one_place_at_a_time"},
    instance_started_too_often: {"touched_units_start_by_order"},
    operation_refused: {"requests_are_accepted"},
    scale_never_acknowledged: {"operations_are_settled"},
}


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, sentence, is_so, text=""):
        self.count += 1
        self.failed += not is_so
        print(f"{'ok' if is_so else 'not ok'} {self.count} - {sentence}")
        if not is_so and text:
            print(f"# {text}")


def check_cases(tap):
    tap.check("a good record passes", not judge.judge(good_run()), judge.judge(good_run()))
    for spoil, expected in CASES.items():
        run = copy.deepcopy(good_run())
        spoil(run)
        found = {rule for rule, _ in judge.judge(run)}
        tap.check(f"{spoil.__name__.replace('_', ' ')}: found", expected <= found, f"wanted {expected}, found {found}")
    idle = {rule.__name__ for rule in judge.RULES} - set().union(*CASES.values())
    tap.check("there is a case for every rule", not idle, idle)


RECORD = """10.5 start aa 3
11.0 stop aa
11.1 end aa success
12.0 start bb 4
13.0 end bb signal
14.0 start cc 5
15.0 sto"""


def check_records(tap):
    lives = history.parse_life("m1", "u.service", RECORD)
    tap.check("a record is read", [(one["start"], one["end"], one["how"], one["version"]) for one in lives] ==
              [(10.5, 11.0, "stop", 3), (12.0, 13.0, "killed (signal)", 4), (14.0, None, None, 5)], lives)
    cut = [fault("power cut", "off", ["m1"], 13.5, 20, 20), fault("power cut", "off", ["m1"], 14.7, 20, 20),
           fault("power cut", "off", ["m2"], 14.1, 20, 20), fault("power cut", "off", ["m1"], 16, 20, 20)]
    history.end_by_power_cuts(lives, cut)
    tap.check("what says nothing of its end ends with the next power cut", lives[2]["end"] == 14.7, lives[2])


def check_plans(tap):
    plans = [plan.plan(seed, 20, ["m1", "m2", "m3"], [1, 2, 3]) for seed in range(200)]
    tap.check("the same seed makes the same plan", plans == [plan.plan(seed, 20, ["m1", "m2", "m3"], [1, 2, 3])
                                                             for seed in range(200)])
    tap.check("another seed makes another", plans[0] != plans[1])
    tap.check("a plan has as many faults as asked for", all(sum(map(len, groups)) == 20 for groups in plans))
    drawn = {step["kind"] for groups in plans for group in groups for step in group}
    tap.check("every kind of fault is drawn", drawn == set(faults.BY_NAME), set(faults.BY_NAME) - drawn)
    overlapping = sum(len(group) > 1 for groups in plans for group in groups)
    tap.check("some overlap", overlapping > 200, overlapping)


def main():
    tap = Tap()
    for part in (check_cases, check_records, check_plans):
        part(tap)
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0
