"""Asks a web service all the time: web-client.py [--fleetd ADDRESS:PORT]... PORT... -- ADDRESS...

Each instance has a port, web@N has 80N, and is on one of the addresses. What answers a request is a 200 with all of its text, each
step of it within 0.5 s.
Asked are, side by side:

any       an instance, whichever answers: one after the other, each first where it was last, until one takes the request.
          It is lost when nobody took it, or when whoever did broke it off or answered anything else.
direct    with --fleetd: each instance that is listed as healthy, on the machine where it is. It is asked once: whatever keeps it from
          answering, the request is lost. Listed is what one of these fleetds says, asked 10 times a second (GET /state: active and
          healthy); when it does not answer the next one is asked, and meanwhile what was listed last stays so.

SIGUSR1 tells what was counted since the last time, SIGTERM does, too, and ends it:
    requests N lost N unanswered-instances N direct N direct-lost N least N slowest-ms N unlisted-ms N
unanswered-instances: how many did not take a request of the first kind, at most. least: the fewest instances that answered at a time, by
their last direct request. unlisted-ms: the longest time without an answer of any fleetd. Each lost request has a line before that:
whom it was sent to, which kind it was of, after how many seconds, and why.
"""

import argparse
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
    """What happened since the last time that somebody wanted to know."""

    def __init__(self, answering=()):
        self.since = time.monotonic()
        self.any = self.any_lost = self.unanswered = 0
        self.direct = self.direct_lost = 0
        self.answering, self.least = set(answering), len({port for port, _ in answering})
        self.slowest = self.unlisted = 0

    def sentence(self):
        return (
            f"requests {self.any} lost {self.any_lost} unanswered-instances {self.unanswered}"
            f" direct {self.direct} direct-lost {self.direct_lost} least {self.least}"
            f" slowest-ms {self.slowest * 1000:.0f} unlisted-ms {self.unlisted * 1000:.0f}"
        )


class Client:
    def __init__(self, ports, addresses, fleetds):
        self.ports, self.addresses, self.fleetds = ports, addresses, fleetds
        self.lock = threading.Lock()
        self.counts = Counts()
        self.listed, self.asked = set(), set()
        self.last_listing = time.monotonic()
        self.machines = {}

    def note_unlisted(self):
        """With the lock."""
        self.counts.unlisted = max(self.counts.unlisted, time.monotonic() - self.last_listing)

    def tell(self):
        with self.lock:
            if self.fleetds:
                self.note_unlisted()
            print(self.counts.sentence(), flush=True)
            self.counts = Counts(self.counts.answering)

    def tell_lost(self, whom, kind, why):
        """With the lock."""
        print(f"lost {whom} {kind} {time.monotonic() - self.counts.since:.3f} {why}", flush=True)

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
        unanswered, why, began = 0, None, time.monotonic()
        try:
            for port in random.sample(self.ports, len(self.ports)):
                if self.ask_instance(places, port):
                    break
                unanswered += 1
            else:
                why = ("nobody", "none took it")
        except Broken as broken:
            why = broken.args
        with self.lock:
            counts = self.counts
            counts.any += 1
            counts.unanswered = max(counts.unanswered, unanswered)
            counts.slowest = max(counts.slowest, time.monotonic() - began)
            if why:
                counts.any_lost += 1
                self.tell_lost(why[0], "any", why[1])

    def go_on_asking_any(self):
        places = {}
        while True:
            self.ask_any(places)
            time.sleep(PAUSE)

    # --- direct

    def answers(self, instance, does):
        """With the lock."""
        counts = self.counts
        (counts.answering.add if does else counts.answering.discard)(instance)
        counts.least = min(counts.least, len({port for port, _ in counts.answering}))

    def ask_direct(self, instance):
        port, address = instance
        began, why = time.monotonic(), None
        try:
            fetch(address, port)
        except (Nobody, Broken) as error:
            why = error
        with self.lock:
            counts = self.counts
            counts.direct += 1
            if why:
                counts.direct_lost += 1
                self.tell_lost(f"{address}:{port}", "direct", why)
            else:
                counts.slowest = max(counts.slowest, time.monotonic() - began)
            self.answers(instance, not why)

    def go_on_asking(self, instance):
        """As long as it is listed."""
        while True:
            with self.lock:
                if instance not in self.listed:
                    self.asked.discard(instance)
                    self.answers(instance, False)
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
        with self.lock:
            self.listed, new = listed, listed - self.asked
            self.asked |= new
            self.note_unlisted()
            self.last_listing = time.monotonic()
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
