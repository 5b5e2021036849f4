"""RAW records as ingest writes them, and frames in the dialects of the venues."""

import json

from ledgerflux.wire.record import Kind, Record, pack_frames
from ledgerflux.wire.session import FrameGap, SessionOpen, encode_note

AT_NS = 1_786_253_022_000_000_000
AT = "2026-08-09T05:23:42.000000Z"
PRODUCTS = ["BTC-USD", "ETH-USD"]


def raw(number, kind, body, items=0):
    return Record(kind, items, number, 1, AT_NS, 0, 0, 0, body)


def frames_record(number, frames):
    timed = [(AT_NS + place, frame) for place, frame in enumerate(frames)]
    return raw(number, Kind.FRAMES, pack_frames(timed), len(frames))


def note_record(number, note):
    kind = Kind.GAP if isinstance(note, FrameGap) else Kind.SESSION
    return raw(number, kind, encode_note(note))


def opening(run="r1", products=PRODUCTS, channels=("level2", "trades")):
    return SessionOpen(run, "c1", "ws://x", list(products), list(channels), AT_NS)


def advanced_frame(sequence, channel, event):
    body = {"channel": channel, "timestamp": AT, "sequence_num": sequence, "events": [event]}
    return json.dumps(body, separators=(",", ":")).encode()


def advanced(sequence, what):
    """A frame of Advanced Trade that says `what`."""
    kind, product, *more = what
    if kind == "trade":
        trade = {"product_id": product, "trade_id": str(more[0]), "price": "5.5", "size": "1",
                 "time": AT, "side": "BUY"}  # fmt: skip
        return advanced_frame(sequence, "market_trades", {"type": "update", "trades": [trade]})
    updates = [
        {"side": {"buy": "bid", "sell": "offer"}[side], "event_time": AT, "price_level": price,
         "new_quantity": size}
        for side, price, size in more[0]
    ]  # fmt: skip
    event = {"type": kind, "product_id": product, "updates": updates}
    return advanced_frame(sequence, "l2_data", event)


def exchange(_sequence, what):
    """A frame of Coinbase Exchange that says `what`."""
    kind, product, *more = what
    body = {"product_id": product, "time": AT}
    if kind == "trade":
        body |= {"type": "match", "trade_id": more[0], "side": "sell", "size": "1",
                 "price": "5.5", "sequence": 9}  # fmt: skip
    elif kind == "snapshot":
        body |= {
            "type": "snapshot",
            "bids": [[price, size] for side, price, size in more[0] if side == "buy"],
            "asks": [[price, size] for side, price, size in more[0] if side == "sell"],
        }
    else:
        body |= {"type": "l2update", "changes": [list(change) for change in more[0]]}
    return json.dumps(body, separators=(",", ":")).encode()


WRITE = {"coinbase-advanced": advanced, "coinbase-exchange": exchange}
