"""A made market: deterministic by seed, never crossed, uneven, in bursts, without end.

Each product has a book, trades with dense ids and a ticker; there is a heartbeat a second.
Several things often happen at one moment. Moments are exponential in a time that runs faster
and slower by turns; the rate is the one asked for in the mean. Both are as in a recording of
Coinbase Exchange (decision 16). Nothing is made before it is taken, and `save` is the whole
state, so another process goes on with the same frames.
"""

from collections import deque
from collections.abc import Sequence
from math import log
from typing import NamedTuple

import msgspec

from ledgerflux.core.dialect import Fill, Route, Speaking, Summary
from ledgerflux.core.entropy import Entropy
from ledgerflux.core.market_clock import END_OF_TIME
from ledgerflux.core.market_source import Item, Levels, Pair, Place
from ledgerflux.core.synthetic_book import BookState, SyntheticBook
from ledgerflux.model.units import NANOS_PER_MS, NANOS_PER_S

RATE_DEFAULT = 200.0
PRODUCTS_MAX = 1024
SKIP_ITEMS_MAX = 2048
MOOD_MIN_NS = 20 * NANOS_PER_MS
MOOD_MAX_NS = NANOS_PER_S
MOOD_MEANS = 50
"""The market keeps a pace for so many of its mean gaps, within the two bounds."""

_MOODS = (5,) * 3 + (55,) * 8 + (69,) * 6 + (137,) * 3
"""Paces in 1/64: lulls, quiet, brisk, bursts. Each comes once in a round: its mean is 1."""
_MOODS_STRIDE = 7
_MOOD_ONE = 64
_TRADES_IN_256 = 32
_FILLS_MEAN = 1.38
"""Fills of an order, as the sizes of `synthetic_book` give them."""
_FLURRIES = tuple(min(9, int((1 - (i + 0.5) / 1024) ** -0.45)) for i in range(1024))
"""How many things happen at one moment: mostly one, more in one case of five, at most nine."""
_FLURRY_MEAN = sum(_FLURRIES) / len(_FLURRIES)
_PICKS = 4096
_EXPONENTIAL = tuple(round(-65536 * log(1 - (i + 0.5) / 1024)) for i in range(1024))
_EXPONENTIAL_MEAN = sum(_EXPONENTIAL) // len(_EXPONENTIAL)


class _State(msgspec.Struct, frozen=True):
    position: int
    base_ns: int
    reached_ns: int
    next_ns: int
    beat_ns: int
    beats: int
    moods: int
    mood_turn: int
    mood_end_ns: int
    entropy: tuple[int, int]
    books: list[BookState]
    flurry: int = 0


class _Kind(NamedTuple):
    """Whom the frames of a product and kind reach, and where their number stands."""

    route: Route
    digits: tuple[int, int] | None


class SyntheticMarket:
    """A source of `rate_per_s` frames a second over all `products`, the first the busiest.

    `rate_per_s` is the mean, heartbeats counted. `saved` is what `save` returned in another
    process for the same other arguments. `wall_ns` is the market's time until `begin`.
    """

    def __init__(
        self,
        products: Sequence[str],
        speaking: Speaking,
        *,
        rate_per_s: float = RATE_DEFAULT,
        seed: int = 1,
        wall_ns: int = 0,
        saved: bytes | None = None,
    ) -> None:
        assert 0 < len(products) <= PRODUCTS_MAX, len(products)
        assert rate_per_s > 0, rate_per_s
        self.products = tuple(products)
        self._speaking = speaking
        state = None if saved is None else msgspec.json.decode(saved, type=_State)
        self._entropy = Entropy(f"market/{seed}", state.entropy if state else (0, 0))
        word = self._entropy.word
        states = state.books if state else [None] * len(self.products)
        self._books = [
            SyntheticBook(product, word, known)
            for product, known in zip(self.products, states, strict=True)
        ]
        self._by_product = dict(zip(self.products, self._books, strict=True))
        kinds = [self._kinds_of(book) for book in self._books]
        lines = [*zip(self._books, kinds, strict=True)]
        self._picks = [lines[index] for index in _picks(len(lines))]
        self._beats_kinds = self._beat_kinds()
        self.pairs = _all_pairs(kinds, self._beats_kinds)
        self._mean_ns = self._mean_between_ns(rate_per_s)
        self._mood_ns = min(max(MOOD_MEANS * self._mean_ns, MOOD_MIN_NS), MOOD_MAX_NS)
        self._ready: deque[Item] = deque()
        first = state or _State(0, wall_ns, 0, 0, NANOS_PER_S, 0, 0, 0, self._mood_ns, (0, 0), [])
        self.position = first.position
        self._base_ns = first.base_ns
        self._reached_ns = first.reached_ns
        self._next_ns = first.next_ns
        self._beat_ns = first.beat_ns
        self._beats = first.beats
        self._moods = first.moods
        self._mood_turn = first.mood_turn
        self._mood_end_ns = first.mood_end_ns
        self._flurry = first.flurry
        """So many things more happen at this moment."""
        self._mood = self._mood_now()

    @property
    def extent(self) -> None:
        """Return None: it has no end."""
        return

    def due_ns(self) -> int:
        """Return the offset of the next item."""
        return self._reached_ns if self._ready else min(self._next_ns, self._beat_ns)

    def take(self, until_ns: int) -> Item | None:
        """Return the next item if it is due at `until_ns`, and move past it."""
        if self._ready:
            self.position += 1
            return self._ready.popleft()
        if self._next_ns < self._beat_ns:
            if self._next_ns > until_ns:
                return None
            self.position += 1
            return self._happen()
        if self._beat_ns > until_ns:
            return None
        self.position += 1
        return self._beat()

    def skip(self, items: int) -> int:
        """Move past up to `items` items, at most `SKIP_ITEMS_MAX`; return how many are left."""
        slice_items = min(items, SKIP_ITEMS_MAX)
        for _ in range(slice_items):
            self.take(END_OF_TIME)
        return items - slice_items

    def travel(self, offset_ns: int) -> bool:
        """Stay: what was made is gone, and what will be is not made yet."""
        raise AssertionError(offset_ns)

    def place(self, offset_ns: int) -> Place:
        """Return the place of an offset; its time is that of the last item."""
        return Place(self.position, offset_ns, self.time_ns())

    def book(self, product: str) -> Levels | None:
        """Return the book of `product`; None where there is no such product."""
        book = self._by_product.get(product)
        return None if book is None else book.levels()

    def begin(self, wall_ns: int) -> None:
        """Let the next item carry the time `wall_ns`; time never goes back."""
        self._base_ns = max(self._base_ns, wall_ns - self.due_ns())

    def time_ns(self) -> int:
        """Return the time that the last item carried, or the first will."""
        return self._base_ns + self._reached_ns

    def save(self) -> bytes | None:
        """Return the whole state; None while frames of a trade are not taken."""
        if self._ready:
            return None
        return msgspec.json.encode(
            _State(
                self.position,
                self._base_ns,
                self._reached_ns,
                self._next_ns,
                self._beat_ns,
                self._beats,
                self._moods,
                self._mood_turn,
                self._mood_end_ns,
                self._entropy.place,
                [book.state() for book in self._books],
                self._flurry,
            )
        )

    def _happen(self) -> Item:
        """Make what happens next, a change of levels or a trade; return its first frame."""
        word = self._entropy.word()
        book, (level2, trades, ticker) = self._picks[word & 4095]
        offset_ns = self._reached_ns = self._next_ns
        self._flurry = (self._flurry or _FLURRIES[word >> 30 & 1023]) - 1
        if not self._flurry:
            self._next_ns = self._arrival_ns(word >> 20 & 1023)
        time_ns = self._base_ns + offset_ns
        speaking, product = self._speaking, book.product
        if (word >> 12 & 255) >= _TRADES_IN_256:
            frame = speaking.level2(product, book.update(), time_ns)
            return Item(offset_ns, frame, level2.route, level2.digits)
        # The levels first: what a newcomer gets of the book is then never ahead of the frames.
        changes, fills, summary = book.trade()
        for frame in speaking.trades(product, fills, time_ns):
            self._ready.append(Item(offset_ns, frame, *trades))
        frame = speaking.ticker(product, summary, time_ns)
        self._ready.append(Item(offset_ns, frame, *ticker))
        return Item(offset_ns, speaking.level2(product, changes, time_ns), *level2)

    def _beat(self) -> Item:
        """Make the heartbeats of a second; return the first."""
        self._beats += 1
        self._reached_ns = self._beat_ns
        self._beat_ns += NANOS_PER_S
        items = [
            Item(self._reached_ns, frame, *kind)
            for frame, kind in zip(self._beat_frames(), self._beats_kinds, strict=True)
        ]
        self._ready.extend(items[1:])
        return items[0]

    def _beat_frames(self) -> list[bytes]:
        beats = [book.beat for book in self._books]
        return self._speaking.heartbeats(beats, self._beats, self.time_ns())

    def _arrival_ns(self, quantile: int) -> int:
        """Return when the next thing happens, through paces as they come."""
        work_ns = self._mean_ns * _EXPONENTIAL[quantile] // _EXPONENTIAL_MEAN
        at_ns = self._next_ns
        mood = self._mood
        room_ns = (self._mood_end_ns - at_ns) * mood // _MOOD_ONE
        while work_ns > room_ns:
            work_ns -= room_ns
            at_ns = self._mood_end_ns
            self._mood_end_ns += self._mood_ns
            self._moods += 1
            if self._moods % len(_MOODS) == 0:
                self._mood_turn = self._entropy.word() % len(_MOODS)
            mood = self._mood = self._mood_now()
            room_ns = self._mood_ns * mood // _MOOD_ONE
        return at_ns + work_ns * _MOOD_ONE // mood

    def _mood_now(self) -> int:
        return _MOODS[(self._moods * _MOODS_STRIDE + self._mood_turn) % len(_MOODS)]

    def _mean_between_ns(self, rate_per_s: float) -> int:
        beats_per_s = len(self._beats_kinds)
        fills = 1 if self._speaking.trades_together else _FILLS_MEAN
        frames = 1 + _TRADES_IN_256 / 256 * (1 + fills)
        mean_per_s = max(rate_per_s - beats_per_s, rate_per_s / 2)
        return round(_FLURRY_MEAN * frames * NANOS_PER_S / mean_per_s)

    def _kinds_of(self, book: SyntheticBook) -> tuple[_Kind, _Kind, _Kind]:
        """Return route and place of the number of level2, trades and ticker frames.

        Times have one length, so the number stands at one place in all frames of a kind.
        """
        speaking, product = self._speaking, book.product
        fill = Fill(1, 1, "1", "1", "buy")
        summary = Summary(fill, ("1", "1"), ("1", "1"), "1", "1", "1", "1")
        frames = (
            speaking.level2(product, [("buy", "1", "1")], 0),
            speaking.trades(product, [fill], 0)[0],
            speaking.ticker(product, summary, 0),
        )
        level2, trades, ticker = map(self._kind, frames)
        return level2, trades, ticker

    def _beat_kinds(self) -> list[_Kind]:
        beats = [book.beat for book in self._books]
        return [self._kind(frame) for frame in self._speaking.heartbeats(beats, 0, 0)]

    def _kind(self, frame: bytes) -> _Kind:
        return _Kind(self._speaking.route(frame), self._speaking.digits(frame))


def _all_pairs(
    of_products: Sequence[Sequence[_Kind]], beats_kinds: Sequence[_Kind]
) -> frozenset[Pair]:
    """Return every (channel, product) that something comes on."""
    kinds = [kind for of_product in (*of_products, beats_kinds) for kind in of_product]
    routes = [kind.route for kind in kinds]
    return frozenset(
        (route.channels[0], product) for route in routes for product in route.products or ("",)
    )


def _picks(count: int) -> list[int]:
    """Return which of `count` products each of 4096 equal chances means: 1/1, 1/2, 1/3, ..."""
    whole = sum(1 / rank for rank in range(1, count + 1))
    picks: list[int] = []
    for rank in range(count, 0, -1):
        picks += [rank - 1] * max(1, int(_PICKS / rank / whole))
    return picks + [0] * (_PICKS - len(picks))
