"""Markets at a rate of one's own, evenly, to be looped: a recording under more names, made frames.

What a market does in a millisecond is the market's. What the whole path carries is asked evenly.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import msgspec

from ledgerflux.bench.loads import START_NS, Load, made, recorded
from ledgerflux.core.book import Book
from ledgerflux.errors import BadRecording
from ledgerflux.model.events import BookSnapshot, BookUpdate, Level
from ledgerflux.model.recording import RecordedLine
from ledgerflux.settings import DEFAULT_PRODUCTS
from ledgerflux.venues.registry import venue as venue_named
from ledgerflux.venues.servers import server
from ledgerflux.wire.recording import encode_line

VENUE = "coinbase-advanced"
LEVELS_MAX = 500
MADE_FRAMES = 100_000

Sent = tuple[str, bytes]
"""A product and a frame of its connection."""


class Paced(NamedTuple):
    """What was written: a market to be looped."""

    products: tuple[str, ...]
    frames: int
    conditions: str


def write_recorded(target: Path, recording: Path, rate: int) -> Paced:
    """Write one round of `recording` for each default product to `target`, at `rate` in all.

    Each product begins at a place of its own, as products of a market do: in step all of them
    would come to the recording's heaviest second at once. Snapshots are cut to `LEVELS_MAX`
    levels a side, so that rounds can follow each other.

    Raises:
        FeedError: `recording` can't be read, or holds no book of this dialect.
    """
    load = recorded(recording)
    product, snapshot = _snapshot(load)
    updates = [frame for frame in load.frames if b'"l2_data"' in frame[:64]]
    rounds = _out_of_step(product, snapshot, updates, len(DEFAULT_PRODUCTS))
    written = _write(target, _by_turns(product, list(rounds)), rate)
    conditions = (
        f"{recording.name} under {len(DEFAULT_PRODUCTS)} names out of step, looped evenly at "
        f"{rate:,}/s, {_levels(updates):.1f} levels a frame, snapshots cut to {LEVELS_MAX} a side"
    )
    return Paced(DEFAULT_PRODUCTS, written, conditions)


def write_made(target: Path, rate: int, count: int = MADE_FRAMES) -> Paced:
    """Write the books of the synthetic market and `count` of its frames to `target`, at `rate`.

    Heartbeats, which are of no product, are left out.
    """
    load = made(VENUE, count)
    route = server(VENUE).route
    routed = [(route(frame).products, frame) for frame in [*load.head, *load.frames]]
    written = _write(target, ((of[0], frame) for of, frame in routed if of), rate)
    of_books = [frame for frame in load.frames if b'"l2_data"' in frame[:64]]
    conditions = (
        f"made frames, looped evenly at {rate:,}/s, {len(of_books) / len(load.frames):.0%} of "
        f"books, {_levels(of_books):.1f} levels each"
    )
    return Paced(load.products, written, conditions)


def _levels(frames: Sequence[bytes]) -> float:
    return sum(frame.count(b"price_level") for frame in frames) / len(frames)


def _snapshot(load: Load) -> tuple[str, bytes]:
    venue = venue_named(load.venue)
    for frame in load.head:
        for event in venue.parse(frame).events:
            if isinstance(event, BookSnapshot) and load.venue == VENUE:
                return event.product, _cut(event.product, event.bids, event.asks)
    raise BadRecording(f"{load.label} holds no snapshot of a {VENUE} book")


def _cut(product: str, bids: Sequence[Level], asks: Sequence[Level]) -> bytes:
    return server(VENUE).snapshot(product, bids[:LEVELS_MAX], asks[:LEVELS_MAX], START_NS)


def _out_of_step(
    product: str, snapshot: bytes, updates: Sequence[bytes], count: int
) -> Iterator[list[bytes]]:
    """Yield `count` rounds of the same frames, each from another place on, its book first."""
    for turn in range(count):
        place = turn * len(updates) // count
        if place == 0:
            yield [snapshot, *updates]
        else:
            begun = _book_after([snapshot, *updates[:place]])
            first = _cut(product, begun.bids(LEVELS_MAX), begun.asks(LEVELS_MAX))
            yield [first, *updates[place:], snapshot, *updates[:place]]


def _book_after(frames: Iterable[bytes]) -> Book:
    venue, book = venue_named(VENUE), Book()
    for frame in frames:
        for event in venue.parse(frame).events:
            if isinstance(event, BookSnapshot):
                book.replace(event.bids, event.asks)
            elif isinstance(event, BookUpdate):
                book.apply(event.changes)
    return book


def _by_turns(product: str, rounds: Sequence[list[bytes]]) -> Iterator[Sent]:
    """Yield a frame of each round at a time, under the names of the default products."""
    own = msgspec.json.encode(product)
    names = [(name, msgspec.json.encode(name)) for name in DEFAULT_PRODUCTS]
    for frames in zip_longest(*rounds):
        for (name, encoded), frame in zip(names, frames, strict=True):
            if frame is not None:
                yield name, frame.replace(own, encoded)


def _write(target: Path, sent: Iterable[Sent], rate: int) -> int:
    """Write frames evenly, each numbered from 0 on its product's connection; return how many."""
    digits_of = server(VENUE).digits
    step_ns = round(1e9 / rate)
    numbers: dict[str, int] = {}
    written = 0
    with target.open("wb") as file:
        for product, frame in sent:
            number = numbers[product] = numbers.get(product, -1) + 1
            digits = digits_of(frame)
            assert digits is not None
            raw = b"%b%d%b" % (frame[: digits[0]], number, frame[digits[1] :])
            line = RecordedLine(START_NS + written * step_ns, f"paced-{product}", None, raw)
            file.write(encode_line(line))
            written += 1
    return written
