"""What a recording holds, found by reading all of it once."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ledgerflux.core.dialect import Hearing
from ledgerflux.core.market_profile import Profile, Profiler
from ledgerflux.core.market_source import Closing, Item, Pair
from ledgerflux.core.recorded_items import items_of
from ledgerflux.model.product import is_product_id
from ledgerflux.model.recording import RecordedLine

CHANNELS = ("level2", "trades", "ticker", "heartbeats")


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
