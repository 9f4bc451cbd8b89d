"""Asks a web service all the time: web-client.py [--fleetd ADDRESS:PORT]... PORT... -- ADDRESS...

Each instance has a port, web@N has 80N, and is on one of the addresses. What answers a request is a 200 with all of its text, each
step of it within 0.5 s.
Asked are, side by side:

any       an instance, whichever answers: one after the other, each first where it was last, until one takes the request.
          It is lost when nobody took it, or when whoever did broke it off or answered anything else.
direct    with --fleetd: each instance that is listed as healthy, on the machine where it is. It is asked once: whatever keeps it from
          answering, the request is lost. Listed is what one of these fleetds says, asked 10 times a second (GET /state: active and
          healthy); when it does not answer the next one is asked, and meanwhile what was listed last stays so.

SIGUSR1 has the list asked for anew, and tells what became of all requests that were sent since the last time; SIGTERM does, too, and
ends it:
    requests N lost N unanswered-instances N direct N direct-lost N least N slowest-ms N unlisted-ms N
unanswered-instances: how many did not take a request of the first kind, at most. least: the fewest instances that answered at a time, by
their last direct request. unlisted-ms: the longest time without an answer of any fleetd. Each lost request has a line before that:
whom it was sent to, which kind it was of, after how many seconds, and why.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import signal
import sys
import threading
import time

TIMEOUT = 0.5
PAUSE = 0.002
LISTING_PAUSE = 0.1
LISTING_TIMEOUT = 1


class Nobody(Exception):
    """No connection: whoever asks may ask another one."""


class Broken(Exception):
    pass


def fetch(address, port, path="/", timeout=TIMEOUT):
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise Nobody(repr(error)) from error
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Broken(repr(error)) from error
        if answer.status != 200 or not text:
            raise Broken(f"status {answer.status}, {len(text)} bytes")
        return text
    finally:
        connection.close()


class Counts:
    """What became of the requests that were sent since the last time that somebody wanted to know."""

    def __init__(self, answering=()):
        self.since = time.monotonic()
        self.under_way = 0
        self.any = self.any_lost = self.unanswered = 0
        self.direct = self.direct_lost = 0
        self.answering, self.least = set(answering), len({port for port, _ in answering})
        self.slowest = self.unlisted = 0
        self.losses = []

    def lose(self, whom, kind, why):
        self.losses.append(f"lost {whom} {kind} {time.monotonic() - self.since:.3f} {why}")

    def answers(self, instance, does):
        (self.answering.add if does else self.answering.discard)(instance)
        self.least = min(self.least, len({port for port, _ in self.answering}))

    def tell(self):
        for line in self.losses:
            print(line)
        print(
            f"requests {self.any} lost {self.any_lost} unanswered-instances {self.unanswered}"
            f" direct {self.direct} direct-lost {self.direct_lost} least {self.least}"
            f" slowest-ms {self.slowest * 1000:.0f} unlisted-ms {self.unlisted * 1000:.0f}",
            flush=True,
        )


class Client:
    def __init__(self, ports, addresses, fleetds):
        self.ports, self.addresses, self.fleetds = ports, addresses, fleetds
        self.changed = threading.Condition()
        self.counts = Counts()
        self.listed, self.asked = set(), set()
        self.listings, self.last_listing = 0, time.monotonic()
        self.machines = {}

    @contextlib.contextmanager
    def request(self):
        """It counts where it was sent, however long it takes: to the counts of that time."""
        with self.changed:
            counts = self.counts
            counts.under_way += 1
        began = time.monotonic()
        yield counts
        with self.changed:
            counts.slowest = max(counts.slowest, time.monotonic() - began)
            counts.under_way -= 1
            self.changed.notify_all()

    def note_unlisted(self):
        """With the lock."""
        self.counts.unlisted = max(self.counts.unlisted, time.monotonic() - self.last_listing)

    def wait_for_listing(self):
        """For one that was asked for from now on: whoever had to leave is not asked any more. With the lock."""
        most = self.listings + 2
        self.changed.wait_for(lambda: self.listings >= most, 5)
        self.note_unlisted()

    def tell(self):
        with self.changed:
            if self.fleetds:
                self.wait_for_listing()
            counts, self.counts = self.counts, Counts(self.counts.answering)
            self.changed.wait_for(lambda: counts.under_way == 0)
        counts.tell()

    # --- any

    def ask_instance(self, places, port):
        for address in sorted(self.addresses, key=lambda a: a != places.get(port)):
            try:
                fetch(address, port)
            except Nobody:
                continue
            except Broken as broken:
                raise Broken(f"{address}:{port}", broken) from broken
            places[port] = address
            return True
        return False

    def ask_any(self, places):
        unanswered, lost = 0, None
        with self.request() as counts:
            try:
                for port in random.sample(self.ports, len(self.ports)):
                    if self.ask_instance(places, port):
                        break
                    unanswered += 1
                else:
                    lost = ("nobody", "none took it")
            except Broken as broken:
                lost = broken.args
            with self.changed:
                counts.any += 1
                counts.unanswered = max(counts.unanswered, unanswered)
                if lost:
                    counts.any_lost += 1
                    counts.lose(lost[0], "any", lost[1])

    def go_on_asking_any(self):
        places = {}
        while True:
            self.ask_any(places)
            time.sleep(PAUSE)

    # --- direct

    def ask_direct(self, instance):
        port, address = instance
        why = None
        with self.request() as counts:
            try:
                fetch(address, port)
            except (Nobody, Broken) as error:
                why = error
            with self.changed:
                counts.direct += 1
                if why:
                    counts.direct_lost += 1
                    counts.lose(f"{address}:{port}", "direct", why)
                self.counts.answers(instance, not why)

    def go_on_asking(self, instance):
        """As long as it is listed."""
        while True:
            with self.changed:
                if instance not in self.listed:
                    self.asked.discard(instance)
                    self.counts.answers(instance, False)
                    return
            self.ask_direct(instance)
            time.sleep(PAUSE)

    # --- discovery

    def list_healthy(self, fleetd):
        """What it lists, as (port, address); of machines that it does not know, nothing."""
        answers = {}
        for what in "state", "machines":
            answers[what] = json.loads(fetch(*fleetd, f"/fleet/v1/{what}", LISTING_TIMEOUT))
        for machine in answers["machines"].get("machines", []):
            self.machines[machine["id"]] = machine["primaryIP"]
        return {
            (800 + int(state["name"].split("@")[1].split(".")[0]), self.machines[state["machineID"]])
            for state in answers["state"].get("states", [])
            if state["name"].startswith("web@")
            and state["systemdActiveState"] == "active"
            and state.get("health") == "healthy"
            and state["machineID"] in self.machines
        }

    def take_listed(self, listed):
        """Somebody who is new is asked by a thread of its own."""
        with self.changed:
            self.listed, new = listed, listed - self.asked
            self.asked |= new
            self.note_unlisted()
            self.last_listing = time.monotonic()
            self.listings += 1
            self.changed.notify_all()
        for instance in new:
            threading.Thread(target=self.go_on_asking, args=(instance,), daemon=True).start()

    def go_on_listing(self):
        while True:
            try:
                self.take_listed(self.list_healthy(self.fleetds[0]))
            except (Nobody, Broken):
                self.fleetds.append(self.fleetds.pop(0))
            time.sleep(LISTING_PAUSE)


def end(failure):
    """A thread that has failed would leave others that count as if all were well."""
    threading.__excepthook__(failure)
    os._exit(1)


def parse():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--fleetd", action="append", default=[], type=lambda text: tuple(text.split(":")))
    parser.add_argument("words", nargs="*")
    split = sys.argv.index("--")
    arguments = parser.parse_args(sys.argv[1:split])
    return [int(port) for port in arguments.words], sys.argv[split + 1 :], arguments.fleetd


def main():
    client = Client(*parse())
    threading.excepthook = end
    signals = {signal.SIGUSR1, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # before the threads are
    for work, is_wanted in (client.go_on_asking_any, True), (client.go_on_listing, client.fleetds):
        if is_wanted:
            threading.Thread(target=work, daemon=True).start()
    print("asking", flush=True)  # and signals are waited for
    is_over = False
    while not is_over:
        is_over = signal.sigwait(signals) == signal.SIGTERM
        client.tell()


main()
