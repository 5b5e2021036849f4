"""The normalizer of each dialect with live books, and what it makes, read back from its bytes."""

import msgspec
from raw_records import PRODUCTS, WRITE, frames_record, note_record, opening

from ledgerflux.model.stream import (
    Gap,
    Level2Snapshot,
    Level2Update,
    Made,
    StatusEvent,
    TickerEvent,
    TradeEvent,
)
from ledgerflux.roles.normalizer import Normalizer
from ledgerflux.venues.registry import venue
from ledgerflux.wire import norm

VENUES = ["coinbase-advanced", "coinbase-exchange"]
EVENTS = {
    "update": Level2Update,
    "snapshot": Level2Snapshot,
    "gap": Gap,
    "trade": TradeEvent,
    "ticker": TickerEvent,
    "status": StatusEvent,
}

BOOK = [("buy", "3", "1"), ("sell", "6", "1")]


def fed(name, *records, normalizer=None):
    normalizer = normalizer or Normalizer(venue(name))
    return normalizer, [normalizer.take(record) for record in records]


def started(name, **open_with):
    """A normalizer of BTC-USD and ETH-USD with live books; 2 is its next sequence number."""
    frames = [WRITE[name](n, ("snapshot", product, BOOK)) for n, product in enumerate(PRODUCTS)]
    normalizer, _ = fed(name, note_record(1, opening(**open_with)), frames_record(2, frames))
    return normalizer


def states(normalizer):
    return {product: stream.state for product, stream in normalizer.machine.products.items()}


def made_of(outputs):
    """The events that the bytes of `outputs` hold."""
    return [
        Made(batch.product, batch.channel, batch.type, batch.epoch, event)
        for output in outputs
        for batch in norm.unpack(norm.pack(output.batches))
        for event in msgspec.json.decode(batch.body, type=list[EVENTS[batch.type]])
    ]
