"""A web service that breaks nothing off: web-server.py PORT

With SIGTERM it answers whatever has come until then, and ends.
"""

import select
import signal
import socket
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nhi\n"


def answer(connection):
    with connection:
        connection.settimeout(1)
        try:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(4096)
                if not piece:
                    return
                request += piece
            connection.sendall(ANSWER)
        except OSError:
            pass  # it is the client that has gone


def main():
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.set_wakeup_fd(writer.fileno())
    server = socket.create_server(("", int(sys.argv[1])), backlog=64)
    server.setblocking(False)
    is_over = False
    while True:
        ready, _, _ = select.select([server, reader], [], [], 0 if is_over else None)
        is_over = is_over or reader in ready
        if server in ready:
            try:
                answer(server.accept()[0])
            except OSError:
                pass  # it has thought better of it
        elif is_over:
            break


main()
