"""The dashboard in tests: fed by hand, by a clock that stands still until it is moved.

Nothing happens by itself here, so what a screen shows can be waited for and then held to.
"""

import asyncio
from contextlib import asynccontextmanager
from copy import deepcopy
from decimal import Decimal

from tui_health import a_latency, a_shard, the_gateways, the_stages

from ledgerflux.model.stream import CandleEvent, TickerEvent, TradeEvent
from ledgerflux.model.units import NANOS_PER_S, rfc3339
from ledgerflux_tui.app import Dashboard
from ledgerflux_tui.options import Options

START_NS = 1_767_323_051_000_000_000
"""2026-01-02T03:04:11Z."""
PRODUCTS = ("BTC-USD", "ETH-USD", "SOL-USD", "ADA-USD")
PRICES = {"BTC-USD": "61250.11", "ETH-USD": "3012.10", "SOL-USD": "171.82", "ADA-USD": "0.4511"}


async def until(condition, timeout_s: float = 5.0):
    """Return the first true value of `condition`, polled."""
    async with asyncio.timeout(timeout_s):
        while not (value := condition()):
            await asyncio.sleep(0.005)
        return value


def a_status(products=PRODUCTS, source="synthetic:200", events=0, **more):
    """Return an `lf.status/1` of two shards and `products`, each with so many events."""
    shards = [list(products[0::2]), list(products[1::2])]
    names = ("nats", "postgres", "exchange", "ingest", "normalize-0", "normalize-1", "snapshot",
             "gateway")  # fmt: skip
    document = {
        "schema": "lf.status/1",
        "state": "healthy",
        "source": source,
        "durability": "process",
        "services": [
            {"name": name, "pid": 100 + at, "state": "ready", "cpu": 0.05, "rss_bytes": 50_000_000,
             "restarts": 0, "since": rfc3339(START_NS - 60 * NANOS_PER_S)}
            for at, name in enumerate(names)
        ],
        "shards": [
            a_shard(at, partitions=[at], products=names, rate=100.0 * (at + 1), pid=104 + at)
            for at, names in enumerate(shards)
        ],
        "stages": the_stages(),
        "end_to_end": a_latency(4.0, 12.0, 21.0, 48.0, gateway=[0] * 17 + [events]),
        "counts": {"exchange_sent": events, "raw_frames": events, "raw_gap_frames": 0,
                   "norm_events": events, "dlq": 0},
        "gaps": 0,
        "disk_bytes": 8192,
        "clients": 1,
        "gateways": the_gateways(),
        "heads": {
            product: {"epoch": "r1", "level2": events, "trades": 0, "state": "live",
                      "integrity": "sequence"}
            for product in products
        },
        "replay": {"ended": False, "paused": False, "through": False},
        "problems": [],
    }  # fmt: skip
    document.update(deepcopy(more))
    return document


def a_replay(**more):
    """Return the replay of a status: a recording of a minute, a third of it played."""
    recording = {
        "frames": 9_000, "span_ms": 60_000, "begin": rfc3339(START_NS),
        "end": rfc3339(START_NS + 60 * NANOS_PER_S), "rate_width_ms": 500,
        "rates": [1 + at % 7 for at in range(120)],
        "marks": [{"kind": "gap", "at_ms": 10_000}, {"kind": "close", "at_ms": 40_000}],
        "marks_total": 2,
    }  # fmt: skip
    replay = {
        "ended": False, "paused": False, "through": False, "state": "running", "speed": 10.0,
        "can": ["pause", "resume", "speed", "step", "seek"], "held": 9.96, "loop": False,
        "frames": 3_000, "at_ms": 20_000, "time": rfc3339(START_NS + 20 * NANOS_PER_S),
        "recording": recording,
    }  # fmt: skip
    return replay | more


def a_trade(seq, price, size="0.5", side="buy", now_ns=START_NS):
    time = rfc3339(now_ns)
    return TradeEvent(seq, 900 + seq, price, size, side, side.upper(), time, time)


def a_bar(minute, close, volume="1.5"):
    start = rfc3339((START_NS // (60 * NANOS_PER_S) + minute) * 60 * NANOS_PER_S)
    high, low = str(Decimal(close) + 2), str(Decimal(close) - 3 if Decimal(close) > 3 else close)
    return CandleEvent(
        start=start, open=low if minute % 3 else high, high=high, low=low, close=close,
        volume=volume, trades=3, vwap=close, closed=minute < 0, whole=True,
        ts_exchange=start, ts_receive=start,
    )  # fmt: skip


class HandClock:
    """UTC that moves when told."""

    def __init__(self):
        self.now_ns = START_NS

    def __call__(self):
        return self.now_ns

    def forward(self, seconds):
        self.now_ns += round(seconds * NANOS_PER_S)


class Crank:
    """A source that is turned by hand: each method is something a gateway could tell."""

    def __init__(self, clock):
        self.clock = clock
        self.state = None
        self.focused = []
        self.orders = []
        self.refusal = ""
        self.events = 0

    async def run(self, state):
        self.state = state
        await asyncio.Event().wait()

    async def control(self, action, **params):
        self.orders.append((action, params))
        return self.refusal

    def focus(self, focus):
        self.focused.append(focus)

    def open(self):
        self.state.connection.opened("ws://127.0.0.1:8000/v1/ws", self.clock())

    def lose(self, why="the gateway is gone"):
        self.state.connection.lost(why, self.clock())

    def status(self, more_events=0, **more):
        self.events += more_events
        self.state.take_status(a_status(events=self.events, **more), self.clock())

    def replay(self, **more):
        """Tell of a recording of a minute, a third of it played, with two breaks."""
        self.status(source="replay:day.lfr", replay=a_replay(**more))

    def price(self, product, price, bid=None, ask=None):
        time = rfc3339(self.clock())
        ticker = TickerEvent(1, None, time, price, "1", bid or price, "1", ask or price, "2")
        self.state.markets.of(product).take(ticker, self.clock())

    def book(self, product="BTC-USD", levels=12, state="live", integrity="sequence"):
        book = self.state.books.of(product) or self.state.books.open(product, 25)
        book.bids = [(f"{61_250 - at}.10", f"0.{at + 1}") for at in range(levels)]
        book.asks = [(f"{61_251 + at}.10", f"0.{at + 2}") for at in range(levels)]
        book.state, book.integrity, book.seq, book.epoch = state, integrity, 41, "r1"
        book.told_ns = book.snapshot_ns = self.clock()
        book.proved = True
        return book

    def trades(self, *prices, product="BTC-USD"):
        tape = self.state.tape
        if tape.product != product:
            tape.begin(product)
        first = tape.trades_total + 1
        tape.take(
            [
                a_trade(first + at, price, side="buy" if at % 2 else "sell", now_ns=self.clock())
                for at, price in enumerate(prices)
            ],
            self.clock(),
        )

    def bars(self, *closes, product="BTC-USD", interval="1m"):
        """Tell candles, the last of them not closed yet."""
        candles = self.state.candles
        if (candles.product, candles.interval) != (product, interval):
            candles.begin(product, interval)
        first = 1 - len(closes)
        candles.take([a_bar(first + at, close) for at, close in enumerate(closes)], self.clock())

    def all_well(self):
        """Tell everything that a stack in good health would."""
        self.open()
        self.status()
        self.clock.forward(1)
        self.status(more_events=100)
        for product in PRODUCTS:
            self.price(product, PRICES[product])
        self.price("BTC-USD", "61250.61", bid="61250.10", ask="61251.10")
        self.state.selected = "BTC-USD"
        self.book()
        self.trades("61250.10", "61251.10", "61250.60")
        self.bars("61240.10", "61245.60", "61243.10", "61251.10", "61250.60")


class Screen:
    """One dashboard under test."""

    def __init__(self, app, pilot, crank, clock):
        self.app, self.pilot, self.crank, self.clock = app, pilot, crank, clock

    async def press(self, *keys):
        await self.pilot.press(*keys)
        await self.paint()

    async def paint(self):
        """Let the clock of the screen tick once, for every panel."""
        await self.pilot.pause()
        self.app.tick()
        self.app.pull_all()
        await self.pilot.pause()

    async def resize(self, width, height):
        await self.pilot.resize_terminal(width, height)
        await self.paint()

    def lines(self):
        """Return the whole screen as text."""
        strips = self.app.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips]

    def text(self):
        return "\n".join(self.lines())

    async def shows(self, text, timeout_s=5.0):
        """Wait until the screen holds `text`."""
        async with asyncio.timeout(timeout_s):
            while text not in self.text():
                await self.paint()

    async def shows_no(self, text, timeout_s=5.0):
        async with asyncio.timeout(timeout_s):
            while text in self.text():
                await self.paint()

    def panel(self, name):
        return self.app.query_one(f"#{name}")


@asynccontextmanager
async def dashboard(size=(120, 36), *, fed=True, **options):
    """Open a dashboard on a terminal of `size`; `fed`: by a stack in good health."""
    clock = HandClock()
    crank = Crank(clock)
    app = Dashboard(crank, Options(clock="hand", **options), clock)
    async with app.run_test(size=size) as pilot:
        await until(lambda: crank.state is not None)
        if fed:
            crank.all_well()
        screen = Screen(app, pilot, crank, clock)
        await screen.paint()
        yield screen


async def ordered(screen, *keys):
    """Return what was ordered by pressing `keys`."""
    before = len(screen.crank.orders)
    await screen.press(*keys)
    await until(lambda: len(screen.crank.orders) > before)
    return screen.crank.orders[before:]
