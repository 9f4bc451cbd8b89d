"""Asks a web service without a pause: web-client.py SECONDS|0 PORT... -- ADDRESS...

Each instance has a port, and is on one of the addresses. A request goes to one instance after the
other until one has answered; it is lost when none did, or when one took it and then broke it off. Ends after that
time, or with 0 at SIGTERM, and prints: requests N lost N unanswered-instances N (of all in a round).
"""

import http.client
import random
import signal
import sys
import time

TIMEOUT = 0.5


class Broken(Exception):
    pass


def ask(address, port):
    connection = http.client.HTTPConnection(address, port, timeout=TIMEOUT)
    try:
        connection.connect()
    except OSError:
        return False  # nobody is there
    try:
        connection.request("GET", "/")
        return connection.getresponse().read() is not None
    except (OSError, http.client.HTTPException) as error:
        raise Broken(f"{address}:{port}: {error!r}") from error
    finally:
        connection.close()


def ask_instance(places, addresses, port):
    """Where it was last comes first."""
    known = places.get(port)
    for address in sorted(addresses, key=lambda a: a != known):
        if ask(address, port):
            places[port] = address
            return True
    return False


def main():
    seconds, rest = float(sys.argv[1]), sys.argv[2:]
    split = rest.index("--")
    ports, addresses = [int(p) for p in rest[:split]], rest[split + 1 :]
    is_over = False

    def stop(_signal, _frame):
        nonlocal is_over
        is_over = True

    signal.signal(signal.SIGTERM, stop)
    end = time.monotonic() + seconds if seconds > 0 else float("inf")
    places, n, lost, worst = {}, 0, 0, 0
    while not is_over and time.monotonic() < end:
        n += 1
        unanswered = 0
        for port in random.sample(ports, len(ports)):
            try:
                if ask_instance(places, addresses, port):
                    break
                unanswered += 1
            except Broken as broken:
                lost += 1
                print(f"broken off: {broken}", flush=True)
                break
        worst = max(worst, unanswered)
        if unanswered == len(ports):
            lost += 1
            print(f"{time.time():.3f}: none answered", flush=True)
    print(f"requests {n} lost {lost} unanswered-instances {worst}", flush=True)


main()
