"""One partition of one venue: sessions, frames and losses become events of its products.

A pure function of what is in RAW: no clock, no order that depends on anything but the
records. Live work, restart and renormalizing all run through this one class.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ledgerflux.core.product_normalizer import ProductNormalizer
from ledgerflux.core.sequence import SequenceTracker, Verdict
from ledgerflux.model.checkpoint import PartitionCheckpoint, ProductCheckpoint
from ledgerflux.model.events import (
    BookSnapshot,
    BookUpdate,
    Event,
    Parsed,
    RecentTrades,
    Ticker,
    Trade,
    Unknown,
    VenueError,
)
from ledgerflux.model.stream import Made


class Resync(NamedTuple):
    """A product that needs a fresh snapshot, and why."""

    product: str
    reason: str


class Notice(NamedTuple):
    """What a readable frame holds that nobody can use: `book` or `unknown`, and what it is."""

    reason: str
    detail: str


class Session(NamedTuple):
    """The connection that frames come from: empty before the first."""

    run: str = ""
    connection: str = ""
    channels: tuple[str, ...] = ()


class PartitionNormalizer:
    """Turns what one partition's socket brought into events.

    Feed it in RAW order; `take` hands over what was made since. `counts` are totals:
    `raw_frames` and `raw_gap_frames` of the current run of the source, the others of the
    data set.
    """

    def __init__(self) -> None:
        self.products: dict[str, ProductNormalizer] = {}
        self.session = Session()
        self.counts: Counter[str] = Counter()
        self._tracker = SequenceTracker()
        self._made: list[Made] = []
        self._resyncs: list[Resync] = []
        self._notices: list[Notice] = []

    def take(self) -> tuple[list[Made], list[Resync]]:
        """Return events and resyncs made since the last call, in order."""
        made, resyncs = self._made[:], self._resyncs
        self._made.clear()  # the products hold this very list
        self._resyncs = []
        self.counts["norm_events"] += len(made)
        self.counts["gaps"] += sum(item.type == "gap" for item in made)
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
            self.counts["raw_frames"] = self.counts["raw_gap_frames"] = 0
        self.session = Session(run, connection, tuple(channels))
        self._tracker = SequenceTracker(0)
        for product in products:
            if product not in self.products:
                self.products[product] = ProductNormalizer(product, self._made)
            self.products[product].open(run, receive_ns)
        for product, stream in self.products.items():
            if product not in products:
                stream.close("no longer subscribed", receive_ns)

    def close(self, reason: str, receive_ns: int) -> None:
        """The connection ended."""
        for stream in self.products.values():
            stream.close(reason, receive_ns)

    def lost(self, cause: str, frames: int | None, receive_ns: int) -> None:
        """Frames were lost between socket and log, `frames` of them where they were counted."""
        self.counts["raw_gap_frames"] += frames or 0
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
        if parsed.sequence is not None and not self._in_order(parsed.sequence, receive_ns):
            return ()
        touched: dict[str, ProductNormalizer] = {}
        for event in parsed.events:
            self._event(event, parsed.sequence, receive_ns, touched)
        derive_ticker = "ticker" not in self.session.channels
        for product, stream in touched.items():
            problem = stream.finish_frame(receive_ns, derive_ticker=derive_ticker)
            if problem is not None:
                self._refuse(product, problem)
        if not self._notices:
            return ()
        notices, self._notices = self._notices, []
        return notices

    def refused(self, reason: str, sequence: int | None, receive_ns: int) -> None:
        """A frame that can't be read: it may have held anything."""
        self.counts["raw_frames"] += 1
        self.counts["refused"] += 1
        if sequence is not None:
            self._in_order(sequence, receive_ns)
        self._doubt_all("upstream", f"a frame could not be read: {reason}", receive_ns)

    def _in_order(self, sequence: int, receive_ns: int) -> bool:
        judgement = self._tracker.receive(sequence)
        if judgement.verdict is Verdict.ACCEPT:
            return True
        if judgement.verdict is Verdict.HOLE:
            self.counts["sequence_holes"] += 1
            detail = f"{judgement.missing} missing before sequence {sequence}"
            self._doubt_all("upstream", detail, receive_ns, missing=judgement.missing)
            return True
        self.counts["sequence_repeats"] += 1
        detail = f"sequence {sequence} came again or late"
        self._doubt_all("upstream", detail, receive_ns)
        return False

    def _event(
        self,
        event: Event,
        sequence: int | None,
        receive_ns: int,
        touched: dict[str, ProductNormalizer],
    ) -> None:
        if isinstance(event, Unknown | VenueError):
            self.counts["unknown" if isinstance(event, Unknown) else "venue_errors"] += 1
            return
        if not isinstance(event, BookUpdate | BookSnapshot | Trade | RecentTrades | Ticker):
            return
        stream = self.products.get(event.product)
        if stream is None:
            self.counts["unknown_product"] += 1
            self._notices.append(Notice("unknown", f"product {event.product}"))
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
        machine.session = Session(saved.run, saved.connection, tuple(saved.channels))
        machine.counts = Counter(saved.counts)
        machine._tracker = SequenceTracker(saved.expected)
        for product in saved.products:
            machine.products[product.product] = ProductNormalizer.restore(product, machine._made)
        return machine
