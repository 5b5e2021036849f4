"""A recording as a market: what the exchange sent, in its order and at its times.

Received frames but acknowledgements are items, and so is the end of a connection after which
others still speak. Everything else that was written down (what was sent, opened, asked by
REST) is left out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ledgerflux.core.book import Book, BookRefused
from ledgerflux.core.dialect import Hearing
from ledgerflux.core.market_clock import END_OF_TIME
from ledgerflux.core.market_profile import Profile, Profiler
from ledgerflux.core.market_source import Closing, Extent, Item, Levels, Pair, Place
from ledgerflux.model.events import BookSnapshot, BookUpdate, Event
from ledgerflux.model.product import is_product_id
from ledgerflux.model.recording import RecordedLine
from ledgerflux.model.units import NANOS_PER_MS

UNTIMED_STEP_NS = NANOS_PER_MS
"""Between items of a recording without times."""
CHANNELS = ("level2", "trades", "ticker", "heartbeats")
SKIP_ITEMS_MAX = 256


class Survey(NamedTuple):
    """What a recording holds.

    `frames` counts received frames, acknowledgements too; `items` what is served of them, and
    closings. `channels` are ours, `pairs` every (channel, product) of them that occurs.
    Times are nanoseconds since 1970 UTC, None where the recording has none; `begin_ns` is that of
    the first item, `span_ns` the offset of the last.
    """

    products: tuple[str, ...]
    channels: tuple[str, ...]
    pairs: frozenset[Pair]
    frames: int
    items: int
    first_ns: int | None
    last_ns: int | None
    begin_ns: int | None
    span_ns: int
    profile: Profile


class Steps:
    """How far the numbers of each recorded connection moved from frame to frame.

    A frame that is left out takes its own step with it: what is next counts from there as if
    it had never been.
    """

    def __init__(self) -> None:
        self._expected: dict[str, int] = {}

    def step(self, connection: str, number: int) -> int:
        """Return the step of a frame: 1 for the first of a connection."""
        step = number - self._expected.get(connection, number) + 1
        self._expected[connection] = number + 1
        return step

    def leave_out(self, connection: str) -> None:
        """Pass over a numbered frame that is not served."""
        if connection in self._expected:
            self._expected[connection] += 1

    def forget(self, connection: str) -> None:
        """Let `connection` begin anew."""
        self._expected.pop(connection, None)


def items_of(lines: Iterable[RecordedLine], hearing: Hearing) -> Iterator[Item | Closing]:
    """Yield what `lines` hold for an exchange, offsets from 0 and never going back."""
    steps = Steps()
    clock = _Times()
    spoken: dict[str, set[str]] = {}
    ended: dict[str, int] = {}
    for line in lines:
        if line.kind == "close" and line.connection in spoken:
            ended[line.connection] = clock.offset_ns(line.ts_ns)
            steps.forget(line.connection)
        if line.kind is not None:
            continue
        route = hearing.route(line.raw)
        digits = hearing.digits(line.raw)
        if route.acknowledgement:
            if digits is not None:
                steps.leave_out(line.connection)
            continue
        for connection, offset_ns in ended.items():
            yield Closing(offset_ns, frozenset(spoken.pop(connection)))
        ended.clear()
        spoken.setdefault(line.connection, set()).update(route.products)
        number = None if digits is None else int(line.raw[digits[0] : digits[1]])
        step = 1 if number is None else steps.step(line.connection, number)
        yield Item(clock.offset_ns(line.ts_ns), line.raw, route, digits, step)


def survey(lines: Iterable[RecordedLine], hearing: Hearing) -> Survey:
    """Return what the recording `lines` holds, reading all of it."""
    counted = _Counted(lines)
    products: dict[str, None] = {}
    pairs: set[Pair] = set()
    profiler = Profiler()
    items = span_ns = 0
    begin_ns: int | None = None
    for item in items_of(counted, hearing):
        begin_ns = begin_ns if items else counted.last_ns
        items += 1
        span_ns = item.offset_ns
        _profile(profiler, item)
        if isinstance(item, Closing):
            continue
        route = item.route
        named = [product for product in route.products if is_product_id(product)]
        products.update(dict.fromkeys(named))
        if route.products and not named:
            continue
        ours = [channel for channel in route.channels if channel in CHANNELS]
        pairs.update((channel, product) for channel in ours for product in named or ("",))
    held = {channel for channel, _ in pairs}
    return Survey(
        tuple(products),
        tuple(channel for channel in CHANNELS if channel in held),
        frozenset(pairs),
        counted.frames,
        items,
        counted.first_ns,
        counted.last_ns,
        begin_ns,
        span_ns,
        profiler.profile(),
    )


def _profile(profiler: Profiler, item: Item | Closing) -> None:
    if isinstance(item, Closing):
        profiler.mark("close", item.offset_ns)
        return
    profiler.frame(item.offset_ns)
    if item.step > 1:
        profiler.mark("gap", item.offset_ns)


class _Times:
    """Offsets of lines: as recorded, never back, `UNTIMED_STEP_NS` where nobody knows."""

    def __init__(self) -> None:
        self._start_ns: int | None = None
        self._offset_ns: int | None = None

    def offset_ns(self, ts_ns: int | None) -> int:
        last_ns = self._offset_ns
        if ts_ns is None:
            offset_ns = 0 if last_ns is None else last_ns + UNTIMED_STEP_NS
        else:
            if self._start_ns is None:
                self._start_ns = ts_ns - (last_ns or 0)
            offset_ns = max(ts_ns - self._start_ns, last_ns or 0)
        self._offset_ns = offset_ns
        return offset_ns


class _Counted:
    """Lines on their way to `items_of`, and what was seen of them."""

    def __init__(self, lines: Iterable[RecordedLine]) -> None:
        self._lines = lines
        self.frames = 0
        self.first_ns: int | None = None
        self.last_ns: int | None = None

    def __iter__(self) -> Iterator[RecordedLine]:
        for line in self._lines:
            if line.kind is None:
                self.frames += 1
                if line.ts_ns is not None:
                    self.first_ns = line.ts_ns if self.first_ns is None else self.first_ns
                    self.last_ns = line.ts_ns
            yield line


class RecordedMarket:
    """A source that plays a recording once, or over and over with `loop`.

    `lines` opens the recording anew; `surveyed` is what it holds, at least one item. `parse`
    returns what a frame says, None where it can't be read. Books are those of the recording as
    far as it was played; a frame that no book can hold leaves its products without one until
    the next recorded snapshot.
    """

    def __init__(
        self,
        lines: Callable[[], Iterable[RecordedLine]],
        surveyed: Survey,
        hearing: Hearing,
        parse: Callable[[bytes], Sequence[Event] | None],
        *,
        loop: bool = False,
    ) -> None:
        assert surveyed.items > 0, surveyed
        self.products = surveyed.products
        self.pairs = surveyed.pairs
        self._lines = lines
        self._surveyed = surveyed
        self._hearing = hearing
        self._parse = parse
        self._loop = loop
        self._books: dict[str, Book] = {}
        self.position = 0
        self._rounds_ns = 0
        self._reached_ns = 0
        self._round = 0
        """The position at which this round began."""
        self._items = items_of(lines(), hearing)
        self._next = next(self._items, None)

    @property
    def extent(self) -> Extent:
        """Return how large the recording is."""
        held = self._surveyed
        return Extent(held.items, held.span_ns, held.begin_ns, held.profile)

    def due_ns(self) -> int | None:
        """Return the offset of the next item; None after the last."""
        return None if self._next is None else self._rounds_ns + self._next.offset_ns

    def take(self, until_ns: int) -> Item | Closing | None:
        """Return the next item if it is due at `until_ns`, and move past it."""
        item = self._next
        if item is None or self._rounds_ns + item.offset_ns > until_ns:
            return None
        self.position += 1
        self._reached_ns = item.offset_ns
        if isinstance(item, Closing):
            item = Closing(self._rounds_ns + item.offset_ns, item.products)
        elif "level2" in item.route.channels:
            self._apply(item)
        self._next = next(self._items, None)
        if self._next is None and self._loop:
            self._rewind()
        return item

    def skip(self, items: int) -> int:
        """Move past up to `items` items, at most `SKIP_ITEMS_MAX`; return how many are left.

        Whole rounds of a loop are passed over at once, but for the last: the books come of it.
        """
        whole_rounds = items // self._surveyed.items - 1
        if self._loop and whole_rounds > 0:
            self.position += whole_rounds * self._surveyed.items
            self._round += whole_rounds * self._surveyed.items
            items -= whole_rounds * self._surveyed.items
        slice_items = min(items, SKIP_ITEMS_MAX)
        for _ in range(slice_items):
            if self.take(END_OF_TIME) is None:
                return 0
        return items - slice_items

    def travel(self, offset_ns: int) -> bool:
        """Go towards `offset_ns` of this round, past up to `SKIP_ITEMS_MAX` items.

        Back is from the beginning: the books are what the recording makes of them.
        """
        offset_ns = max(0, min(offset_ns, self._surveyed.span_ns))
        if self.position > self._round and self._reached_ns >= offset_ns:
            self.position = self._round
            self._reached_ns = 0
            self._books.clear()
            self._begin()
        for _ in range(SKIP_ITEMS_MAX):
            if self._next is None or self._next.offset_ns >= offset_ns:
                return True
            self.take(END_OF_TIME)
        return False

    def place(self, offset_ns: int) -> Place:
        """Return the place of an offset; before the first frame and after the last is neither."""
        within_ns = max(0, min(offset_ns - self._rounds_ns, self._surveyed.span_ns))
        begin_ns = self._surveyed.begin_ns or 0
        return Place(self.position - self._round, within_ns, begin_ns + within_ns)

    def book(self, product: str) -> Levels | None:
        """Return the book of `product` as far as it was played; None while there is none."""
        book = self._books.get(product)
        return None if book is None else (book.bids(), book.asks())

    def begin(self, wall_ns: int) -> None:
        """Do nothing: the times of a recording are its own."""

    def time_ns(self) -> int:
        """Return when the last item was received, as recorded."""
        return (self._surveyed.begin_ns or 0) + self._reached_ns

    def save(self) -> bytes | None:
        """Return None: a recording is played again up to the position."""
        return None

    def _rewind(self) -> None:
        self._rounds_ns += self._reached_ns + UNTIMED_STEP_NS
        self._round = self.position
        self._begin()

    def _begin(self) -> None:
        self._items = items_of(self._lines(), self._hearing)
        self._next = next(self._items, None)

    def _apply(self, item: Item) -> None:
        try:
            events = self._parse(item.frame)
            for event in events or ():
                self._apply_event(event)
        except BookRefused:
            events = None
        if events is None:
            for product in item.route.products:
                self._books.pop(product, None)

    def _apply_event(self, event: Event) -> None:
        if isinstance(event, BookSnapshot):
            self._books.setdefault(event.product, Book()).replace(event.bids, event.asks)
        elif isinstance(event, BookUpdate) and event.product in self._books:
            self._books[event.product].apply(event.changes)
