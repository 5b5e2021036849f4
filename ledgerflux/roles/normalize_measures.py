"""What a normalizer measures, made of its partitions when somebody asks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Protocol, get_args

from ledgerflux.core.partition_normalizer import PAST, PartitionNormalizer
from ledgerflux.core.quote import Quote, quote_of
from ledgerflux.core.timings import Timings
from ledgerflux.model.stream import BookState
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.telemetry.measures import Sample

REASONS = {
    "unreadable": "refused",
    "repeated": "sequence_repeats",
    "book": "books_refused",
    "unknown_kind": "unknown",
    "unknown_product": "unknown_product",
}
"""Why something could not be used, and what counts it."""
UNUSED_FRAMES = ("refused", "sequence_repeats")
"""What counts whole frames that were not used."""
STATES: tuple[str, ...] = get_args(BookState)


class Worked(Protocol):
    """One partition's work; `inherited` is what others had counted before this process."""

    inherited: Counter[str]

    @property
    def machine(self) -> PartitionNormalizer:
        """Return the state of its products."""
        ...


def measures_of(
    shard: int, shards: int, parts: Sequence[Worked], timings: Iterable[Timings]
) -> Iterator[Sample]:
    """Yield all that the normalizer `shard` of `shards` measures beside its health record."""
    own = (str(shard),)
    products = {name: product for part in parts for name, product in part.machine.products.items()}
    yield Sample("normalize_latency_seconds", Timings.total(timings), own)
    yield Sample("normalize_shards_configured", shards)
    yield Sample("normalize_shard_owned", 1, own)
    yield Sample("normalize_shard_products", len(products), own)
    yield from _frames(own, parts)
    for name, product in sorted(products.items()):
        quote = quote_of(product)
        yield from _book((*own, name), product.state, quote)
        yield from _prices(name, quote)


def _frames(own: tuple[str], parts: Sequence[Worked]) -> Iterator[Sample]:
    made: Counter[str] = Counter()
    for part in parts:
        made.update(part.machine.counts)
        made.subtract(part.inherited)
    unused = sum(made[name] for name in UNUSED_FRAMES)
    lost = _of_all_runs(made, "raw_gap_frames") + made["sequence_missing"]
    yield Sample("normalize_validated_total", _of_all_runs(made, "raw_frames") - unused, own)
    yield Sample("normalize_missing_total", lost, own)
    for reason, name in REASONS.items():
        yield Sample("normalize_rejected_total", made[name], (*own, reason))


def _of_all_runs(made: Mapping[str, int], name: str) -> int:
    return made[name] + made[PAST + name]


def _book(own: tuple[str, str], state: str, quote: Quote) -> Iterator[Sample]:
    for each in STATES:
        yield Sample("normalize_book_state", each == state, (*own, each))
    yield Sample("normalize_book_levels", quote.bids, (*own, "bid"))
    yield Sample("normalize_book_levels", quote.asks, (*own, "ask"))
    yield Sample("normalize_book_crossed", quote.crossed, own)
    yield Sample("normalize_last_sequence", quote.seq, own)
    if quote.receive_ns:
        when_s = quote.receive_ns / NANOS_PER_S
        yield Sample("normalize_book_last_update_timestamp_seconds", when_s, own)
    if quote.bid is not None and quote.ask is not None:
        bid, ask = Decimal(quote.bid), Decimal(quote.ask)
        yield Sample("normalize_book_spread_ratio", float(2 * (ask - bid) / (ask + bid)), own)


def _prices(product: str, quote: Quote) -> Iterator[Sample]:
    for side, price in (("bid", quote.bid), ("ask", quote.ask), ("last", quote.last)):
        if price is not None:
            yield Sample("market_price", float(price), (product, side))
