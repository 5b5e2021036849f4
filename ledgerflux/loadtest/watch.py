"""What one client makes of its messages: every stream checked, every latency tallied. No I/O."""

from functools import partial

from ledgerflux.core.stream_check import RECONNECT, UNANNOUNCED, Findings, StreamCheck
from ledgerflux.core.tally import TWO_DIGITS, Tally, cell_of, percentile
from ledgerflux.errors import GatewayError
from ledgerflux.loadtest.orders import ClientOrder, ClientReport, Counts, Order
from ledgerflux.loadtest.reading import Reader, Told
from ledgerflux.wire.gateway_reading import Place

UNDELIVERED = "undelivered"
THROTTLED = "throttled"
NANOS_PER_US = 1_000

Heads = dict[str, dict[str, Place]]
"""Where streams stand, by channel and product."""


class Totals:
    """What the clients of one worker count together; `window` is the measured time.

    `wall_offset_ns` turns the monotonic time at which bytes were read into wall time.
    """

    def __init__(self, order: Order) -> None:
        self.counts = Counts()
        self.latency = Tally()
        self.latency_slow = Tally()
        self.first_snapshot = Tally()
        self.wall_offset_ns = order.wall_offset_ns
        self.window = (
            order.from_ns + order.wall_offset_ns,
            order.until_ns + order.wall_offset_ns,
        )


class Stream:
    """A followed stream: its check, and the newest time of an update of it."""

    __slots__ = ("check", "newest_ns")

    def __init__(self, check: StreamCheck) -> None:
        self.check = check
        self.newest_ns: int | None = None


class Watch:
    """Takes the messages of one client over all its connections.

    `granted` are the channels subscribed on this connection. Bounded by the streams.
    """

    def __init__(self, order: ClientOrder, totals: Totals, reader: Reader) -> None:
        self.granted: set[str] = set()
        self.findings = Findings()
        self.streams: dict[tuple[str, str], Stream] = {}
        self._order = order
        self._totals = totals
        self._reader = reader
        self._asked_ns: int | None = None
        self._updates = 0
        self._missed = 0
        self._tally = Tally(TWO_DIGITS)
        self._highest_us = 0

    def begin(self, now_ns: int) -> None:
        """A new connection asks for its streams at `now_ns` (monotonic)."""
        self.granted.clear()
        self._asked_ns = now_ns

    def books(self) -> list[Stream]:
        """Return the level2 streams."""
        return [stream for (channel, _), stream in self.streams.items() if channel == "level2"]

    def take(self, payload: bytes, now_ns: int) -> Told | None:
        """Take one message read at `now_ns` (monotonic); return it where it is an error."""
        counts = self._totals.counts
        counts.messages += 1
        try:
            told = self._reader.read(payload)
        except GatewayError as error:
            note(counts.errors, error.code)
            return None
        if told.times_ns:
            self._take_update(told, now_ns)
        elif told.type == "snapshot":
            self._take_snapshot(told, now_ns)
        elif told.type == "gap":
            self._take_gap(told, now_ns)
        elif told.product_id:
            stream = self._stream(told.channel, told.product_id)
            stream.check.data(told.epoch, told.prev_seq or 0, told.seq)
        else:
            return self._take_control(told)
        return None

    def behind(self, heads: Heads) -> dict[tuple[str, str], int]:
        """Return how many numbers of each stream are not here yet."""
        found: dict[tuple[str, str], int] = {}
        for (channel, product), stream in self.streams.items():
            head = heads.get(channel, {}).get(product)
            left = 0 if head is None else stream.check.reached(head.epoch, head.seq)
            if left:
                found[channel, product] = left
        return found

    def give_up(self, heads: Heads) -> None:
        """Count what did not come although there was time."""
        for (channel, product), left in self.behind(heads).items():
            self._miss(channel, product, UNDELIVERED, left)

    def report(self) -> ClientReport:
        """Return what it saw."""
        cells = self._tally.cells.items()
        books, findings = self.books(), self.findings
        return ClientReport(
            number=self._order.number,
            slow=self._order.slow,
            greedy=self._order.greedy,
            updates=self._updates,
            missed=self._missed,
            violations=findings.violations,
            duplicates=findings.duplicates,
            out_of_order=findings.out_of_order,
            books=len(books),
            books_live=sum(stream.check.live for stream in books),
            why=findings.why,
            p50=percentile(cells, 0.50),
            p95=percentile(cells, 0.95),
            p99=percentile(cells, 0.99),
            max=self._highest_us if cells else None,
        )

    def _take_update(self, told: Told, now_ns: int) -> None:
        """Check an update and tally each of its events: the path that everything goes."""
        channel, product = told.channel, told.product_id
        stream = self.streams.get((channel, product)) or self._stream(channel, product)
        if not stream.check.data(told.epoch, told.prev_seq or 0, told.seq):
            return
        totals = self._totals
        now_ns += totals.wall_offset_ns
        first_ns, end_ns = totals.window
        all_cells = (totals.latency_slow if self._order.slow else totals.latency).cells
        my_cells = self._tally.cells
        number = 0
        for time_ns in told.times_ns:
            if first_ns <= time_ns < end_ns:
                number += 1
                us = (now_ns - time_ns) // NANOS_PER_US
                if us < 0:
                    totals.counts.negative += 1
                    us = 0
                cell = cell_of(us)
                all_cells[cell] = all_cells.get(cell, 0) + 1
                cell = cell_of(us, TWO_DIGITS)
                my_cells[cell] = my_cells.get(cell, 0) + 1
                if us > self._highest_us:
                    self._highest_us = us
        stream.newest_ns = told.times_ns[-1]
        self._updates += number
        if self._order.slow:
            totals.counts.updates_slow += number
        else:
            totals.counts.updates += number

    def _take_snapshot(self, told: Told, now_ns: int) -> None:
        check = self._stream(told.channel, told.product_id).check
        part = (told.part, told.parts)
        check.snapshot(told.epoch, told.prev_seq, told.seq, told.reason, part, told.state)
        if check.whole:
            self._totals.counts.snapshots += 1
            if self._asked_ns is not None:
                self._totals.first_snapshot.add((now_ns - self._asked_ns) // NANOS_PER_US)
                self._asked_ns = None

    def _take_gap(self, told: Told, now_ns: int) -> None:
        """Count what a gap leaves out: its ages lie between the last update's and none."""
        stream = self._stream(told.channel, told.product_id)
        missing = stream.check.gap(told.epoch, told.from_seq, told.to_seq, told.cause, told.state)
        now_ns += self._totals.wall_offset_ns
        first_ns, end_ns = self._totals.window
        if missing and stream.newest_ns is not None and first_ns <= now_ns < end_ns:
            oldest_us = max(0, now_ns - max(stream.newest_ns, first_ns)) // NANOS_PER_US
            slow = self._order.slow
            tally = self._totals.latency_slow if slow else self._totals.latency
            tally.add_ramp(oldest_us, 0, missing)
            self._tally.add_ramp(oldest_us, 0, missing)
            self._highest_us = max(self._highest_us, oldest_us)

    def _take_control(self, told: Told) -> Told | None:
        if told.type == "subscribed":
            for product, place in told.streams.items():
                self._stream(told.channel, product).check.begin(place.epoch, place.seq)
            self.granted.add(told.channel)
        elif told.type == "unsubscribed":
            for product in told.product_ids:
                self.streams.pop((told.channel, product), None)
        elif told.type == "error":
            self._count_error(told.code)
            return told
        return None

    def _count_error(self, code: str) -> None:
        counts, order = self._totals.counts, self._order
        counts.throttled += code == THROTTLED
        asked_for = (order.greedy and code == THROTTLED) or (order.slow and code == "slow_consumer")
        if not asked_for:
            note(counts.errors, code)

    def _stream(self, channel: str, product: str) -> Stream:
        stream = self.streams.get((channel, product))
        if stream is None:
            check = StreamCheck(self.findings, partial(self._miss, channel, product))
            stream = self.streams[channel, product] = Stream(check)
        return stream

    def _miss(self, channel: str, product: str, cause: str, count: int) -> None:
        """Count what is missing; a client that asked for it has skipped it."""
        counts = self._totals.counts
        asked_for = cause == RECONNECT or (self._order.slow and cause != UNANNOUNCED)
        if not asked_for:
            self._missed += count
        note(counts.skipped if asked_for else counts.missed, f"{product} {channel} {cause}", count)


def note(where: dict[str, int], name: str, count: int = 1) -> None:
    """Add `count` to what stands under `name`; nothing is left where that makes it none."""
    total = where.get(name, 0) + count
    if total:
        where[name] = total
    else:
        where.pop(name, None)
