"""What one client makes of its messages: every stream checked, every latency tallied. No I/O."""

from collections.abc import Iterable
from functools import partial

from ledgerflux.core.stream_check import RECONNECT, UNANNOUNCED, Findings, StreamCheck
from ledgerflux.core.tally import Tally
from ledgerflux.loadtest.ages import Ages
from ledgerflux.loadtest.orders import ClientOrder, ClientReport, Counts, Order
from ledgerflux.loadtest.reading import NANOS_PER_US, Piece, Told, times_us
from ledgerflux.wire.gateway_reading import Place

UNDELIVERED = "undelivered"
THROTTLED = "throttled"

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

    def __init__(self, order: ClientOrder, totals: Totals) -> None:
        self.granted: set[str] = set()
        self.findings = Findings()
        self.streams: dict[tuple[str, str], Stream] = {}
        self._order = order
        self._totals = totals
        self._ages = Ages(totals.latency_slow if order.slow else totals.latency)
        self._asked_ns: int | None = None
        self._missed = 0
        first_ns, end_ns = totals.window
        self._first_us, self._end_us = first_ns // NANOS_PER_US, end_ns // NANOS_PER_US

    def begin(self, now_ns: int) -> None:
        """A new connection asks for its streams at `now_ns` (monotonic)."""
        self.granted.clear()
        self._asked_ns = now_ns

    def books(self) -> list[Stream]:
        """Return the level2 streams."""
        return [stream for (channel, _), stream in self.streams.items() if channel == "level2"]

    def take(self, piece: Piece, now_ns: int) -> list[Told]:
        """Take what was received at `now_ns` (monotonic); return the errors in it."""
        self._totals.counts.messages += len(piece.told) + len(piece.unreadable)
        for code in piece.unreadable:
            note(self._totals.counts.errors, code)
        now_us = (now_ns + self._totals.wall_offset_ns) // NANOS_PER_US
        if piece.plain:
            self._take_updates(piece, now_us)
            return []
        return [told for told in piece.told if self._take_one(told, now_ns)]

    def settle(self) -> None:
        """Tally what was noted since the last time."""
        self._ages.settle()

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
        self.settle()
        ages, books, findings = self._ages, self.books(), self.findings
        return ClientReport(
            number=self._order.number,
            slow=self._order.slow,
            greedy=self._order.greedy,
            updates=ages.total,
            missed=self._missed,
            violations=findings.violations,
            duplicates=findings.duplicates,
            out_of_order=findings.out_of_order,
            books=len(books),
            books_live=sum(stream.check.live for stream in books),
            why=findings.why,
            p50=ages.percentile(0.50),
            p95=ages.percentile(0.95),
            p99=ages.percentile(0.99),
            max=ages.highest_us,
        )

    def _take_one(self, told: Told, now_ns: int) -> bool:
        """Take one message; return whether it is an error."""
        now_us = (now_ns + self._totals.wall_offset_ns) // NANOS_PER_US
        if told.times_ns:
            if self._follow(told):
                self._note(times_us([told]), now_us)
        elif told.type == "snapshot":
            self._take_snapshot(told, now_ns)
        elif told.type == "gap":
            self._take_gap(told, now_ns)
        elif told.product_id:
            self._stream(told.key).check.data(told.epoch, told.prev_seq or 0, told.seq)
        else:
            return self._take_control(told)
        return False

    def _take_updates(self, piece: Piece, now_us: int) -> None:
        """Check updates and note the age of each event: the path that everything goes."""
        news = [told for told in piece.told if self._follow(told)]
        if len(news) < len(piece.told):
            self._note(times_us(news), now_us)
        elif self._first_us <= piece.oldest_us and piece.newest_us < min(self._end_us, now_us):
            self._count([now_us - time_us for time_us in piece.times_us])
        else:
            self._note(piece.times_us, now_us)

    def _follow(self, told: Told) -> bool:
        """Hold an update to its stream; return whether it is news."""
        stream = self.streams.get(told.key) or self._stream(told.key)
        if not stream.check.data(told.epoch, told.prev_seq or 0, told.seq):
            return False
        stream.newest_ns = told.times_ns[-1]
        return True

    def _note(self, times: Iterable[int], now_us: int) -> None:
        """Note the ages of those events that belong to the measured time."""
        first_us, end_us = self._first_us, self._end_us
        ages = [now_us - time_us for time_us in times if first_us <= time_us < end_us]
        self._totals.counts.negative += sum(age < 0 for age in ages)
        self._count([max(0, age) for age in ages])

    def _count(self, ages_us: list[int]) -> None:
        counts = self._totals.counts
        self._ages.add(ages_us)
        if self._order.slow:
            counts.updates_slow += len(ages_us)
        else:
            counts.updates += len(ages_us)

    def _take_snapshot(self, told: Told, now_ns: int) -> None:
        check = self._stream(told.key).check
        part = (told.part, told.parts)
        check.snapshot(told.epoch, told.prev_seq, told.seq, told.reason, part, told.state)
        if check.whole:
            self._totals.counts.snapshots += 1
            if self._asked_ns is not None:
                self._totals.first_snapshot.add((now_ns - self._asked_ns) // NANOS_PER_US)
                self._asked_ns = None

    def _take_gap(self, told: Told, now_ns: int) -> None:
        """Count what a gap leaves out: its ages lie between the last update's and none."""
        stream = self._stream(told.key)
        missing = stream.check.gap(told.epoch, told.from_seq, told.to_seq, told.cause, told.state)
        now_ns += self._totals.wall_offset_ns
        first_ns, end_ns = self._totals.window
        if missing and stream.newest_ns is not None and first_ns <= now_ns < end_ns:
            oldest_us = max(0, now_ns - max(stream.newest_ns, first_ns)) // NANOS_PER_US
            self._ages.add_ramp(oldest_us, missing)

    def _take_control(self, told: Told) -> bool:
        if told.type == "subscribed":
            for product, place in told.streams.items():
                self._stream((told.channel, product)).check.begin(place.epoch, place.seq)
            self.granted.add(told.channel)
        elif told.type == "unsubscribed":
            for product in told.product_ids:
                self.streams.pop((told.channel, product), None)
        elif told.type == "error":
            self._count_error(str(told.code))
            return True
        return False

    def _count_error(self, code: str) -> None:
        counts, order = self._totals.counts, self._order
        counts.throttled += code == THROTTLED
        asked_for = (order.greedy and code == THROTTLED) or (order.slow and code == "slow_consumer")
        if not asked_for:
            note(counts.errors, code)

    def _stream(self, key: tuple[str, str]) -> Stream:
        stream = self.streams.get(key)
        if stream is None:
            stream = self.streams[key] = Stream(
                StreamCheck(self.findings, partial(self._miss, *key))
            )
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
