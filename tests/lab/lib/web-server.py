"""A web service that breaks nothing off: web-server.py PORT

With SIGTERM it lets no more connections begin, answers whatever has come until then, and ends. What is connected when a socket
is closed is reset by the kernel, so closing must not race with clients: a filter on the socket drops what would begin one first.
"""

import ctypes
import select
import signal
import socket
import struct
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nhi\n"
SO_ATTACH_FILTER = 26
LAST_SECONDS = 0.1  # for those that were about to be connected


def refuse_more(server):
    """BPF, on the TCP header: what has SYN among its flags is dropped."""
    code = [(0x30, 0, 0, 13), (0x45, 0, 1, 2), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
    fprog = struct.pack("HL", len(code), ctypes.addressof(program))
    server.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)


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
        watched = [server] if is_over else [server, reader]
        ready, _, _ = select.select(watched, [], [], LAST_SECONDS if is_over else None)
        if reader in ready:
            is_over = True
            refuse_more(server)
        if server in ready:
            try:
                answer(server.accept()[0])
            except OSError:
                pass  # it has thought better of it
        elif is_over and not ready:
            break


main()
