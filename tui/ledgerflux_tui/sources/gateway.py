"""The source of a running stack: one connection to one of its gateways.

All products come as conflated tickers and a status a second; book, trades and candles of the
product in focus only. What the gateway leaves out is never decoded here.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NoReturn
from urllib.parse import quote

from msgspec import ValidationError, convert

from ledgerflux.client import Client, Message, Missed, Reconnected, connect
from ledgerflux.client.addresses import get_json
from ledgerflux.core.backoff import Backoff
from ledgerflux.core.terms import Conflation
from ledgerflux.errors import GatewayError, LedgerFluxError
from ledgerflux.model.stream import TradeEvent
from ledgerflux_tui.sources.base import Focus
from ledgerflux_tui.state.view_state import ViewState

TEMPO: Conflation = "100ms"
"""How often books and prices are told: no more often than they are painted."""
DETAILS = ("level2", "trades", "candles")
SEED_MAX = 100
"""Trades asked for of before."""
GONE = ("gateway_unreachable", "protocol_error", "closed")
"""Of errors in a subscription: those that end the connection."""


class GatewaySource:
    """Feeds a view state from a gateway until cancelled.

    Args:
        addresses: Of the gateways of one stack; the next is tried when one is lost.
        now_ns: The clock of the state.
        products: Ids and patterns to show; None: all.
        random: Draws from [0, 1) for the pauses between attempts.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        now_ns: Callable[[], int],
        random: Callable[[], float],
        products: Sequence[str] | None = None,
    ) -> None:
        self._addresses = list(addresses)
        self._now_ns = now_ns
        self._random = random
        self._products = products
        self._wish: Focus | None = None
        self._wished = asyncio.Event()
        self._held: Focus | None = None
        self._client: Client | None = None
        self._state = ViewState()
        self._takers: dict[tuple[str, str], Callable[[Client, Message], None]] = {
            ("ticker", "ticker"): self._take_ticker,
            ("system", "status"): self._take_status,
            ("level2", "snapshot"): self._take_book,
            ("level2", "update"): self._take_book,
            ("level2", "gap"): self._take_book,
            ("trades", "trade"): self._take_trades,
            ("candles", "candle"): self._take_candles,
        }

    def focus(self, focus: Focus) -> None:
        """Follow the details of another product from now on; of several calls the last counts."""
        self._wish = focus
        self._wished.set()

    async def control(self, action: str, **params: object) -> str:
        """Have the stack do something (`Client.control`); return why not, empty where it does."""
        if self._client is None:
            return "the gateway is gone"
        try:
            answer = await self._client.control(action, **params)
            if answer.replay is not None:
                self._state.replay.hear(answer.replay)
        except LedgerFluxError as error:
            return error.message
        except (KeyError, TypeError, ValueError):
            return "the gateway's answer can't be read"
        return ""

    async def run(self, state: ViewState) -> None:
        """Feed `state` until cancelled; a lost connection is part of the state, no error."""
        self._state = state
        backoff = Backoff(base_s=0.2, cap_s=3.0, calm_s=5.0)
        while True:
            why = await self._connection(backoff)
            state.connection.lost(why, self._now_ns())
            self._addresses.append(self._addresses.pop(0))
            await asyncio.sleep(backoff.fail(self._random()))

    async def _connection(self, backoff: Backoff) -> str:
        """Feed the state over one connection; return how it ended."""
        try:
            async with (
                connect(
                    self._addresses, give_up_after_s=0.0, on_gap=self._missed, random=self._random
                ) as client,
                asyncio.TaskGroup() as tasks,
            ):
                self._client = client
                tasks.create_task(self._keep_focus(client))
                await self._follow(client, backoff)
        except LedgerFluxError as error:
            return error.message
        except ExceptionGroup as group:
            ours, others = group.split(LedgerFluxError)
            if others is not None:
                raise
            return str(_first(ours or group))
        finally:
            self._client = None

    async def _follow(self, client: Client, backoff: Backoff) -> NoReturn:
        await client.subscribe("system")
        await client.subscribe("ticker", self._products, conflate=TEMPO)
        async for message in client:
            if isinstance(message, Reconnected):
                self._opened(client)
                continue
            if self._state.connection.phase != "open":
                self._opened(client)
            backoff.clean(self._now_ns())
            take = self._takers.get((message.channel, message.type))
            if take is not None:
                take(client, message)
            elif message.type == "goodbye":
                self._state.connection.lost(f"the gateway says goodbye: {message.reason}", 0)
        raise AssertionError("a client iterates without end")

    def _opened(self, client: Client) -> None:
        self._state.connection.opened(client.url, self._now_ns())

    # -- the product in focus ------------------------------------------------------------

    async def _keep_focus(self, client: Client) -> NoReturn:
        """Follow what is wished, the newest wish only."""
        self._held = None
        while True:
            if self._wish is not None and self._wish != self._held:
                await self._change_focus(client, self._wish)
            else:
                self._wished.clear()
                await self._wished.wait()

    async def _change_focus(self, client: Client, wish: Focus) -> None:
        """Follow what differs anew; what stays the same goes on without a break."""
        try:
            held, self._held = self._held, None
            channels = differing(held, wish)
            if held is not None:
                for channel in channels:
                    await client.unsubscribe(channel, [held.product])
            self._begin(wish, channels, same=held is not None and held.product == wish.product)
            named = [wish.product]
            if "level2" in channels:
                await client.subscribe("level2", named, depth=wish.depth, conflate=TEMPO)
            if "trades" in channels:
                await client.subscribe("trades", named)
            if "candles" in channels:
                await client.subscribe("candles", named, interval=wish.interval)
            if "trades" in channels:
                await self._seed(client, wish.product)
        except GatewayError as error:
            if error.code in GONE:
                raise
            self._state.connection.note = error.message  # and the rest goes on
        self._held = wish

    async def _seed(self, client: Client, product: str) -> None:
        """Fill the tape with what was traded before; where that can't be had, it begins empty."""
        path = f"/v1/products/{quote(product, safe='')}/trades?limit={SEED_MAX}"
        try:
            document = await asyncio.to_thread(get_json, client.url, path)
            trades = convert(document["data"], list[TradeEvent])
        except (GatewayError, ValidationError, KeyError, TypeError):
            return
        place = client.position("trades", product)
        same = place is not None and place.epoch == document.get("epoch")
        if same and self._state.tape.product == product:
            self._state.tape.seed(trades, self._now_ns())

    def _begin(self, wish: Focus, channels: Sequence[str], *, same: bool) -> None:
        """Forget what is followed anew; of the same product the book stays until the next one."""
        state = self._state
        book = state.books.of(wish.product) if same else None
        if book is not None:
            book.depth = wish.depth
        elif "level2" in channels:
            state.books.open(wish.product, wish.depth)
        if "trades" in channels:
            state.tape.begin(wish.product)
        if "candles" in channels:
            state.candles.begin(wish.product, wish.interval)

    # -- messages ------------------------------------------------------------------------

    def _take_status(self, _client: Client, message: Message) -> None:
        try:
            self._state.take_status(message.document(), self._now_ns())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            text = f"the gateway's status can't be read: {type(error).__name__} {error}"
            raise GatewayError(text, code="protocol_error") from error

    def _take_ticker(self, _client: Client, message: Message) -> None:
        for ticker in message.tickers()[-1:]:
            self._state.markets.of(message.product_id).take(ticker, self._now_ns())

    def _take_book(self, client: Client, message: Message) -> None:
        book = self._state.books.of(message.product_id)
        mirror = client.books.get(message.product_id)
        if book is None or mirror is None:
            return
        now_ns = self._now_ns()
        book.bids, book.asks = mirror.book.bids(), mirror.book.asks()
        book.state = mirror.state if mirror.whole or mirror.state != "live" else "syncing"
        book.integrity, book.told_ns = mirror.integrity, now_ns
        if mirror.position is not None:
            book.epoch, book.seq = mirror.position
        book.proved = message.checksum is not None and not mirror.broken
        if message.type == "snapshot":
            book.snapshot_ns, book.rule = now_ns, message.integrity_rule
            book.snapshots_total += 1 if mirror.whole else 0
        if mirror.live and mirror.book.crossed():
            book.crossed_total += 1

    def _take_trades(self, _client: Client, message: Message) -> None:
        tape = self._state.tape
        if message.product_id == tape.product:
            tape.take(message.trades(), self._now_ns())

    def _take_candles(self, _client: Client, message: Message) -> None:
        candles = self._state.candles
        if (message.product_id, message.interval) == (candles.product, candles.interval):
            candles.take(message.candles(), self._now_ns())

    def _missed(self, missed: Missed) -> None:
        book = self._state.books.of(missed.product)
        if missed.channel == "level2" and book is not None:
            book.gaps_total += 1
            book.gap_cause = missed.cause
        elif missed.channel == "trades" and missed.product == self._state.tape.product:
            self._state.tape.gaps_total += 1


def differing(held: Focus | None, wish: Focus) -> tuple[str, ...]:
    """Return the channels that must be followed anew for `wish` where `held` is followed."""
    if held is None or held.product != wish.product:
        return DETAILS
    differs = {"level2": held.depth != wish.depth, "candles": held.interval != wish.interval}
    return tuple(channel for channel in DETAILS if differs.get(channel, False))


def _first(error: BaseException) -> BaseException:
    """Return the first error of a group, however deep."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
