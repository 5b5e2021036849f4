"""Whatever a venue and its socket may do, as data.

A history is drawn by Hypothesis as steps; `records_of` turns it into calls of a
`PartitionNormalizer`, grouped as RAW records are, and `perform` makes one of them.
"""

from hypothesis import strategies as st

from ledgerflux.model.events import (
    BookSnapshot,
    BookUpdate,
    Heartbeat,
    Parsed,
    RecentTrades,
    Subscriptions,
    Ticker,
    Trade,
    Unknown,
    VenueError,
)

PRODUCTS = ("BTC-USD", "ETH-USD")
START_NS = 1_786_253_022_000_000_000


def weighted(*choices):
    """One of some strategies, each as often as its weight says; `one_of` forgets repeats."""
    table = [strategy for weight, strategy in choices for _ in range(weight)]
    return st.sampled_from(table).flatmap(lambda strategy: strategy)


_low = st.sampled_from(["1", "2", "2.0", "3", "3.50"])
_high = st.sampled_from(["6", "7", "7.0", "8.5", "9"])
_size = st.sampled_from(["1", "1.0", "2.5", "0", "0.000000"])
_present = st.sampled_from(["1", "1.0", "2.5"])
_times = st.none() | st.integers(0, 10**9).map(lambda ns: START_NS + ns)
_products = st.sampled_from(PRODUCTS)
_good_changes = st.lists(
    st.tuples(st.just("buy"), _low, _size) | st.tuples(st.just("sell"), _high, _size),
    min_size=1,
    max_size=4,
)
_bad_changes = st.sampled_from(
    [
        [("buy", "9.0", "1")],
        [("sell", "1", "1"), ("buy", "3", "1")],
        [("buy", "9.5", "1"), ("sell", "6", "0"), ("buy", "9.5", "0")],
        [("buy", "2", "2.5"), ("buy", "0", "1")],
        [("sell", "8.5", "-1")],
    ]
)
_snapshots = st.builds(
    BookSnapshot,
    _products,
    st.lists(st.tuples(_low, _present), min_size=1, max_size=3),
    st.lists(st.tuples(_high, _present), min_size=1, max_size=3),
    _times,
)
_event = weighted(
    (8, st.builds(BookUpdate, _products, _good_changes, _times)),
    (3, st.tuples(st.just("trade"), _products, st.just(1))),
    (2, _snapshots),
    (2, st.builds(BookUpdate, _products, _bad_changes, _times)),
    (1, st.tuples(st.just("trade"), _products, st.sampled_from([-1, 0, 2, 5]))),
    (1, st.tuples(st.just("recent"), _products, st.sampled_from([None, -2, 0, 3]))),
    (1, st.builds(Ticker, _products, st.just("5.5"), exchange_ns=_times)),
    (
        1,
        st.sampled_from(
            [
                BookSnapshot("BTC-USD", [("7", "1")], [("7.0", "1")], None),
                BookSnapshot("BTC-USD", [("0", "1")], [], None),
                BookSnapshot("ETH-USD", [], [], None),
                BookUpdate("XRP-USD", [("buy", "1", "1")], None),
                Heartbeat(None, 1, None, None),
                Subscriptions({}),
                Unknown("l3"),
                VenueError("rate_limited", "too many"),
            ]
        ),
    ),
)
_frame = st.tuples(
    st.just("frame"),
    weighted((9, st.just(0)), (1, st.sampled_from([1, 3, -1, -2]))),
    st.lists(_event, max_size=3),
)
_fresh = st.tuples(_snapshots, _snapshots).map(
    lambda pair: ("frame", 0, [_of(PRODUCTS[0], pair[0]), _of(PRODUCTS[1], pair[1])])
)
_open = st.tuples(
    st.just("open"),
    st.sampled_from([False, False, True]),
    st.sampled_from([PRODUCTS, PRODUCTS, PRODUCTS[:1]]),
    st.sampled_from([("level2", "trades"), ("level2", "trades", "ticker")]),
)
_loss = st.one_of(
    st.tuples(st.just("lost"), st.none() | st.integers(1, 4)),
    st.tuples(st.just("refused"), st.booleans()),
    st.tuples(st.just("close")),
)
_step = weighted((10, _frame), (2, _fresh), (2, _loss), (1, _open))

histories = st.tuples(
    st.tuples(_open, _fresh),
    st.lists(st.lists(_step, min_size=1, max_size=4), max_size=8),
    st.booleans(),
)
"""A first connection, steps in groups that stand for RAW records, whether frames are numbered."""


def _of(product, event):
    return BookSnapshot(product, event.bids, event.asks, event.exchange_ns)


def records_of(history):
    """Return the calls (method, arguments) that each RAW record of `history` stands for."""
    first, groups, numbered = history
    history = _History(numbered=numbered)
    return [[history.call(step) for step in group] for group in (first, *groups)]


class _History:
    """Turns what is relative in steps (numbers, ids, runs) into what a feed would bring."""

    def __init__(self, *, numbered):
        self.numbered = numbered
        self.sequence = 0
        self.run = 1
        self.trade_ids = dict.fromkeys(PRODUCTS, 10)
        self.now_ns = START_NS

    def call(self, step):
        self.now_ns += 1_000_000
        match step:
            case ("open", another_run, products, channels):
                self.run += another_run
                self.sequence = 0
                args = (f"r{self.run}", f"c{self.now_ns}", products, channels)
            case ("close",):
                args = ("closed with 1006",)
            case ("lost", frames):
                self.sequence += 2 if frames is None else frames
                args = ("overflow", frames)
            case ("refused", known):
                args = ("malformed", self._number(0) if self.numbered and known else None)
            case ("frame", jump, events):
                number = self._number(jump) if self.numbered else None
                args = (Parsed(number, [self._event(event) for event in events]),)
        return (step[0], (*args, self.now_ns))

    def _number(self, jump):
        if jump < 0:
            return max(0, self.sequence + jump)
        number = self.sequence + jump
        self.sequence = number + 1
        return number

    def _event(self, event):
        match event:
            case ("trade", product, step):
                self.trade_ids[product] += step
                return _trade(product, self.trade_ids[product])
            case ("recent", product, None):
                return RecentTrades(product, [])
            case ("recent", product, step):
                newest = self.trade_ids[product] = self.trade_ids[product] + step
                return RecentTrades(product, [_trade(product, newest), _trade(product, newest - 1)])
        return event


def _trade(product, trade_id):
    return Trade(product, trade_id, "5.5", f"{trade_id}", "buy", "BUY", None)


def perform(machine, call):
    """Make `call` on a `PartitionNormalizer`."""
    method, args = call
    getattr(machine, method)(*args)
