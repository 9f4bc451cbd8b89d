"""The benchmarks that are C programs: they tell a JSON object a line."""

import json
import os
import pathlib
import subprocess

from bench.report import Wrong

TOP = pathlib.Path(__file__).resolve().parents[4]


def build_folder():
    return pathlib.Path(os.environ.get("BENCH_BUILD", TOP / "build")).resolve()


def run(name, *args, before=(), environment=()):
    """Yields the rows as they come. before: what the program is run under."""
    program = build_folder() / "tests/bench" / name
    if not program.exists():
        raise Wrong(f"there is no {program}: make -C {build_folder()} bench-programs")
    command = [*before, str(program), *map(str, args)]
    fleetctl = os.environ.get("FLEETCTL", str(build_folder() / "fleetctl/fleetctl"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "FLEETCTL": fleetctl, **dict(environment)}) as process:
        try:
            for line in process.stdout:
                yield json.loads(line)
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise Wrong(f"{name} {' '.join(map(str, args))} ended with status {process.returncode}")
