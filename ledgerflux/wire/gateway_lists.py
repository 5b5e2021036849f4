"""Answers that tell a client what it has: see `wire.gateway_control` for what they must be."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ledgerflux.core.holdings import Holding, Holdings
from ledgerflux.wire.gateway_frames import RequestId, answer

_encode = msgspec.json.Encoder().encode


def subscriptions(
    held: Holdings, *, venue: str, request_id: RequestId, times: tuple[int, int]
) -> bytes:
    """Return the answer to `subscriptions`."""
    return _encode(
        {
            "type": "subscriptions",
            **answer(request_id, times),
            "venue": venue,
            "subscriptions": [_stream(holding) for holding in held.streams],
            "patterns": [
                {"channel": channel, "pattern": pattern} for channel, pattern in held.patterns
            ],
            "beats": [
                {"channel": channel, "product_ids": products} for channel, products in held.beats
            ],
        }
    )


def requested(
    channel: str, product_ids: Sequence[str], *, request_id: RequestId, times: tuple[int, int]
) -> bytes:
    """Return the answer to `snapshot`: what follows."""
    return _encode(
        {
            "type": "requested",
            **answer(request_id, times),
            "channel": channel,
            "product_ids": product_ids,
        }
    )


def _stream(holding: Holding) -> dict[str, Any]:
    place = holding.position
    return {
        "channel": holding.channel,
        "product_id": holding.product,
        "depth": holding.terms.depth if holding.channel == "level2" else None,
        "conflate": holding.terms.conflate,
        **({} if holding.terms.interval is None else {"interval": holding.terms.interval}),
        "on_slow": holding.on_slow,
        "place": None if place is None else place._asdict(),
        "head": holding.head._asdict(),
        "behind": holding.behind,
    }
