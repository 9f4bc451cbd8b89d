"""Runs inside a machine. Clients of the API that are slow in every way there is, and many; then
says whether a quick one is still served.

    slow-clients.py NUMBER-OF-EACH MEBIBYTES-IT-MAY-TAKE
"""
import socket
import sys
import time

SOCKET = "/run/fleet.sock"
KINDS = [
    b"GET /fleet/v1/un",  # slow headers
    b"PUT /fleet/v1/units/a.service HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100000\r\n\r\n{",  # a slow body
    b"GET /fleet/v1/events HTTP/1.1\r\nHost: x\r\n\r\n",  # a reader of events that does not read
    b"GET /fleet/v1/discovery HTTP/1.1\r\nHost: x\r\n\r\n" * 40,  # nor these answers
]


def connect():
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(10)
    client.connect(SOCKET)
    return client


def quick():
    """Seconds until a list has come whole."""
    begun = time.monotonic()
    with connect() as client:
        client.sendall(b"GET /fleet/v1/machines HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    if not answer.startswith(b"HTTP/1.1 200 "):
        sys.exit(f"no answer, but {answer[:100]!r}")
    return time.monotonic() - begun


def resident():
    """Bytes of fleetd's memory, as it says itself."""
    with connect() as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = b""
        while piece := client.recv(65536):
            text += piece
    return int(text.split(b"\nprocess_resident_memory_bytes ")[1].split()[0])


def main():
    before = resident()
    slow = []
    for _ in range(int(sys.argv[1])):
        for text in KINDS:
            client = connect()
            client.sendall(text)
            slow.append(client)
    longest = max(quick() for _ in range(20))
    grown = resident() - before
    print(f"{len(slow)} slow clients: at most {longest:.3f} s, {grown // 1024} KiB more")
    if longest > 3 or grown > float(sys.argv[2]) * 1024 * 1024:
        sys.exit(1)


main()
