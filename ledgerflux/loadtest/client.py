"""One load client: it connects, follows, behaves as it was told, and comes back."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from ledgerflux.errors import GatewayError
from ledgerflux.loadtest.orders import ClientOrder, Order
from ledgerflux.loadtest.reading import Piece, Reader
from ledgerflux.loadtest.socket import LoadSocket, open_socket
from ledgerflux.loadtest.watch import Totals, Watch, note

RETRY_S = 0.25
STALL_S = 5.0
"""How long a slow client reads nothing, again and again."""
CATCH_UP_S = 1.0
GREEDY_EVERY_S = 1.0
GREEDY_REQUESTS = 25
"""Asked at once: more than a second's share, fewer than end the connection."""

Habit = Callable[[LoadSocket], Coroutine[Any, Any, None]]


class LoadClient:
    """Serves `order` until cancelled; `connected` while its socket is open."""

    def __init__(self, order: ClientOrder, whole: Order, totals: Totals, reader: Reader) -> None:
        self.order = order
        self.connected = False
        self.watch = Watch(order, totals)
        self._reader = reader
        self._whole = whole
        self._counts = totals.counts
        self._socket: LoadSocket | None = None
        self._churning = False
        self._asked_total = 0

    @property
    def subscribed(self) -> bool:
        """Say whether everything asked for was granted on this connection."""
        return self.connected and self.watch.granted >= set(self._whole.channels)

    async def run(self) -> None:
        """Connect and follow, again and again."""
        await asyncio.sleep(max(0, self.order.start_ns - time.monotonic_ns()) / 1e9)
        while True:
            try:
                await self._connection()
            except GatewayError as error:
                self._counts.connect_failures += 1
                note(self._counts.errors, error.code)
            if not self._churning:
                await asyncio.sleep(RETRY_S)

    def churn(self) -> None:
        """Leave, and come back at once."""
        if self.connected and self._socket is not None:
            self._churning = True
            self._counts.reconnects += 1
            self._socket.close()

    async def _connection(self) -> None:
        """Open one connection and serve it to its end.

        Raises:
            GatewayError: It can't be opened.
        """
        self._churning = False
        self.watch.begin(time.monotonic_ns())
        slow = self.order.slow
        opened = await open_socket(self._whole.url, self._reader, self._on_piece, slow=slow)
        self._socket, self.connected = opened, True
        try:
            self._subscribe(opened)
            async with asyncio.TaskGroup() as group:
                habits = [group.create_task(habit(opened)) for habit in self._habits()]
                code = await asyncio.shield(opened.ended)
                for task in habits:
                    task.cancel()
        finally:
            self.connected = False
            self._counts.received_bytes += opened.received_bytes
            opened.abort()
        if not self._churning:
            self._was_ended(code)

    def _was_ended(self, code: int) -> None:
        if self.order.slow:
            self._counts.slow_disconnects += 1
        else:
            note(self._counts.disconnects, str(code))

    def _habits(self) -> list[Habit]:
        habits: list[Habit] = []
        if self.order.slow:
            habits.append(_read_slowly)
        if self.order.greedy:
            habits.append(self._ask_too_often)
        return habits

    async def _ask_too_often(self, opened: LoadSocket) -> None:
        while True:
            for _ in range(GREEDY_REQUESTS):
                self._ask(opened, "ping", {})
            await asyncio.sleep(GREEDY_EVERY_S)

    def _subscribe(self, opened: LoadSocket) -> None:
        """Ask for the channels that were not granted yet."""
        products = self.order.products
        asked = ["*"] if products is None else products
        for channel in self._whole.channels:
            if channel not in self.watch.granted:
                params: dict[str, object] = {"channel": channel, "product_ids": asked}
                if channel == "level2":
                    params["depth"] = "full"
                self._ask(opened, "subscribe", params)

    def _ask(self, opened: LoadSocket, method: str, params: dict[str, object]) -> None:
        self._asked_total += 1
        request = {"method": method, "params": params, "req_id": self._asked_total}
        opened.send(msgspec.json.encode(request))

    def _on_piece(self, piece: Piece, now_ns: int) -> None:
        for error in self.watch.take(piece, now_ns):
            if error.retry_after_ms is not None and not self.subscribed:
                loop = asyncio.get_running_loop()
                loop.call_later(error.retry_after_ms / 1000, self._ask_again, self._socket)

    def _ask_again(self, opened: LoadSocket | None) -> None:
        if opened is not None and opened is self._socket and self.connected:
            self._subscribe(opened)


async def _read_slowly(opened: LoadSocket) -> None:
    while True:
        opened.pause(paused=True)
        await asyncio.sleep(STALL_S)
        opened.pause(paused=False)
        await asyncio.sleep(CATCH_UP_S)
