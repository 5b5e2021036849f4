"""The variants that somebody follows, by the stream they are of."""

from collections.abc import Iterator

from ledgerflux.core.frame import StreamKey, Whole
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.speaker import Speaker
from ledgerflux.core.terms import INTERVALS, Terms
from ledgerflux.core.variant import BookVariant, TickerVariant
from ledgerflux.model.stream import ChannelName

Variant = BookVariant | TickerVariant


class Variants:
    """Makes a variant for its first follower; bounded by what can be asked for of a product."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._held: dict[Whole, dict[Terms, Variant]] = {}

    def of(self, channel: ChannelName, product: str) -> list[Variant]:
        """Return the variants of a stream."""
        return list(self._held.get((channel, product), {}).values())

    def follow(self, stream: ProductStream, channel: ChannelName, terms: Terms) -> Variant:
        """Return the variant of `stream`, made where nobody follows it yet."""
        held = self._held.setdefault((channel, stream.product), {})
        variant = held.get(terms)
        if variant is None:
            if channel == "level2":
                variant = BookVariant(stream, terms, self._speaker)
                stream.watchers.append(variant)
            else:
                variant = TickerVariant(stream, terms, self._speaker)
            held[terms] = variant
        return variant

    def leave(self, stream: ProductStream, key: StreamKey) -> None:
        """Nobody follows the variant any more."""
        channel, product, terms = key
        held = self._held[channel, product]
        variant = held.pop(terms)
        if isinstance(variant, BookVariant):
            stream.watchers.remove(variant)
        if not held:
            del self._held[channel, product]

    def due(self, told: int, tick: int) -> Iterator[Variant]:
        """Yield those with a time to be told after tick `told` of the grid, up to `tick`."""
        for held in list(self._held.values()):
            for terms, variant in list(held.items()):
                every = INTERVALS.get(terms.conflate)
                if every is not None and told // every != tick // every:
                    yield variant

    @property
    def on_grid(self) -> bool:
        """Say whether any is told at ticks."""
        return any(terms.conflate in INTERVALS for held in self._held.values() for terms in held)
