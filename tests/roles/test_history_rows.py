"""Rows of history out of records: what is a row, and from where on."""

import pytest

from ledgerflux.errors import LogError
from ledgerflux.model.checkpoint import PartitionCheckpoint, ProductCheckpoint
from ledgerflux.model.stream import Gap, Level2Snapshot, Level2Update, Made, TickerEvent, TradeEvent
from ledgerflux.model.units import rfc3339
from ledgerflux.ports import BookRow, GapRow, TradeRow
from ledgerflux.roles.history_rows import RowMaker, Rows, gap_rows, trade_rows
from ledgerflux.wire.norm import batches, pack
from ledgerflux.wire.record import Kind, Record

V, BTC = "test", "BTC-USD"
AT = 1_700_000_000 * 1_000_000_000
HOUR = 3_600_000_000_000


def record(number, *made, kind=Kind.EVENTS, term=1):
    body = pack(batches(made)) if kind is Kind.EVENTS else b""
    return Record(kind, len(made), number, term, AT + number, 1, 2, 0, body)


def trade(seq, at=AT, ts_exchange=None):
    event = TradeEvent(seq, 100 + seq, "1.50", "2", "sell", "BUY", ts_exchange, rfc3339(at))
    return Made(BTC, "trades", "trade", "e1", event)


def gap(seq, channel="level2", **more):
    event = Gap(seq, rfc3339(AT), "upstream", "suspect", **more)
    return Made(BTC, channel, "gap", "e1", event)


def snapshot(seq, at=AT):
    event = Level2Snapshot(seq, None, rfc3339(at), "resync", [("1", "2")], [("3", "4")])
    return Made(BTC, "level2", "snapshot", "e1", event)


def update(seq, at=AT):
    event = Level2Update(seq, None, rfc3339(at), [("buy", "2", str(seq))])
    return Made(BTC, "level2", "update", "e1", event)


def ticker(seq):
    fields = dict.fromkeys(("price", "size", "bid", "bid_size", "ask", "ask_size"), "1")
    event = TickerEvent(seq=seq, ts_exchange=None, ts_receive=rfc3339(AT), **fields)
    return Made(BTC, "ticker", "ticker", "e1", event)


def checkpoint(norm_number, seq):
    product = ProductCheckpoint(
        product=BTC,
        epoch="e1",
        state="live",
        seqs={"level2": seq, "trades": 0, "ticker": 0, "status": 0},
        last_trade_id=None,
        last_price=None,
        last_size=None,
        top=(None, None),
        bids=[("1", "2")],
        asks=[("3", "4")],
        book_exchange_ns=None,
        book_receive_ns=AT,
    )
    return PartitionCheckpoint(
        partition=17,
        venue=V,
        run="e1",
        connection="c",
        channels=[],
        expected=None,
        raw_number=0,
        raw_crc=0,
        raw_sequence=0,
        norm_number=norm_number,
        norm_crc=0,
        norm_sequence=norm_number,
        counts={},
        products=[product],
    )


def maker(after=0, saved=None, products=(BTC,)):
    return RowMaker(V, products, after=after, checkpoint=saved, book_interval_ns=HOUR)


def test_a_trade_keeps_its_texts_and_both_times():
    (batch,) = batches([trade(1, AT + 5, rfc3339(AT)), trade(2, AT + 6, "-")])
    assert trade_rows(V, batch) == [
        TradeRow(V, BTC, "e1", 1, 101, "1.50", "2", "sell", AT, AT + 5),
        TradeRow(V, BTC, "e1", 2, 102, "1.50", "2", "sell", None, AT + 6),
    ]


@pytest.mark.parametrize(
    ("more", "known"),
    [
        ({}, ("", None, None, None)),
        ({"detail": "crossed"}, ("crossed", None, None, None)),
        ({"missing": 0}, ("", 0, None, None)),
        ({"detail": "a hole", "missing": 2, "from_id": 5, "to_id": 6}, ("a hole", 2, 5, 6)),
    ],
)
def test_a_gap_says_what_is_known_of_the_hole(more, known):
    (batch,) = batches([gap(4, "trades", **more)])
    detail, *numbers = known
    assert gap_rows(V, batch) == [
        GapRow(V, BTC, "trades", "e1", 4, "upstream", detail, AT, *numbers)
    ]


def test_a_record_gives_its_rows_and_how_far_they_reach():
    rows = maker().take(record(1, snapshot(1), trade(1), gap(2), ticker(1), term=7))
    assert (rows.upto, rows.term, rows.events, rows.oldest_ns) == (1, 7, 4, AT + 1)
    assert (len(rows.trades), len(rows.gaps), len(rows.books)) == (1, 1, 0)
    assert rows.weight == 2
    assert not rows.empty


def test_a_record_without_events_only_moves_on():
    rows = maker().take(record(1, kind=Kind.TERM))
    assert (rows.upto, rows.weight, rows.empty) == (1, 0, False)
    assert Rows(5, 1).empty


def test_rows_of_following_records_join():
    make = maker()
    rows = make.take(record(1, trade(1), term=1))
    rows.add(make.take(record(2, trade(2), snapshot(1), gap(2), term=2)))
    assert (rows.upto, rows.term, rows.oldest_ns, rows.events) == (2, 2, AT + 1, 4)
    assert [row.seq for row in rows.trades] == [1, 2]
    started = Rows(0, 0)
    started.add(rows)
    assert started.oldest_ns == AT + 1


def test_stored_records_make_no_rows_but_their_books_count():
    make = maker(after=2)
    assert make.take(record(1, snapshot(1), trade(1), gap(1, "trades"))) is None
    assert make.take(record(2, update(2, AT + HOUR), trade(2))) is None
    rows = make.take(record(3, update(3, AT + HOUR), trade(3, AT + HOUR)))
    assert [row.seq for row in rows.trades] == [3]
    assert rows.books == []  # its interval ended in stored records
    (book,) = make.rest()
    assert (book.seq, book.levels, book.venue) == (3, 3, V)


def test_books_before_the_checkpoint_are_those_of_the_checkpoint():
    make = maker(after=0, saved=checkpoint(norm_number=2, seq=5))
    for number in (1, 2):
        rows = make.take(record(number, update(number), trade(number, AT + number * HOUR)))
        assert (len(rows.trades), rows.books) == (1, [])
    assert make.rest() == []
    rows = make.take(record(3, update(6)))
    assert [row.seq for row in make.rest()] == [6]
    assert make.books.statistics().jumps_total == 0


def test_reading_begins_at_the_earlier_of_position_and_checkpoint():
    assert maker(after=9, saved=checkpoint(4, 1)).seen == 4
    assert maker(after=3, saved=checkpoint(4, 1)).seen == 3
    assert maker(after=9).seen == 0


def test_a_book_is_due_by_the_time_of_trades_too():
    make = maker()
    assert make.take(record(1, snapshot(1))).books == []
    (row,) = make.take(record(2, trade(1, AT + HOUR))).books
    assert isinstance(row, BookRow)
    assert (row.seq, row.receive_ns) == (1, AT)


def test_lost_records_are_declared_for_every_product_and_forget_the_books():
    make = maker(products=(BTC, "ETH-USD"))
    make.take(record(1, snapshot(1)))
    rows = make.take(record(5, update(9)))
    assert {(row.product, row.channel) for row in rows.gaps} == {
        (product, channel)
        for product in (BTC, "ETH-USD")
        for channel in ("level2", "trades")
    }  # fmt: skip
    row = rows.gaps[0]
    assert (row.epoch, row.seq, row.cause, row.receive_ns) == ("", 2, "store", AT + 5)
    assert row.detail == "NORM records 2 to 4 were gone before they were stored"
    assert make.lost_total == 3
    assert make.rest() == []
    assert make.books.statistics().jumps_total == 0


def test_lost_records_that_were_stored_before_are_no_gap():
    make = maker(after=6)
    assert make.take(record(5, snapshot(1))) is None
    assert make.lost_total == 0
    rows = make.take(record(8))
    assert rows.gaps[0].detail == "NORM records 7 to 7 were gone before they were stored"


def test_lost_records_before_the_checkpoint_leave_its_books():
    make = maker(after=0, saved=checkpoint(norm_number=4, seq=5))
    make.take(record(4, trade(1)))
    make.take(record(5, update(6)))
    assert [row.seq for row in make.rest()] == [6]
    assert make.lost_total == 3


def test_the_rest_waits_until_what_is_stored_was_read_again():
    make = maker(after=3)
    make.take(record(1, snapshot(1)))
    assert make.rest() == []
    make.take(record(2))
    make.take(record(3))
    assert [row.seq for row in make.rest()] == [1]


def test_events_that_can_not_be_read_are_an_error():
    (batch,) = batches([trade(1)])
    broken = pack([batch._replace(body=b"[{}]")])
    with pytest.raises(LogError):
        maker().take(record(1)._replace(body=broken))
