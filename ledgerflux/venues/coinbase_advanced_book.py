"""Coinbase Advanced Trade: a frame of books as the venue writes it, nine of ten there are.

No field missing, none unknown, no space: then the lengths of the fields and of the text
around them make up the frame's, and one comparison proves that nothing was overlooked. Any
other frame is read again as `coinbase_advanced_market.Book`, at twice the cost.
"""

from typing import Literal

import msgspec

from ledgerflux.model.events import Change, Event, Parsed
from ledgerflux.venues.base import Refused
from ledgerflux.venues.coinbase_advanced_market import SIDES, book_event
from ledgerflux.venues.fields import Count, ShortText, are_plain, product_id, time_ns
from ledgerflux.venues.frames import UNREADABLE

BOOK_START = b'{"channel":"l2_data"'
"""How the venue starts one."""

_FRAME_CHARS = len('{"channel":"l2_data","timestamp":"","sequence_num":,"events":[]}')
_CLIENT_CHARS = len('"client_id":"",')
_EVENT_CHARS = len('{"type":"","product_id":"","updates":[]},')
_LEVEL_CHARS = len('{"side":"bid","event_time":"","price_level":"","new_quantity":""},')
_OFFER_CHARS = len("offer") - len("bid")


class _Level(msgspec.Struct, gc=False):
    side: Literal["bid", "offer"]
    price_level: ShortText
    new_quantity: ShortText
    event_time: str


class _BookEvent(msgspec.Struct, gc=False):
    type: Literal["snapshot", "update"]
    product_id: str
    updates: list[_Level]


class _Book(msgspec.Struct, gc=False):
    sequence_num: Count
    timestamp: str
    events: list[_BookEvent]
    client_id: str | None = None


_decode = msgspec.json.Decoder(_Book).decode


def read_book(frame: bytes) -> Parsed | None:
    """Return what a frame of books says, None where it must be read with more care.

    `frame` starts with `BOOK_START`.
    """
    try:
        book = _decode(frame)
    except UNREADABLE:
        return None
    exchange_ns = time_ns(book.timestamp)
    chars = _FRAME_CHARS + len(book.timestamp) + len(str(book.sequence_num)) - 1
    if book.client_id is not None:
        chars += _CLIENT_CHARS + len(book.client_id)
    events: list[Event] = []
    for event in book.events:
        levels = event.updates
        if not levels:
            return None
        changes: list[Change] = [
            (SIDES[level.side], level.price_level, level.new_quantity) for level in levels
        ]
        sides, prices, sizes = zip(*changes)  # noqa: B905 - all are three
        texts = ",".join(prices + sizes)
        if not are_plain(texts, 2 * len(levels)):
            return None
        times = "".join([level.event_time for level in levels])
        chars += _EVENT_CHARS + len(event.type) + len(event.product_id)
        chars += len(levels) * (_LEVEL_CHARS - 2) + len(times) + len(texts)
        chars += _OFFER_CHARS * sides.count("sell")
        try:
            product = product_id(event.product_id)
        except Refused:
            return None
        events.append(book_event(event.type, product, changes, exchange_ns))
    if chars != len(frame):
        return None
    return Parsed(book.sequence_num, events)
