"""What may be believed of what a venue said, and what any client makes of the events.

`Oracle` says, without the project's machines, which books are proved after each call of a
history (`histories`); `Client` applies events as a client must, and refuses what no client
could accept.
"""

from decimal import Decimal

from ledgerflux.model.events import BookSnapshot, BookUpdate
from ledgerflux.model.stream import Gap, Level2Snapshot, Level2Update, StatusEvent, TradeEvent

# -- books ------------------------------------------------------------------------------


class PlainBook:
    """Exact price to the texts that came last, a dict a side."""

    def __init__(self, bids=(), asks=()):
        self.sides = {"buy": {}, "sell": {}}
        self.apply([("buy", *level) for level in bids])
        self.apply([("sell", *level) for level in asks])

    def apply(self, changes):
        for side, price, size in changes:
            if Decimal(size):
                self.sides[side][Decimal(price)] = (price, size)
            else:
                self.sides[side].pop(Decimal(price), None)

    def bids(self):
        return [level for _, level in sorted(self.sides["buy"].items(), reverse=True)]

    def asks(self):
        return [level for _, level in sorted(self.sides["sell"].items())]

    def levels(self):
        return self.bids(), self.asks()

    def crossed(self):
        buy, sell = self.sides["buy"], self.sides["sell"]
        return bool(buy and sell and max(buy) >= min(sell))


# -- what a client makes of it ----------------------------------------------------------


class Client:
    """One product's streams as a client sees them, over all its epochs."""

    def __init__(self):
        self.epoch = None
        self.epochs = []
        self._begin(None)

    def _begin(self, epoch):
        assert epoch not in self.epochs, "an epoch came back"
        self.epochs.append(epoch)
        self.epoch = epoch
        self.seqs = {}
        self.state = "init"
        self.live = False
        self.book = PlainBook()
        self.trade_id = None
        self.trades = []
        self.gaps = []
        self.tickers = []

    def take(self, made):
        """Apply one event."""
        if made.epoch != self.epoch:
            assert not self.live, "a live book was left without a word"
            self._begin(made.epoch)
        expected = self.seqs.get(made.channel, 0) + 1
        assert made.event.seq == expected, (made.channel, made.event.seq, expected)
        self.seqs[made.channel] = expected
        match made.channel:
            case "level2":
                self._level2(made.event)
            case "trades":
                self._trades(made.event)
            case "ticker":
                self.tickers.append(made.event)
            case "status":
                assert isinstance(made.event, StatusEvent)
                assert made.event.state != self.state, "told twice"
                self.state = made.event.state

    def _level2(self, event):
        match event:
            case Level2Snapshot():
                self.book = PlainBook(event.bids, event.asks)
                assert self.book.levels() == (event.bids, event.asks)
                self.live = True
            case Level2Update():
                assert self.live, "an update between a gap and the next snapshot"
                self.book.apply(event.changes)
            case Gap():
                assert self.live, "a gap that follows no live book"
                self.live = False
                self.gaps.append(event)

    def _trades(self, event):
        if isinstance(event, Gap):
            assert event.missing == event.to_id - event.from_id + 1 > 0
            first, last = event.from_id, event.to_id
        else:
            assert isinstance(event, TradeEvent)
            self.trades.append(event)
            first = last = event.trade_id
        assert self.trade_id is None or first == self.trade_id + 1, "an id twice, or untold"
        self.trade_id = last


class Clients:
    """A client of every product."""

    def __init__(self):
        self.of = {}

    def take(self, made):
        """Apply events in order."""
        for item in made:
            self.of.setdefault(item.product, Client()).take(item)

    def check(self, machine):
        """Assert that clients know exactly what `machine` holds."""
        assert set(self.of) == set(machine.products)
        for product, stream in machine.products.items():
            client = self.of[product]
            assert (client.epoch, client.state) == (stream.epoch, stream.state)
            assert client.live is (stream.state == "live")
            if client.live:
                assert client.book.levels() == (stream.book.bids(), stream.book.asks())
                assert not client.book.crossed()


# -- what may be believed ---------------------------------------------------------------


class Oracle:
    """Which books are proved: a good snapshot, and nothing but good updates in order since."""

    def __init__(self):
        self.proved = {}
        self.known = set()
        self.run = None
        self.next = None

    def take(self, call):
        """Follow one call."""
        method, args = call
        match method:
            case "open":
                self.known |= set(args[2])
                self.proved.clear()
                self.next = 0
            case "close":
                self.proved.clear()
            case "lost":
                self.proved.clear()
                frames = args[1]
                self.next = None if frames is None or self.next is None else self.next + frames
            case "refused":
                self._in_order(args[1])
                self.proved.clear()
            case "frame":
                if self._in_order(args[0].sequence):
                    self._frame(args[0].events)

    def _in_order(self, number):
        if number is None:
            return True
        if self.next is not None and number < self.next:
            self.proved.clear()
            return False
        if self.next is not None and number > self.next:
            self.proved.clear()
        self.next = number + 1
        return True

    def _frame(self, events):
        touched = set()
        for event in events:
            if isinstance(event, BookSnapshot) and event.product in self.known:
                self._snapshot(event)
                touched.discard(event.product)
            if isinstance(event, BookUpdate) and event.product in self.proved:
                if all(_possible(price, size) for _, price, size in event.changes):
                    self.proved[event.product].apply(event.changes)
                    touched.add(event.product)
                else:
                    del self.proved[event.product]
        for product in touched & set(self.proved):
            if self.proved[product].crossed():
                del self.proved[product]

    def _snapshot(self, event):
        possible = all(_possible(*level) for level in (*event.bids, *event.asks))
        book = PlainBook(event.bids, event.asks) if possible else None
        if book is None or book.crossed():
            self.proved.pop(event.product, None)
        else:
            self.proved[event.product] = book


def _possible(price, size):
    return Decimal(price) > 0 and Decimal(size) >= 0
