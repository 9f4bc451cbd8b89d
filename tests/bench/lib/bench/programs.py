"""The benchmarks that are C programs: they tell a JSON object a line."""

import json
import os
import pathlib
import subprocess
import sys
import threading

from bench.report import Wrong

TOP = pathlib.Path(__file__).resolve().parents[4]


def build_folder():
    return pathlib.Path(os.environ.get("BENCH_BUILD", TOP / "build")).resolve()


def find(name):
    program = build_folder() / "tests/bench" / name
    if not program.exists():
        raise Wrong(f"there is no {program}: make -C {build_folder()} bench-programs")
    return program


def run(name, *args, before=(), environment=()):
    """Yields the rows as they come, each with the number of warnings that fleetds logged meanwhile. before: what the
    program is run under."""
    program = find(name)
    fleetctl = os.environ.get("FLEETCTL", str(build_folder() / "fleetctl/fleetctl"))
    with subprocess.Popen([*before, str(program), *map(str, args)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, "FLEETCTL": fleetctl, **dict(environment)}) as process:
        warnings = Warnings(process.stderr)
        try:
            for line in process.stdout:
                yield {**json.loads(line), "warnings": warnings.take()}
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise Wrong(f"{name} {' '.join(map(str, args))} ended with status {process.returncode}")


class Warnings(threading.Thread):
    """Counts what comes, but for what the benchmark itself has to say, which is passed on."""

    def __init__(self, stream):
        super().__init__(daemon=True)
        self.stream, self.n = stream, 0
        self.lock = threading.Lock()
        self.start()

    def run(self):
        for line in self.stream:
            if line.startswith(("bench:", "#")):
                sys.stderr.write(line)
                continue
            with self.lock:
                self.n += 1

    def take(self):
        with self.lock:
            n, self.n = self.n, 0
        return n
