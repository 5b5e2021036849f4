"""nats-server with its own WebSocket, and a plain client that publishes to it."""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ticking import Messages, obey, say

CONFIG = """listen: "127.0.0.1:{port}"
websocket {{ listen: "127.0.0.1:{websocket}", no_tls: true, compression: true }}
max_connections: 20000
"""
START_S = 20.0


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def connected(port: int) -> socket.socket:
    """Return a client of the server, once it answers."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            client = socket.create_connection(("127.0.0.1", port))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            client.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n')
            return client


def main(binary: str, messages: Messages) -> None:
    """Serve until standard input ends."""
    port, websocket = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="lf-bench-") as folder:
        config = Path(folder) / "nats.conf"
        config.write_text(CONFIG.format(port=port, websocket=websocket), encoding="utf-8")
        server = subprocess.Popen([binary, "-c", config], stderr=subprocess.DEVNULL)  # noqa: S603
        try:
            client = connected(port)
            connected(websocket).close()

            async def publish(made: list[dict[str, Any]]) -> None:
                texts = [json.dumps(message, separators=(",", ":")).encode() for message in made]
                client.sendall(b"".join(b"PUB t %d\r\n%b\r\n" % (len(t), t) for t in texts))

            say(json.dumps({"port": websocket, "pid": server.pid}))
            asyncio.run(obey(messages, publish))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main(sys.argv[2], Messages(sys.argv[1]))
