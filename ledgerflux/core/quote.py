"""Where a product stands, in a few words."""

from typing import NamedTuple

from ledgerflux.core.product_normalizer import ProductNormalizer


class Quote(NamedTuple):
    """Best prices and the last trade's, as texts; None where there is none.

    `bids` and `asks` count levels, `seq` is of the level2 stream, `receive_ns` of the last
    frame the book took (0: none yet).
    """

    bid: str | None
    ask: str | None
    last: str | None
    bids: int
    asks: int
    crossed: bool
    seq: int
    receive_ns: int


def quote_of(stream: ProductNormalizer) -> Quote:
    """Return where the product of `stream` stands now."""
    (bid, ask), held = stream.book.best(), stream.book.statistics()
    return Quote(
        bid and bid[0],
        ask and ask[0],
        stream.trades.price,
        held.bids,
        held.asks,
        stream.book.crossed(),
        stream.numbering.seqs["level2"],
        stream.book_receive_ns,
    )
