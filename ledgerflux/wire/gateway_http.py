"""The bytes of a gateway's answers over HTTP; `wire.gateway_documents` describes them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ledgerflux.core.book_cut import BookCut
from ledgerflux.core.candle_variant import current_line
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.terms import Interval
from ledgerflux.core.trade_ring import Found, Kept
from ledgerflux.model.units import rfc3339
from ledgerflux.wire.gateway_frames import RETRYABLE

_encode = msgspec.json.Encoder().encode


def book(cut: BookCut) -> bytes:
    """Return an `lf.book/1`: the book at one position."""
    stream, standing = cut.stream, cut.standing
    head = {
        "schema": "lf.book/1",
        "venue": stream.venue,
        "product_id": stream.product,
        "epoch": cut.position.epoch,
        "seq": cut.position.seq,
        "depth": cut.depth,
        "state": standing.state,
        "integrity": standing.integrity,
        "integrity_rule": standing.integrity_rule,
        "ts_exchange": standing.ts_exchange,
        "ts_receive": standing.ts_receive,
        "ts_publish": rfc3339(standing.publish_ns),
    }
    return b'%b,"bids":%b,"asks":%b}' % (_encode(head)[:-1], cut.bids, cut.asks)


def trades(stream: ProductStream, found: Found) -> bytes:
    """Return an `lf.trades/1`: every seq from `from_seq` to `to_seq`, in `data` or in `gaps`."""
    ring = stream.trades
    head = {
        "schema": "lf.trades/1",
        "venue": stream.venue,
        "product_id": stream.product,
        "epoch": ring.epoch,
        "from_seq": found.from_seq,
        "to_seq": found.to_seq,
        "oldest_seq": ring.oldest_seq,
        "newest_seq": ring.newest_seq,
    }
    sides = (_array(found.events, gap=False), _array(found.events, gap=True))
    return b'%b,"data":%b,"gaps":%b}' % (_encode(head)[:-1], *sides)


def candles(stream: ProductStream, interval: Interval, limit: int) -> bytes:
    """Return an `lf.candles/1`: the newest bars of one interval."""
    epoch, seq = stream.position("trades")
    return _encode(
        {
            "schema": "lf.candles/1",
            "venue": stream.venue,
            "product_id": stream.product,
            "interval": interval,
            "epoch": epoch,
            "seq": seq,
            "data": current_line(stream, interval).newest_events(limit),
        }
    )


def products(streams: Sequence[tuple[int, ProductStream]], venue: str) -> bytes:
    """Return an `lf.products/1`: what is served, each with its partition."""
    listed = [
        {
            "product_id": stream.product,
            "partition": partition,
            "integrity_rule": stream.integrity_rule,
            **stream.heads()._asdict(),
        }
        for partition, stream in streams
    ]
    return _encode({"schema": "lf.products/1", "venue": venue, "products": listed})


def problem(code: str, message: str, *, retry_after_ms: int | None = None, **details: Any) -> bytes:
    """Return the document of an error; `details` say more of it."""
    retryable = code in RETRYABLE
    error = {"code": code, "message": message, "retryable": retryable}
    return _encode({"error": {**error, "retry_after_ms": retry_after_ms, **details}})


def _array(events: Sequence[Kept], *, gap: bool) -> bytes:
    return b"[%b]" % b",".join(event.body for event in events if event.gap is gap)
