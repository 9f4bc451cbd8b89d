"""A lab of its own for a benchmark, and what happens inside of its machines."""

import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import subprocess

from chaos import machines

from bench.report import Wrong

os.environ.setdefault("FLEET_LAB_DIR", "/run/fleet-lab-bench")

SLEEPER = "[Service]\nExecStart=/bin/sleep infinity\n"


@contextlib.contextmanager
def lab(n=3, conf=()):
    """Yields the machines, m1 first. The lab goes whatever happens."""
    if os.geteuid() != 0:
        raise Wrong("needs root")
    try:
        machines.lab("down")
        machines.lab("up", "--machines", str(n), *[word for line in conf for word in ("--conf", line)])
        yield [machines.Machine(f"m{i + 1}") for i in range(n)]
    except machines.LabError as error:
        raise Wrong(str(error)) from error
    finally:
        machines.lab("down")


def run(machine, script, *args, stdin=""):
    """Runs a bash script in the machine; what it printed."""
    command = ["nsenter", "-t", str(machine.pid1()), "-a", "bash", "-euc", script, "bench", *map(str, args)]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode != 0:
        raise Wrong(f"{machine.name}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


def run_on_all(all_machines, script, *args):
    """At the same time; what each printed."""
    with concurrent.futures.ThreadPoolExecutor(len(all_machines)) as pool:
        return list(pool.map(lambda machine: run(machine, script, *args), all_machines))


def put_program(machine, program):
    """Its path in the machine."""
    path = f"/run/{program.name}"
    shutil.copy(program, f"/proc/{machine.pid1()}/root{path}")
    return path


def net(*command, **options):
    """A process in the lab's network."""
    return subprocess.Popen(["nsenter", f"--net=/run/netns/{machines.lab_name()}", *command],
                            stdout=subprocess.PIPE, text=True, **options)


def net_output(*command):
    with net(*command) as process:
        text = process.stdout.read()
    if process.returncode != 0:
        raise Wrong(f"{' '.join(command)} ended with status {process.returncode}")
    return text


def count_active(all_machines, pattern):
    """Units of that pattern that systemd has active, on all machines together."""
    script = 'systemctl list-units --no-legend --plain --state=active "$1" | wc -l'
    return sum(int(text) for text in run_on_all(all_machines, script, pattern))


def expect(is_so, otherwise):
    if not is_so:
        raise Wrong(otherwise)


# --- etcd ---

ETCD = machines.Etcd(1)


def etcd_metrics():
    """{name: value}; series of one name are added up."""
    values = {}
    for line in net_output("curl", "-sS", ETCD.url(1) + "/metrics").splitlines():
        found = re.match(r"([a-z_]+)(\{.*\})? (\S+)$", line)
        if found:
            values[found[1]] = values.get(found[1], 0.0) + float(found[3])
    return values


@contextlib.contextmanager
def watching():
    """Yields the answers of a watch over all keys of fleet's from now on."""
    status = json.loads(ETCD.ctl("endpoint", "status", "--write-out=json"))[0]["Status"]
    with net("etcdctl", f"--endpoints={ETCD.url(1)}", "watch", "--prefix", machines.PREFIX,
             f"--rev={status['header']['revision'] + 1}", "-w", "json",
             env={**os.environ, "ETCDCTL_API": "3"}) as process:
        try:
            yield (json.loads(line) for line in process.stdout)
        finally:
            process.terminate()
