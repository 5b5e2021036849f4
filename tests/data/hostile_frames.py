"""Frames that should not come from a venue, and why each is refused.

A frame that carries a message carries one of every dialect at once (`HEARTBEAT`), so
that nothing but its hostile part is wrong; frames that are accepted stand here too
(reason None), because refusing those would be an error as well. The cases themselves are
`hostile/frames.json` and `hostile/values.json`.
"""

from hostile import group, made

from ledgerflux.venues.base import RefusedReason

HEARTBEAT = (
    b'"type":"heartbeat","product_id":"BTC-USD","sequence":7,'
    b'"channel":"heartbeats","sequence_num":7,"events":[]'
)
"""The fields of a heartbeat of Coinbase Exchange and of one of Advanced Trade."""


def beat(extra: bytes = b"") -> bytes:
    """Return the heartbeat with more fields behind it."""
    return b"{" + HEARTBEAT + extra + b"}"


_VALUES = group("values")

HOSTILE_FRAMES: list[tuple[str, bytes, RefusedReason | None]] = [
    (row["id"], made(row["frame"], {"heartbeat": HEARTBEAT}), row["reason"])
    for row in group("frames")["rows"]
]
"""(what it is, the frame, why it is refused; None: it is a message)."""

BAD_DECIMALS: list[str] = [made(parts).decode() for parts in _VALUES["bad_decimals"]]
"""JSON values that are no price and no size."""

GOOD_DECIMALS: list[str] = _VALUES["good_decimals"]
"""Texts that a parser lets pass: what may stand in a book is the book's matter."""

BAD_PRODUCTS: list[str] = _VALUES["bad_products"]
"""JSON values that may not name a product."""

BAD_COUNTS: list[str] = _VALUES["bad_counts"]
"""JSON values that are no trade id and no sequence number."""
