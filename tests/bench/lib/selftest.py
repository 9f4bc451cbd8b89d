"""What becomes of what the benchmarks measured: verdicts, counts, and docs/performance.md. Speaks TAP."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parents[1] / "lab" / "lib")]

from bench import page, quick, scale, sched  # noqa: E402
from bench.report import Result, Target, Wrong  # noqa: E402

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


def several_runs_of_a_cluster_are_told_by_their_medians():
    rows = [{"phase": "boot", "units_per_s": rate, "warnings": 0} for rate in (9, 2, 4)]
    assert scale.median_row(rows) == {"phase": "boot", "units_per_s": 4, "warnings": 0}
    targets = [Target("fast", figure, most=1.5) for figure in (1.1, 9, 1.4)]
    assert scale.median_target(targets).figure == 1.4 and scale.median_target(targets).is_met()


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


# --- docs/performance.md


@contextlib.contextmanager
def copy_of_page():
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / page.PAGE.name
        shutil.copy(page.PAGE, copy)
        shutil.copytree(page.folder_of(page.PAGE), page.folder_of(copy))
        yield copy


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, (path, old)
    path.chmod(0o644)
    path.write_text(text.replace(old, new), encoding="utf-8")


def the_page_shows_its_results():
    found = list(page.differences(page.PAGE))
    assert not found, found


def a_figure_of_the_page_that_was_not_measured_is_noticed():
    with copy_of_page() as copy:
        replace(copy, "| fleetctl | 30 |", "| fleetctl | 31 |")
        assert any("the tables" in text for text in page.differences(copy))


def results_that_the_page_does_not_show_yet_are_noticed():
    with copy_of_page() as copy:
        replace(page.folder_of(copy) / "start.json", '"n": 30', '"n": 29')
        assert [text.split()[0] for text in page.differences(copy)] == ["performance.md:", "start.svg"]


def a_plot_that_is_not_shown_is_noticed():
    with copy_of_page() as copy:
        replace(copy, "(performance/sched.svg)", "(performance/other.svg)")
        assert list(page.differences(copy)) == ["performance.md does not show sched.svg"]


def a_table_of_nothing_is_refused():
    with copy_of_page() as copy:
        for old, new in ((": rows start ", ": rows begin "), (": rows start ", ": lines start ")):
            replace(copy, old, new)
            try:
                list(page.differences(copy))
            except Wrong:
                replace(copy, new, old)
                continue
            raise AssertionError(new)


TESTS = (
    a_ratio_that_is_over_its_target_by_more_than_a_factor_fails,
    other_figures_say_too_much_of_the_machine_to_fail,
    quick_counts_what_is_slow_and_what_does_not_work,
    a_scheduler_that_slows_down_with_the_cluster_misses_its_target,
    several_runs_of_a_cluster_are_told_by_their_medians,
    what_is_ended_twice_takes_its_lab_away,
    the_page_shows_its_results,
    a_figure_of_the_page_that_was_not_measured_is_noticed,
    results_that_the_page_does_not_show_yet_are_noticed,
    a_plot_that_is_not_shown_is_noticed,
    a_table_of_nothing_is_refused,
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
