import msgspec
import pytest
from streams import ASKS, BIDS, TIME, Numbered

from ledgerflux.core.checksum import book_checksum
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.snapshot import START, Position
from ledgerflux.core.telling import Heads, Missing, Replaced, Said
from ledgerflux.core.trade_ring import Wanted
from ledgerflux.errors import LogError
from ledgerflux.wire.norm import Batch


def make() -> ProductStream:
    return ProductStream("coinbase-exchange", "BTC-USD", integrity="none", integrity_rule="none")


def apply(stream: ProductStream, source: Numbered, publish_ns: int = 1):
    return [told for batch in source.take() for told in stream.apply(batch, publish_ns)]


def epoch_begins(epoch: str):
    return [
        Missing(name, epoch, 1, 0, "epoch", "init")
        for name in ("level2", "trades", "ticker", "status")
    ]


def test_before_anything_the_book_is_empty_and_init():
    stream = make()
    assert stream.heads() == Heads("", 0, 0, "init", "none")
    assert stream.position("trades") == START
    assert stream.snapshot().parts == 1
    assert stream.latest("ticker") is None
    position, event = stream.latest("status")
    assert position == START
    assert msgspec.json.decode(event) == {
        "seq": 0,
        "state": "init",
        "reason": "",
        "ts_receive": None,
    }


def test_the_first_event_begins_an_epoch_in_every_channel():
    stream, source = make(), Numbered()
    told = apply(stream, source.snapshot())
    assert told[:4] == epoch_begins("run1")
    assert told[4] == Replaced(Position("run1", 0), "epoch")
    assert isinstance(told[5], Said)
    assert stream.heads() == Heads("run1", 1, 0, "live", "none")


def test_updates_change_the_book_and_go_on_unparsed():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot())
    [batch] = source.update(("buy", "100", "0")).update(("sell", "103", "9")).take()
    assert stream.apply(batch, 7) == [Said(batch)]
    assert stream.book.bids() == source.book.bids() == BIDS[:1]
    assert stream.position("level2") == Position("run1", 3)
    assert stream.publish_ns == 7


def test_a_new_snapshot_of_the_venue_replaces_the_book():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot().update())
    told = apply(stream, source.snapshot([("1", "1")], []))
    assert told[0] == Replaced(Position("run1", 2), "resync")
    assert told[0].channel == "level2"
    assert (stream.book.bids(), stream.book.asks()) == ([("1", "1")], [])


def test_a_gap_says_what_is_known_of_it_and_the_book_is_not_live():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot())
    told = apply(stream, source.gap("suspect", missing=4))
    assert told[0] == Missing("level2", "run1", 2, 2, "upstream", "suspect", "a hole", 4)
    assert told[1].channel == "status"
    assert stream.state == "suspect"


def test_a_gap_of_trades_leaves_the_book_live():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot().trade())
    told = apply(stream, source.trades_missing(3).trade())
    missing = Missing("trades", "run1", 2, 2, "upstream", "live", "", 3, 2, 4)
    assert told[0] == missing
    assert isinstance(told[1], Said)
    assert stream.state == "live"


def test_the_latest_ticker_and_status_are_known():
    stream, source = make(), Numbered()
    apply(stream, source.ticker("1").ticker("2").status("halted", "by the venue"))
    position, event = stream.latest("ticker")
    assert position == Position("run1", 2)
    assert msgspec.json.decode(event)["price"] == "2"
    position, event = stream.latest("status")
    assert msgspec.json.decode(event) == {
        "seq": 1,
        "state": "halted",
        "reason": "by the venue",
        "ts_receive": TIME,
    }
    assert stream.state == "halted"


def test_another_epoch_forgets_book_ticker_and_places():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot().ticker().trade())
    told = apply(stream, source.begin("run2"))
    assert told[:4] == epoch_begins("run2")
    assert stream.heads() == Heads("run2", 0, 0, "syncing", "none")
    assert stream.book.bids() == []
    assert stream.latest("ticker") is None


def test_the_snapshot_is_the_same_object_until_the_book_changes():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot())
    first = stream.snapshot()
    assert stream.snapshot() is first
    apply(stream, source.update())
    second = stream.snapshot()
    assert second is not first
    assert second.position == Position("run1", 2)
    apply(stream, source.status("halted"))
    assert stream.snapshot().standing.state == "halted"


def test_a_product_that_is_lost_is_stale():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot())
    stream.lose()
    assert stream.state == "stale"


def test_a_live_book_that_is_doubted_is_stale_until_it_is_trusted():
    stream, source = make(), Numbered()
    assert not stream.doubt()
    assert not stream.trust()
    apply(stream, source.snapshot())
    assert stream.doubt()
    assert not stream.doubt()
    assert stream.heads().state == stream.snapshot().standing.state == "stale"
    assert stream.trust()
    assert stream.heads().state == stream.snapshot().standing.state == "live"


def test_what_the_log_says_while_a_book_is_doubted_counts_afterwards():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot())
    stream.doubt()
    apply(stream, source.status("halted"))
    assert stream.state == "stale"
    assert stream.trust()
    assert stream.state == "halted"
    stream.doubt()
    apply(stream, source.status("suspect"))
    assert stream.state == "suspect"
    assert not stream.trust()


def test_restore_takes_what_the_checkpoint_holds():
    stream, source = make(), Numbered()
    source.snapshot().update().trade().take()
    stream.restore(source.saved())
    assert stream.heads() == Heads("run1", 2, 1, "live", "none")
    assert stream.book.bids() == source.book.bids()
    standing = stream.snapshot().standing
    assert standing.ts_exchange == "2023-11-14T22:13:20.000000000Z"
    assert standing.ts_receive == "2023-11-14T22:13:20.000000001Z"
    assert apply(stream, source.update())


def test_restore_of_a_book_without_times_has_none():
    stream, source = make(), Numbered()
    saved = msgspec.structs.replace(source.saved(), book_exchange_ns=None, book_receive_ns=0)
    stream.restore(saved)
    assert stream.snapshot().standing[3:5] == (None, None)


def test_restore_of_nothing_knows_nothing():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot())
    stream.restore(None)
    assert stream.heads() == Heads("", 0, 0, "init", "none")
    assert stream.book.asks() == []


def batch(channel="trades", kind="trade", first=1, items=1, body=b"[{}]", epoch="run1"):
    return Batch("BTC-USD", channel, kind, epoch, first, items, body)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (batch(first=2), "log_incomplete"),
        (batch(first=0), "log_regressed"),
        (batch("level2", "update", body=b"nonsense"), "log_corrupt"),
        (batch("level2", "update", body=b"[]"), "log_corrupt"),
        (batch("level2", "trade"), "log_corrupt"),
        (
            batch(
                "level2",
                "update",
                body=b'[{"seq":1,"ts_exchange":null,"ts_receive":"","changes":[["buy","x","1"]]}]',
            ),
            "log_corrupt",
        ),
        (
            batch(
                "level2",
                "snapshot",
                body=b'[{"seq":1,"ts_exchange":null,"ts_receive":"","reason":"",'
                b'"bids":[["1","-1"]],"asks":[]}]',
            ),
            "log_corrupt",
        ),
    ],
)
def test_what_does_not_belong_is_an_error_never_a_guess(bad, code):
    stream = make()
    with pytest.raises(LogError) as caught:
        stream.apply(bad, 1)
    assert caught.value.code == code


def test_books_of_bids_and_asks_keep_the_venues_texts():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot())
    assert (stream.book.bids(), stream.book.asks()) == (BIDS, ASKS)


def true_checksum(stream: ProductStream) -> int:
    return book_checksum(stream.book.bids(), stream.book.asks())


def test_the_checksum_is_that_of_the_book_as_it_is():
    stream, source = make(), Numbered()
    assert stream.checksum() == 0
    apply(stream, source.snapshot())
    assert stream.checksum() == true_checksum(stream) == stream.snapshot().checksum
    apply(stream, source.update(("buy", "100.5", "9")))
    assert stream.checksum() == true_checksum(stream)
    apply(stream, source.begin("run2").update(("buy", "7", "1")))
    assert stream.checksum() == true_checksum(stream)
    stream.restore(None)
    assert stream.checksum() == 0


class Watcher:
    def __init__(self, stream: ProductStream) -> None:
        self.stream = stream
        self.seen: list = []

    def begin(self) -> None:
        self.seen.append(("begin", self.stream.book.bids()))

    def see(self, update) -> None:
        self.seen.append((update.seq, self.stream.book.bids(1)))


def test_a_watcher_sees_every_update_after_the_book_has_it():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot())
    watcher = Watcher(stream)
    stream.watchers.append(watcher)
    apply(stream, source.update(("buy", "100.6", "1")).update(("buy", "100.7", "1")))
    apply(stream, source.begin("run2"))
    assert watcher.seen == [(2, [("100.6", "1")]), (3, [("100.7", "1")]), ("begin", [])]


def test_trades_and_their_gaps_are_kept_until_another_epoch_or_a_hole():
    stream, source = make(), Numbered()
    apply(stream, source.trade("1").trades_missing().trade("2"))
    found = stream.trades.find(Wanted())
    assert [(kept.gap, msgspec.json.decode(kept.body)["seq"]) for kept in found.events] == [
        (False, 1),
        (True, 2),
        (False, 3),
    ]
    stream.restore(source.saved())
    assert stream.trades.oldest_seq == 1, "the checkpoint stands where the ring ends"
    apply(stream, source.trade("3"))
    assert stream.trades.newest_seq == 4
    source.trade().take()
    stream.restore(source.saved())
    assert (stream.trades.oldest_seq, stream.trades.newest_seq) == (6, 5)
    apply(stream, source.begin("run2").trade())
    assert (stream.trades.epoch, stream.trades.newest_seq) == ("run2", 1)
    stream.restore(None)
    assert stream.trades.epoch == ""


def test_there_is_a_book_from_its_first_snapshot_on():
    stream, source = make(), Numbered()
    assert not stream.has_book
    apply(stream, source.status("syncing"))
    assert not stream.has_book
    apply(stream, source.snapshot())
    assert stream.has_book
    apply(stream, source.gap("suspect"))
    assert stream.has_book
    apply(stream, source.snapshot([], []))
    assert stream.has_book, "an empty book that is live is a book"
    stream.lose()
    assert not stream.has_book


def test_it_says_whether_it_is_doubted_and_what_trades_it_keeps():
    stream, source = make(), Numbered()
    apply(stream, source.snapshot().trade())
    assert (stream.doubted, stream.keeps("run1", 1), stream.keeps("run2", 1)) == (
        False,
        True,
        False,
    )
    stream.doubt()
    assert stream.doubted
