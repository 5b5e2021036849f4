"""A recording at a rate it never had: its updates again and again, evenly, under more names."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from ledgerflux.bench.loads import Load, recorded
from ledgerflux.errors import BadRecording
from ledgerflux.model.events import BookSnapshot
from ledgerflux.model.recording import RecordedLine
from ledgerflux.settings import DEFAULT_PRODUCTS
from ledgerflux.venues.registry import venue as venue_named
from ledgerflux.venues.servers import server
from ledgerflux.wire.recording import encode_line

LEVELS_MAX = 500
START_NS = 1_800_000_000_000_000_000


class Paced(NamedTuple):
    """What was written: a market to be looped."""

    products: tuple[str, ...]
    frames: int
    conditions: str


def write_paced(target: Path, recording: Path, rate: int) -> Paced:
    """Write one round of `recording` for each default product to `target`, at `rate` in all.

    Each begins with its snapshot, cut to `LEVELS_MAX` levels a side, so that rounds can follow
    each other.

    Raises:
        FeedError: `recording` can't be read, or holds no book of this dialect.
    """
    load = recorded(recording)
    product, snapshot = _snapshot(load)
    updates = [frame for frame in load.frames if b'"l2_data"' in frame[:64]]
    step_ns = round(1e9 / rate)
    written = 0
    with target.open("wb") as file:
        for frame in _interleaved(product, snapshot, updates):
            line = RecordedLine(START_NS + written * step_ns, frame[0], None, frame[1])
            file.write(encode_line(line))
            written += 1
    levels = sum(frame.count(b"price_level") for frame in updates) / len(updates)
    conditions = (
        f"{recording.name} under {len(DEFAULT_PRODUCTS)} names, looped at {rate:,}/s, "
        f"{levels:.1f} levels a frame, snapshots cut to {LEVELS_MAX} a side"
    )
    return Paced(DEFAULT_PRODUCTS, written, conditions)


def _snapshot(load: Load) -> tuple[str, bytes]:
    dialect, venue = server(load.venue), venue_named(load.venue)
    for frame in load.head:
        for event in venue.parse(frame).events:
            if isinstance(event, BookSnapshot) and load.venue == "coinbase-advanced":
                bids, asks = event.bids[:LEVELS_MAX], event.asks[:LEVELS_MAX]
                return event.product, dialect.snapshot(event.product, bids, asks, START_NS)
    raise BadRecording(f"{load.label} holds no snapshot of a coinbase-advanced book")


def _interleaved(
    product: str, snapshot: bytes, updates: list[bytes]
) -> Iterator[tuple[str, bytes]]:
    """Yield (connection, frame) of all products by turns, numbered per connection from 0."""
    dialect = server("coinbase-advanced")
    own = msgspec.json.encode(product)
    for number, frame in enumerate([snapshot, *updates]):
        digits = dialect.digits(frame)
        assert digits is not None
        stamped = b"%b%d%b" % (frame[: digits[0]], number, frame[digits[1] :])
        for name in DEFAULT_PRODUCTS:
            yield f"paced-{name}", stamped.replace(own, msgspec.json.encode(name))
