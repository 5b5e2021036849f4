"""FastAPI under uvicorn: `await client.send_json(message)` for one client after the other."""

import asyncio
import json
import os
import socket
import sys
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from ticking import Messages, obey, say

app = FastAPI()
clients: dict[WebSocket, None] = {}


@app.websocket("/")  # type: ignore[untyped-decorator]
async def serve(client: WebSocket) -> None:
    """Serve one client until it leaves."""
    await client.accept()
    await client.send_text("ready")
    clients[client] = None
    try:
        while True:
            await client.receive_text()
    except WebSocketDisconnect:
        clients.pop(client, None)


async def publish(messages: list[dict[str, Any]]) -> None:
    """Send each message to everybody."""
    for message in messages:
        for client in list(clients):
            try:
                await client.send_json(message)
            except (RuntimeError, WebSocketDisconnect):
                clients.pop(client, None)


async def main() -> None:
    """Serve until standard input ends."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    say(json.dumps({"port": listening.getsockname()[1], "pid": os.getpid()}))
    await obey(Messages(sys.argv[1]), publish)
    serving.cancel()
    os._exit(0)  # a thread may still read standard input


if __name__ == "__main__":
    uvloop.run(main())
