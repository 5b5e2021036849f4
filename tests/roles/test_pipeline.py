"""ingest and normalize together over an in-memory bus: recordings through the real path."""

import msgspec
import pytest
from recordings import received, recording
from reference import rebuild
from roles_support import Pipeline

from ledgerflux.core.book import Book
from ledgerflux.model.stream import Gap, Level2Snapshot, Level2Update, TradeEvent


class Client:
    """Applies a product's batches the way a client must, checking every number."""

    def __init__(self):
        self.book = Book()
        self.live = False
        self.seqs = {}
        self.trades = []
        self.gaps = []
        self.snapshots = 0

    def take(self, batch):
        assert batch.first_seq == self.seqs.get((batch.epoch, batch.channel), 0) + 1
        self.seqs[batch.epoch, batch.channel] = batch.last_seq
        kinds = {
            "snapshot": Level2Snapshot,
            "update": Level2Update,
            "gap": Gap,
            "trade": TradeEvent,
        }
        if batch.type not in kinds:
            return
        for event in msgspec.json.decode(batch.body, type=list[kinds[batch.type]]):
            match event:
                case Level2Snapshot():
                    self.book.replace(event.bids, event.asks)
                    self.live = True
                    self.snapshots += 1
                case Level2Update():
                    assert self.live
                    self.book.apply(event.changes)
                    assert not self.book.crossed()
                case Gap():
                    self.gaps.append((batch.channel, event))
                    self.live = self.live and batch.channel != "level2"
                case TradeEvent():
                    self.trades.append((event.trade_id, event.price, event.size))


ADVANCED = [pytest.param("live", marks=pytest.mark.slow), "reconnect", "trades"]


@pytest.mark.parametrize("name", ADVANCED)
async def test_an_advanced_recording_ends_with_the_reference_book(name):
    name = f"coinbase-advanced-20260809-btcusd-{name}"
    frames, conn = [], "coinbase-1"
    for line in received(name):
        if line["conn"] != conn:
            frames.append(None)
            conn = line["conn"]
        frames.append(line["raw"].encode())
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], frames)
    await pipeline.run()
    client = Client()
    for batch in pipeline.batches("BTC-USD"):
        client.take(batch)
    reference = rebuild(recording(name))
    book = reference.books["BTC-USD"]
    assert [list(level) for level in client.book.bids()] == book.bids()
    assert [list(level) for level in client.book.asks()] == book.asks()
    assert client.live
    trades = reference.trades.get("BTC-USD", {})
    assert client.trades == [(key, *trades[key]) for key in sorted(trades)]
    assert len([gap for gap in client.gaps if gap[0] == "level2"]) == name.count("reconnect")
    assert pipeline.normalize.vitals().counts["raw_frames"] == len(frames) - frames.count(None)


@pytest.mark.slow
async def test_an_exchange_recording_ends_with_the_reference_books():
    name = "coinbase-exchange-l2-ticker-matches-20210417-6p"
    products = ["SKL-USD", "SKL-BTC", "BAND-BTC", "CRV-EUR", "YFI-BTC", "SKL-GBP"]
    reference = rebuild(recording(name))
    lines = [line["raw"].encode() for line in received(name)]
    for product in products:
        frames = [line for line in lines if b'"product_id":"%s"' % product.encode() in line]
        pipeline = Pipeline("coinbase-exchange", [product], frames, ("level2", "trades", "ticker"))
        await pipeline.run()
        client = Client()
        for batch in pipeline.batches(product):
            client.take(batch)
        book = reference.books[product]
        assert [list(level) for level in client.book.bids()] == book.bids()
        assert [list(level) for level in client.book.asks()] == book.asks()
        trades = reference.trades.get(product, {})
        assert client.trades == [(key, *trades[key]) for key in sorted(trades)]
        assert not client.gaps
