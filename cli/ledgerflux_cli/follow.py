"""`lf sub` at work: reads a gateway until something says to stop."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ledgerflux.client import WHOLE, Client, Message, Mirror, Reconnected, Terms, connect
from ledgerflux.core.patterns import choose
from ledgerflux.errors import GatewayError, IntegrityError
from ledgerflux_cli.find_gateway import refused
from ledgerflux_cli.market_lines import message_lines, reconnected_line
from ledgerflux_cli.output import say

POLL_S = 0.3
HEADED = ("level2", "trades")
"""Channels of which the status tells how far they reach."""


class Wish(NamedTuple):
    """What to follow; and when to stop: after `messages`, after `seconds`, at a replay's end."""

    channels: tuple[str, ...]
    products: tuple[str, ...] | None
    messages: int | None
    seconds: float | None
    to_replay_end: bool
    strict: bool
    as_json: bool
    terms: Terms = WHOLE
    compression: bool | None = None

    def of(self, channel: str) -> Terms:
        """Return how much of `channel` is asked for."""
        if channel == "candles":
            return Terms(interval=self.terms.interval)
        return self.terms._replace(interval=None) if channel in ("level2", "ticker") else WHOLE


class _Done(Exception):
    """Enough was read."""


async def follow(addresses: Sequence[str], wish: Wish, write: Callable[[str], None]) -> None:
    """Write what one of the gateways at `addresses` sends, as `wish` says.

    Raises:
        IntegrityError: Strict, and something was lost unannounced or a live book is crossed.
        LedgerFluxError: The gateway refused or is gone.
    """
    follower = Follower(wish, write)
    try:
        async with asyncio.timeout(wish.seconds):
            async with _connect(addresses, wish) as client:
                await follower.run(client)
    except TimeoutError:
        return
    except GatewayError as error:
        raise refused(error) from error


def _connect(addresses: Sequence[str], wish: Wish) -> Client:
    return connect(addresses, strict=wish.strict, compression=wish.compression)


class Follower:
    """Subscribes, writes, checks and counts."""

    def __init__(self, wish: Wish, write: Callable[[str], None]) -> None:
        self._wish = wish
        self._write = write
        self._left = wish.messages
        self._heads: Mapping[str, Any] | None = None
        self._flushed = False
        self._violations = 0

    async def run(self, client: Client) -> None:
        """Read until enough was read."""
        for channel in self._wish.channels:
            products = None if channel == "system" else self._wish.products
            terms = self._wish.of(channel)
            await client.subscribe(
                channel,
                products,
                depth=terms.depth,
                conflate=terms.conflate,
                interval=terms.interval,
            )
        try:
            async with asyncio.TaskGroup() as group:
                if self._wish.to_replay_end:
                    group.create_task(self._watch(client))
                await self._read(client)
        except BaseExceptionGroup as group:
            error = _first(group)
            if not isinstance(error, _Done):
                raise error from None

    async def _read(self, client: Client) -> None:
        async for message in client:
            if isinstance(message, Reconnected):
                say(reconnected_line(message))
                continue
            self._check(client, message)
            self._show(client, message)
            if message.type == "pong":
                self._flushed = self._heads is not None
            if self._left == 0 or self._arrived(client):
                raise _Done

    def _check(self, client: Client, message: Message) -> None:
        if client.violations_total != self._violations:
            self._violations = client.violations_total
            say(f"{message.product_id} {message.channel}: lost unannounced; subscribing anew")
        if not self._wish.strict or message.channel != "level2":
            return
        mirror = client.books.get(message.product_id)
        if mirror is not None and mirror.live and mirror.book.crossed():
            bid, ask = mirror.book.best()
            raise IntegrityError(
                f"{message.product_id}: live and crossed at seq {message.seq}: {bid} {ask}"
            )

    def _show(self, client: Client, message: Message) -> None:
        if message.type == "pong":
            return  # asked by this program, not by its user
        mirror = self._mirror(client, message)
        lines = [message.raw.decode()] if self._wish.as_json else message_lines(message, mirror)
        for line in lines:
            self._write(line)
        if message.channel and message.type not in ("subscribed", "unsubscribed"):
            self._left = None if self._left is None else self._left - 1

    def _mirror(self, client: Client, message: Message) -> Mirror | None:
        return client.books.get(message.product_id) if message.channel == "level2" else None

    async def _watch(self, client: Client) -> None:
        """Wait for the replay's end; then let pongs drive the look at what has arrived."""
        while self._heads is None:
            try:
                status = await client.status()
            except GatewayError:
                status = None  # whoever reads finds out whether it comes back
            if status is not None and status["replay"]["through"]:
                self._heads = status["heads"]
            else:
                await asyncio.sleep(POLL_S)
        while True:
            await client.ping()  # what was queued before its answer is read before it
            await asyncio.sleep(POLL_S)

    def _arrived(self, client: Client) -> bool:
        """Say whether everything up to the heads of the ended replay was received."""
        if self._heads is None or not self._flushed:
            return False
        return all(
            _reached(client, channel, product, self._heads[product])
            for channel in self._wish.channels
            if channel in HEADED
            for product in choose(self._wish.products or ("*",), self._heads).products
        )


def _reached(client: Client, channel: str, product: str, head: Mapping[str, Any]) -> bool:
    at = client.position(channel, product)
    if at is None or at.epoch != head["epoch"] or at.seq < head[channel]:
        return False
    return channel != "level2" or head["state"] != "live" or client.books[product].whole


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group, however deep."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def write_line(text: str) -> None:
    """Write one line at once: whoever reads the pipe gets it now."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
