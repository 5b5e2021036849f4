"""Where messages that will never be sent would have taken a client on from."""

from collections.abc import Iterable

import msgspec

from ledgerflux.core.frame import Whole
from ledgerflux.core.snapshot import Position


class _Head(msgspec.Struct):
    channel: str = ""
    product_id: str = ""
    epoch: str = ""
    type: str = ""
    prev_seq: int | None = None
    from_seq: int = 0
    cause: str = ""


_read = msgspec.json.Decoder(_Head).decode


def unsent(messages: Iterable[bytes]) -> dict[Whole, Position | None]:
    """Return by stream the place before the first of these messages; None: before it is none.

    A book, what applies from anywhere, and a gap into another epoch continue no place.
    """
    found: dict[Whole, Position | None] = {}
    for message in messages:
        head = _read(message)
        if head.product_id:
            found.setdefault((head.channel, head.product_id), _before(head))  # type: ignore[arg-type]
    return found


def _before(head: _Head) -> Position | None:
    if head.type == "gap":
        was = Position(head.epoch, max(0, head.from_seq - 1))
        return None if head.cause == "epoch" else was
    return None if head.prev_seq is None else Position(head.epoch, head.prev_seq)
