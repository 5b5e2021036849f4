"""Clients that only count: `python -m ledgerflux.bench.compressing_sink PORT CLIENTS OFFER`.

Connects, says `ready`, reads until the server closes, and writes how many bytes came after the
handshakes. A process of its own, so that its CPU time is not the server's.
"""

import os
import selectors
import socket
import sys

READ_BYTES = 256 * 1024
TIMEOUT_S = 30.0


def connected(port: int, offer: str) -> socket.socket:
    """Return a WebSocket to `port` of this machine; `offer` names extensions, empty for none."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
    head = (
        "GET /v1/ws HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    )
    asked = f"Sec-WebSocket-Extensions: {offer}\r\n" if offer else ""
    sock.sendall(f"{head}{asked}\r\n".encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += sock.recv(1)
    return sock


def count(sockets: list[socket.socket]) -> int:
    """Return how many bytes come until all are closed."""
    total = 0
    with selectors.DefaultSelector() as selector:
        for sock in sockets:
            selector.register(sock, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                assert isinstance(key.fileobj, socket.socket)
                data = _received(key.fileobj)
                total += len(data)
                if not data:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
    return total


def _received(sock: socket.socket) -> bytes:
    try:
        return sock.recv(READ_BYTES)
    except ConnectionError:
        return b""  # the server did not wait for a goodbye


def main(port: str, clients: str, offer: str) -> None:
    """Run until the server has closed every connection."""
    sockets = [connected(int(port), offer) for _ in range(int(clients))]
    os.write(1, b"ready\n")
    os.write(1, b"%d\n" % count(sockets))


if __name__ == "__main__":
    main(*sys.argv[1:])
