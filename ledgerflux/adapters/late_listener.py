"""A port that listens at once and whose server is loaded when somebody asks.

Most of a role's HTTP ports are never asked on a laptop, and the libraries that answer are a
large part of what a role imports. Until then the kernel holds whoever knocks.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NoReturn

from ledgerflux.adapters.sockets import listening_socket
from ledgerflux.ports import ClientConnection, Door, Guard, Handler, Listener, Pack, Sent

Load = Callable[[socket.socket], Listener]
"""Imports a listener that serves the socket it is given."""


class LateListener:
    """`ports.Listener` over the one that `load` returns, called in a thread at the first knock."""

    def __init__(self, load: Load) -> None:
        self._load = load

    @asynccontextmanager
    async def serve(
        self,
        host: str,
        port: int,
        routes: Mapping[str, Handler],
        on_connection: Callable[[ClientConnection], Awaitable[None]] | None = None,
        *,
        websocket_paths: Sequence[str] = (),
        message_bytes_max: int = 16 * 1024,
        door: Door | None = None,
        guard: Guard | None = None,
        pack: Pack | None = None,
        sent: Sent | None = None,
    ) -> AsyncIterator[int]:
        """Listen while the context is open; see `ports.Listener.serve`."""
        bound = listening_socket(host, port)
        port = int(bound.getsockname()[1])

        async def answer() -> NoReturn:
            await _wait_knock(bound)
            listener = await asyncio.to_thread(self._load, bound)
            async with listener.serve(
                host,
                port,
                routes,
                on_connection,
                websocket_paths=websocket_paths,
                message_bytes_max=message_bytes_max,
                door=door,
                guard=guard,
                pack=pack,
                sent=sent,
            ):
                while True:
                    await asyncio.Event().wait()

        with bound:
            async with asyncio.TaskGroup() as tasks:
                answering = tasks.create_task(answer())
                try:
                    yield port
                finally:
                    answering.cancel()


async def _wait_knock(bound: socket.socket) -> None:
    """Return once somebody waits to be let in at `bound`."""
    loop = asyncio.get_running_loop()
    knocked = asyncio.Event()
    loop.add_reader(bound, knocked.set)
    try:
        await knocked.wait()
    finally:
        loop.remove_reader(bound)
