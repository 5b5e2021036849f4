"""The `websockets` library: one `broadcast` a message."""

import json
import os
import socket
import sys
from typing import Any

import uvloop
from ticking import Messages, obey, say
from websockets.asyncio.server import ServerConnection, broadcast, serve

clients: dict[ServerConnection, None] = {}


async def attend(client: ServerConnection) -> None:
    """Serve one client until it leaves."""
    await client.send("ready")
    clients[client] = None
    try:
        await client.wait_closed()
    finally:
        clients.pop(client, None)


async def publish(messages: list[dict[str, Any]]) -> None:
    """Send each message to everybody."""
    for message in messages:
        broadcast(clients, json.dumps(message, separators=(",", ":")))


async def main() -> None:
    """Serve until standard input ends."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    async with serve(attend, sock=listening):
        say(json.dumps({"port": listening.getsockname()[1], "pid": os.getpid()}))
        await obey(Messages(sys.argv[1]), publish)
        os._exit(0)


if __name__ == "__main__":
    uvloop.run(main())
