"""What becomes of what the benchmarks measured: verdicts and counts. Speaks TAP."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import signal
import subprocess
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parents[1] / "lab" / "lib")]

from bench import quick, sched  # noqa: E402
from bench.report import Result, Target  # noqa: E402

SLOW = Result([], [], [Target("slow", 3.1, most=1.5, is_ratio=True)])
GOOD = Result([], [], [Target("fast", 1.1, most=1.5, is_ratio=True)])


def a_ratio_that_is_over_its_target_by_more_than_a_factor_fails():
    assert not SLOW.is_within(2) and SLOW.is_within(2.1) and SLOW.is_within(None)


def other_figures_say_too_much_of_the_machine_to_fail():
    result = Result([], [], [Target("few", 1, least=1000)])
    assert result.is_within(2) and not result.targets[0].is_met()


def quick_counts_what_is_slow_and_what_does_not_work():
    for results, says in (((SLOW, None), "2 failed"), ((), "0 failed")):
        left = list(results)
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
            status = quick.run(None, lambda _: left.pop() if left else GOOD)
        assert output.getvalue() == f"{len(quick.COMMANDS) - len(results)} passed, {says}\n", output.getvalue()
        assert status == int(bool(results))


def a_scheduler_that_slows_down_with_the_cluster_misses_its_target():
    def targets(*rates):
        return sched.growth([{"kind": "mix", "machines": 10 * (i + 1), "placed_per_s": rate} for i, rate in enumerate(rates)])

    assert targets(100_000, 50_000)[0].is_met()
    assert not targets(100_000, 70_000, 20_000)[0].is_met()
    assert not targets(100_000)


def load_program():
    loader = importlib.machinery.SourceFileLoader("program", str(HERE.parent / "bench"))
    program = importlib.util.module_from_spec(importlib.util.spec_from_loader("program", loader))
    loader.exec_module(program)
    return program


def what_is_ended_twice_takes_its_lab_away():
    """As by make and timeout, both of which hand on what they are told; also to what takes the lab away."""
    load_program().end_once_on_signals()
    is_cleaned = status = None
    try:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            is_cleaned = subprocess.run(["sh", "-c", "kill -TERM $$"], check=False).returncode == 0
    except SystemExit as end:
        status = end.code
    assert is_cleaned and status == 128 + signal.SIGTERM


TESTS = (
    a_ratio_that_is_over_its_target_by_more_than_a_factor_fails,
    other_figures_say_too_much_of_the_machine_to_fail,
    quick_counts_what_is_slow_and_what_does_not_work,
    a_scheduler_that_slows_down_with_the_cluster_misses_its_target,
    what_is_ended_twice_takes_its_lab_away,
)


def main():
    n_failed = 0
    print(f"1..{len(TESTS)}")
    for i, test in enumerate(TESTS):
        try:
            test()
            verdict = "ok"
        except Exception:
            print("# " + traceback.format_exc().replace("\n", "\n# "))
            n_failed, verdict = n_failed + 1, "not ok"
        print(f"{verdict} {i + 1} - {test.__name__.replace('_', ' ')}")
    return int(n_failed > 0)


if __name__ == "__main__":
    sys.exit(main())
