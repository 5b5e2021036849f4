"""One partition of one venue: sessions, frames and losses become events of its products.

A pure function of what is in RAW: no clock, no order that depends on anything but the
records. Live work, restart and renormalizing all run through this one class.
"""

from collections import Counter
from collections.abc import Sequence

from ledgerflux.core.partition_notes import Notice, Resync, Session
from ledgerflux.core.product_normalizer import ProductNormalizer
from ledgerflux.core.sequence import ACCEPT, SequenceTracker, Verdict
from ledgerflux.model.checkpoint import PartitionCheckpoint, ProductCheckpoint
from ledgerflux.model.events import (
    BookSnapshot,
    BookUpdate,
    Event,
    Heartbeat,
    Parsed,
    RecentTrades,
    Ticker,
    Trade,
    Unknown,
    VenueError,
)
from ledgerflux.model.stream import Made

OF_PRODUCTS = (BookUpdate, Trade, Ticker, BookSnapshot, RecentTrades)
"""Events that belong to a product's streams, the most frequent first."""
RUN_COUNTS = ("raw_frames", "raw_gap_frames", "raw_breaks")
"""Counts of the current run of the source; the others are of the data set."""
PAST = "past_"
"""Before the name of one of them: what was counted in the runs before."""


class PartitionNormalizer:
    """Turns what one partition's socket brought into events.

    Feed it in RAW order; `take` hands over what was made since. `counts` are totals, those
    in `RUN_COUNTS` of the current run of the source. `raw_breaks` counts ends of sessions
    after which nobody knows how many frames are missing.
    """

    def __init__(self) -> None:
        self.products: dict[str, ProductNormalizer] = {}
        self.session = Session()
        self._derives = True
        """Whether tickers are made here: the venue's own are not subscribed."""
        self.counts: Counter[str] = Counter(norm_events=0, gaps=0, dlq=0)
        self._tracker = SequenceTracker()
        self._made: list[Made] = []
        self._resyncs: list[Resync] = []
        self._notices: list[Notice] = []

    @property
    def session_frames(self) -> int:
        """Return how many frames the open connection brought, lost ones that were counted too."""
        return self._known_frames - self.session.start if self.session.connection else 0

    @property
    def _known_frames(self) -> int:
        return self.counts["raw_frames"] + self.counts["raw_gap_frames"]

    def take(self) -> tuple[list[Made], list[Resync]]:
        """Return events and resyncs made since the last call, in order."""
        made, resyncs = self._made[:], self._resyncs
        self._made.clear()  # the products hold this very list
        self._resyncs = []
        if made:
            self.counts["norm_events"] += len(made)
        for item in made:
            if item[2] == "gap":
                self.counts["gaps"] += 1
        return made, resyncs

    def passed_over(self) -> Counter[str]:
        """Return what the products passed over since this object was made."""
        total: Counter[str] = Counter()
        for stream in self.products.values():
            total.update(stream.statistics()._asdict())
        return total

    # -- the connection ----------------------------------------------------------------

    def open(
        self,
        run: str,
        connection: str,
        products: Sequence[str],
        channels: Sequence[str],
        receive_ns: int,
    ) -> None:
        """A connection was made for `products`."""
        if run != self.session.run:
            for name in RUN_COUNTS:
                self.counts[PAST + name] += self.counts[name]
                self.counts[name] = 0
        elif self.session.connection:  # its ingest was killed
            self.counts["raw_breaks"] += 1
        self.session = Session(run, connection, tuple(channels), self._known_frames)
        self._derives = "ticker" not in channels
        self._tracker = SequenceTracker(0)
        for product in products:
            if product not in self.products:
                self.products[product] = ProductNormalizer(product, self._made)
            self.products[product].open(run, receive_ns)
        for product, stream in self.products.items():
            if product not in products:
                stream.close("no longer subscribed", receive_ns)

    def close(self, reason: str, receive_ns: int, *, complete: bool = True) -> None:
        """The connection ended; `complete` where nothing that was sent is missing."""
        self.session = self.session._replace(connection="")
        self.counts["raw_breaks"] += not complete
        for stream in self.products.values():
            stream.close(reason, receive_ns)

    def lost(self, cause: str, frames: int | None, receive_ns: int) -> None:
        """Frames were lost between socket and log, `frames` of them where they were counted."""
        self.counts["raw_gap_frames"] += frames or 0
        self._forget_beat()
        self.counts["raw_gaps"] += 1
        if frames is None:
            self._tracker = SequenceTracker()  # nobody knows which number comes next
        elif self._tracker.expected is not None:
            self._tracker.expected += frames
        detail = "frames were lost before the log"
        self._doubt_all(cause, detail, receive_ns, missing=frames)

    # -- frames ------------------------------------------------------------------------

    def frame(self, parsed: Parsed, receive_ns: int) -> Sequence[Notice]:
        """One frame of the connection, read; return what in it could not be used."""
        self.counts["raw_frames"] += 1
        sequence = parsed.sequence
        if sequence is not None and not self._in_order(sequence, receive_ns):
            return ()
        events = parsed.events
        if len(events) == 1 and type(events[0]) is BookUpdate:
            self._only_update(events[0], sequence, receive_ns)
        else:
            self._events(events, sequence, receive_ns)
        if not self._notices:
            return ()
        notices, self._notices = self._notices, []
        return notices

    def _only_update(self, event: BookUpdate, sequence: int | None, receive_ns: int) -> None:
        """Nine of ten frames are one update of one book."""
        stream = self.products.get(event.product) or self._stream(event.product)
        if stream is None:
            return
        problem = stream.update_frame(event, receive_ns, sequence, derive_ticker=self._derives)
        if problem is not None:
            self._refuse(event.product, problem)

    def _events(self, events: Sequence[Event], sequence: int | None, receive_ns: int) -> None:
        touched: dict[str, ProductNormalizer] = {}
        for event in events:
            if isinstance(event, OF_PRODUCTS):
                self._event(event, sequence, receive_ns, touched)
            else:
                self._aside(event, receive_ns)
        derive_ticker = self._derives
        for product, stream in touched.items():
            problem = stream.finish_frame(receive_ns, derive_ticker=derive_ticker)
            if problem is not None:
                self._refuse(product, problem)

    def _stream(self, product: str) -> ProductNormalizer | None:
        stream = self.products.get(product)
        if stream is None:
            self.counts["unknown_product"] += 1
            self._notices.append(Notice("unknown", f"product {product}"))
        return stream

    def refused(self, reason: str, sequence: int | None, receive_ns: int) -> None:
        """A frame that can't be read: it may have held anything."""
        self.counts["raw_frames"] += 1
        self.counts["refused"] += 1
        self._forget_beat()
        if sequence is not None:
            self._in_order(sequence, receive_ns)
        self._doubt_all("upstream", f"a frame could not be read: {reason}", receive_ns)

    def _in_order(self, sequence: int, receive_ns: int) -> bool:
        judgement = self._tracker.receive(sequence)
        if judgement is ACCEPT:
            return True
        if judgement.verdict is Verdict.HOLE:
            self.counts["sequence_holes"] += 1
            self.counts["sequence_missing"] += judgement.missing
            self._forget_beat()
            detail = f"{judgement.missing} missing before sequence {sequence}"
            self._doubt_all("upstream", detail, receive_ns, missing=judgement.missing)
            return True
        self.counts["sequence_repeats"] += 1
        detail = f"sequence {sequence} came again or late"
        self._doubt_all("upstream", detail, receive_ns)
        return False

    def _event(
        self,
        event: BookUpdate | Trade | Ticker | BookSnapshot | RecentTrades,
        sequence: int | None,
        receive_ns: int,
        touched: dict[str, ProductNormalizer],
    ) -> None:
        stream = self._stream(event.product)
        if stream is None:
            return
        touched[event.product] = stream
        problem: str | None = None
        match event:
            case BookUpdate():
                problem = stream.update(event, receive_ns, sequence)
            case Trade():
                stream.trade(event, receive_ns)
            case Ticker():
                stream.ticker(event, receive_ns)
            case BookSnapshot():
                problem = stream.snapshot(event, receive_ns, sequence)
            case _:
                stream.recent_trades(event, receive_ns)
        if problem is not None:
            self._refuse(event.product, problem)

    def _aside(self, event: Event, receive_ns: int) -> None:
        """What belongs to no product's streams."""
        if isinstance(event, Heartbeat):
            self._heard(event, receive_ns)
        elif isinstance(event, Unknown):
            self.counts["unknown"] += 1
            self._notices.append(Notice("unknown", event.kind))
        elif isinstance(event, VenueError):
            self.counts["venue_errors"] += 1

    def _heard(self, event: Heartbeat, receive_ns: int) -> None:
        """Judge a heartbeat's counter: each must be one more than the last of its connection."""
        if event.counter is None:
            return
        expected = self.session.beat
        self.session = self.session._replace(beat=event.counter + 1)
        if expected is not None and event.counter > expected:
            self.counts["heartbeat_holes"] += 1
            missing = event.counter - expected
            self._doubt_all(
                "upstream", f"{missing} missing before heartbeat {event.counter}", receive_ns
            )

    def _forget_beat(self) -> None:
        """A heartbeat may be among what is missing: that is one loss, not two."""
        if self.session.beat is not None:
            self.session = self.session._replace(beat=None)

    # -- doubts ------------------------------------------------------------------------

    def _refuse(self, product: str, problem: str) -> None:
        """A book can't be what the frame says: the frame is kept, a fresh book asked for."""
        self.counts["books_refused"] += 1
        self._notices.append(Notice("book", f"{product}: {problem}"))
        self._ask(product, problem)

    def _doubt_all(
        self, cause: str, detail: str, receive_ns: int, *, missing: int | None = None
    ) -> None:
        for product, stream in self.products.items():
            stream.doubt(cause, detail, receive_ns, missing=missing)
            self._ask(product, detail)

    def _ask(self, product: str, reason: str) -> None:
        self._resyncs.append(Resync(product, reason))

    # -- checkpoint --------------------------------------------------------------------

    def checkpoint(self) -> tuple[Session, int | None, dict[str, int], list[ProductCheckpoint]]:
        """Return what `restore` wants, at the end of a record, everything taken."""
        assert not self._made
        products = [stream.checkpoint() for stream in self.products.values()]
        return self.session, self._tracker.expected, dict(self.counts), products

    @classmethod
    def restore(cls, saved: PartitionCheckpoint) -> "PartitionNormalizer":
        """Return the machine that was saved."""
        machine = cls()
        machine.session = Session(
            saved.run,
            saved.connection,
            tuple(saved.channels),
            saved.session_start,
            saved.session_beat,
        )
        machine._derives = "ticker" not in saved.channels
        machine.counts = Counter(saved.counts)
        machine._tracker = SequenceTracker(saved.expected)
        for product in saved.products:
            machine.products[product.product] = ProductNormalizer.restore(product, machine._made)
        return machine
