"""Where a client finds the trades that a gap left out: the gateway's own HTTP address of them."""

from urllib.parse import urlencode

from ledgerflux.core.speaker import Named
from ledgerflux.core.telling import Missing

OURS = ("slow_consumer", "store", "epoch", "resume")
"""Causes that leave out what the gateway may have; what the venue left out it has not."""


def address(stream: Named, missing: Missing) -> str | None:
    """Return path and query of what `missing` left out; None where it is not kept."""
    first, last = missing.from_seq, missing.to_seq
    if missing.channel != "trades" or missing.cause not in OURS or last < first:
        return None
    if not stream.keeps(missing.epoch, first):
        return None
    query = urlencode({"epoch": missing.epoch, "from_seq": first, "to_seq": last})
    return f"/v1/products/{stream.product}/trades?{query}"
