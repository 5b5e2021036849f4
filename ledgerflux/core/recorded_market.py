"""A recording as a market: its items at their times, once or over and over."""

from collections.abc import Callable, Iterable, Sequence

from ledgerflux.core.book import Book, BookRefused
from ledgerflux.core.dialect import Hearing
from ledgerflux.core.market_clock import END_OF_TIME
from ledgerflux.core.market_source import Closing, Extent, Item, Levels, Place
from ledgerflux.core.recorded_items import UNTIMED_STEP_NS, items_of
from ledgerflux.core.recording_survey import Survey
from ledgerflux.model.events import BookSnapshot, BookUpdate, Event
from ledgerflux.model.recording import RecordedLine

SKIP_ITEMS_MAX = 256


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
