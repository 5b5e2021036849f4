"""Which books are stored, and when."""

import zlib
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.batch_events import read
from ledgerflux.core.book import Book, book_hash, canonical
from ledgerflux.core.history import BookHistory, RefusedRow, RowsRefused, time_ns
from ledgerflux.errors import LogError, StoreError
from ledgerflux.model.checkpoint import ProductCheckpoint
from ledgerflux.model.stream import (
    Gap,
    Level2Snapshot,
    Level2Update,
    Made,
    StatusEvent,
    TradeEvent,
)
from ledgerflux.model.units import rfc3339
from ledgerflux.wire.norm import batches

BTC = "BTC-USD"
MINUTE = 60_000_000_000
START = 1_700_000_000 * 1_000_000_000
BIDS = [("100.0", "1"), ("99.5", "2")]
ASKS = [("100.5", "3")]


def snapshot(seq, at, bids=BIDS, asks=ASKS, **other):
    event = Level2Snapshot(
        seq=seq, ts_exchange=None, ts_receive=rfc3339(at), reason="resync", bids=bids, asks=asks
    )
    return made("level2", "snapshot", event, **other)


def update(seq, at, *changes, **other):
    event = Level2Update(seq=seq, ts_exchange=None, ts_receive=rfc3339(at), changes=list(changes))
    return made("level2", "update", event, **other)


def gap(seq, at, state="suspect", **other):
    event = Gap(seq=seq, ts_receive=rfc3339(at), cause="upstream", state=state)
    return made("level2", "gap", event, **other)


def status(seq, at, state, **other):
    event = StatusEvent(seq=seq, state=state, reason="", ts_receive=rfc3339(at))
    return made("status", "status", event, **other)


def made(channel, kind, event, product=BTC, epoch="e1"):
    return Made(product, channel, kind, epoch, event)


def take(history, *events):
    return [history.take(batch) for batch in batches(events)]


def saved(**other):
    fields = {
        "product": BTC,
        "epoch": "e1",
        "state": "live",
        "seqs": {"level2": 7, "trades": 2, "ticker": 0, "status": 1},
        "last_trade_id": None,
        "last_price": None,
        "last_size": None,
        "top": (None, None),
        "bids": BIDS,
        "asks": ASKS,
        "book_exchange_ns": None,
        "book_receive_ns": START,
    }
    return ProductCheckpoint(**fields | other)


@pytest.fixture
def history():
    return BookHistory(MINUTE)


def end_of_interval(history, at):
    """The first time at which what changed at `at` is due, found by asking."""
    probe = BookHistory(MINUTE)
    take(probe, snapshot(1, at))
    due = next(ns for ns in range(at, at + 2 * MINUTE, MINUTE // 60) if list(probe.due(ns)))
    assert at < due <= at + MINUTE + MINUTE // 60
    return due


def test_a_book_is_stored_whole_with_its_hash_when_its_interval_ends(history):
    assert take(history, snapshot(1, START), update(2, START + 5, ("buy", "100.0", "0"))) == [
        START,
        START + 5,
    ]
    assert list(history.due(START + 5)) == []
    (image,) = history.due(START + MINUTE)
    text = canonical([("99.5", "2")], ASKS)
    assert image == (
        BTC,
        "e1",
        2,
        START + 5,
        "live",
        2,
        sha256(text).hexdigest(),
        zlib.compress(text),
    )
    assert image.hash == book_hash([("99.5", "2")], ASKS)
    assert zlib.decompress(image.body) == b"bid 99.5 2\nask 100.5 3\n"


def test_a_book_that_did_not_change_is_not_stored_again(history):
    take(history, snapshot(1, START))
    assert len(list(history.due(START + MINUTE))) == 1
    assert list(history.due(START + 10 * MINUTE)) == []
    take(history, update(2, START + 10 * MINUTE, ("buy", "99.0", "1")))
    assert list(history.due(START + 10 * MINUTE)) == []
    assert [image.seq for image in history.due(START + 11 * MINUTE)] == [2]


def test_intervals_end_at_the_same_times_whenever_reading_began(history):
    due = end_of_interval(history, START)
    for at in (START, START + 1, due - MINUTE // 60 - 1):
        late = BookHistory(MINUTE)
        take(late, snapshot(1, at))
        assert not list(late.due(due - MINUTE // 60))
        assert len(list(late.due(due))) == 1


def test_products_are_due_at_different_times():
    history = BookHistory(MINUTE)
    products = [f"P{number}-USD" for number in range(30)]
    for product in products:
        take(history, snapshot(1, START, product=product))
    counts = [len(list(history.due(START + n * MINUTE // 10))) for n in range(1, 11)]
    assert sum(counts) == 30
    assert max(counts) < 12


def test_what_was_due_before_can_be_skipped_without_losing_the_next(history):
    take(history, snapshot(1, START))
    history.skip(START + MINUTE)
    assert list(history.due(START + MINUTE)) == []
    assert [image.seq for image in history.due(START + 2 * MINUTE)] == [1]


def test_at_the_end_every_changed_book_is_stored(history):
    take(history, snapshot(1, START), snapshot(1, START, product="ETH-USD"))
    list(history.due(START + MINUTE))
    take(history, update(2, START + MINUTE, ("buy", "99.0", "1")))
    assert [image.product for image in history.changed()] == [BTC]
    assert list(history.changed()) == []


def test_updates_without_a_book_store_nothing(history):
    assert take(history, update(5, START, ("buy", "1", "1"))) == [START]
    assert list(history.changed()) == []
    assert history.statistics() == (0, 0, 0)


def test_a_book_goes_on_from_its_checkpoint(history):
    history.load(saved())
    assert list(history.changed()) == []
    take(history, update(8, START, ("sell", "101.0", "4")))
    (image,) = history.changed()
    assert (image.seq, image.levels) == (8, 4)


@pytest.mark.parametrize("state", ["init", "syncing", "suspect", "resyncing", "stale", "halted"])
def test_a_checkpointed_book_that_was_not_live_waits_for_its_snapshot(history, state):
    history.load(saved(state=state))
    take(history, status(2, START, state))
    assert list(history.changed()) == []
    assert history.statistics().books == 0
    take(history, snapshot(8, START))
    assert [image.state for image in history.changed()] == ["live"]


def test_a_checkpoint_that_no_book_can_be_is_counted(history):
    history.load(saved(bids=[("-1", "1")]))
    assert history.statistics() == (0, 0, 1)


def test_a_jump_of_seq_makes_the_book_unknown_until_its_snapshot(history):
    take(history, snapshot(1, START))
    take(history, update(3, START, ("buy", "99.0", "1")))
    assert list(history.changed()) == []
    assert history.statistics() == (0, 1, 0)
    take(history, snapshot(4, START))
    assert [image.seq for image in history.changed()] == [4]


def test_a_level_that_can_not_be_makes_the_book_unknown_until_its_snapshot(history):
    take(history, snapshot(1, START))
    take(history, update(2, START, ("buy", "99.0", "-1")))
    take(history, update(3, START, ("buy", "99.0", "1")))
    assert list(history.changed()) == []
    take(history, snapshot(4, START, bids=[("0", "1")]))
    assert list(history.changed()) == []
    assert history.statistics() == (0, 0, 2)
    take(history, snapshot(5, START))
    assert history.statistics().books == 1


def test_a_gap_keeps_the_levels_and_says_its_state(history):
    take(history, snapshot(1, START), gap(2, START + 1, "stale"))
    (image,) = history.changed()
    assert (image.seq, image.state, image.levels) == (2, "stale", 3)
    take(history, snapshot(3, START + 2))
    assert [image.state for image in history.changed()] == ["live"]


def test_a_status_is_the_state_of_the_next_image(history):
    assert take(history, snapshot(1, START), status(1, START + 3, "halted")) == [START, START + 3]
    assert [image.state for image in history.changed()] == ["halted"]


def test_an_epoch_that_ends_leaves_its_last_book(history):
    take(history, snapshot(1, START), update(2, START, ("buy", "99.0", "1")))
    take(history, status(1, START + 1, "syncing", epoch="e2"))
    take(history, snapshot(1, START + 2, epoch="e2"))
    (old,) = history.due(START + 2)
    assert (old.epoch, old.seq, old.levels) == ("e1", 2, 4)
    (new,) = history.changed()
    assert (new.epoch, new.seq, new.levels) == ("e2", 1, 3)


def test_an_epoch_that_ends_unchanged_or_unknown_or_skipped_leaves_nothing(history):
    take(history, snapshot(1, START))
    list(history.changed())
    take(history, gap(1, START, epoch="e2"))
    assert list(history.changed()) == []
    take(history, snapshot(1, START, epoch="e3"), snapshot(1, START, epoch="e4"))
    history.skip(START)
    assert [image.epoch for image in history.changed()] == ["e4"]


def test_after_lost_records_no_book_is_known(history):
    take(history, snapshot(1, START))
    history.forget()
    take(history, update(9, START, ("buy", "99.0", "1")))
    assert list(history.changed()) == []


def test_other_channels_are_no_matter(history):
    trade = TradeEvent(1, 5, "1", "1", "buy", "BUY", None, rfc3339(START))
    assert take(history, made("trades", "trade", trade)) == [0]


def test_events_that_can_not_be_read_are_an_error(history):
    (batch,) = batches([snapshot(1, START)])
    for body in (b"[]", b"[{}]", b"[", b'[{"seq":1'):
        with pytest.raises(LogError):
            history.take(batch._replace(body=body))
    with pytest.raises(LogError):
        history.take(batch._replace(body=batch.body.replace(b"2023", b"year")))


def test_a_time_of_ours_is_read_and_another_is_an_error():
    assert time_ns(rfc3339(START + 123)) == START + 123
    with pytest.raises(LogError):
        time_ns("yesterday")


def test_reading_a_batch_gives_its_events():
    events = [update(1, START, ("buy", "1", "1")), update(2, START, ("buy", "1", "0"))]
    (batch,) = batches(events)
    decoder = msgspec.json.Decoder(list[Level2Update])
    assert read(decoder, batch) == [item.event for item in events]


def test_refused_rows_are_an_error_that_time_does_not_cure():
    rows = [RefusedRow("trade", "('x',)", "no number"), RefusedRow("gap", "()", "other")]
    error = RowsRefused(rows)
    assert isinstance(error, StoreError)
    assert (error.code, error.retryable, error.rows) == ("rows_refused", False, tuple(rows))
    assert str(error) == "2 row(s) can't be stored; trade: no number"


changes = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 20).map(str),
        st.sampled_from(["0", "1", "2.50"]),
    ),
    min_size=1,
    max_size=4,
)


@given(st.lists(st.tuples(changes, st.integers(0, MINUTE // 4)), max_size=40))
def test_every_image_is_the_book_that_its_seq_says(steps):
    history, book, books, now = BookHistory(MINUTE), Book(), {}, START
    book.replace(BIDS, ASKS)
    take(history, snapshot(1, now))
    books[1] = book_hash(book.bids(), book.asks())
    images = []
    for seq, (step, pause) in enumerate(steps, start=2):
        now += pause
        take(history, update(seq, now, *step))
        book.apply(step)
        books[seq] = book_hash(book.bids(), book.asks())
        images += history.due(now)
    images += history.changed()
    assert [image.hash for image in images] == [books[image.seq] for image in images]
    assert [image.seq for image in images] == sorted({image.seq for image in images})
    assert images[-1].seq == len(steps) + 1
    assert len(images) <= 2 + (now - START) // MINUTE + 1
