"""The store port, against memory and a real Postgres."""

import asyncio
from hashlib import sha256
from zlib import compress

import pytest

from ledgerflux.core.history import RowsRefused
from ledgerflux.errors import StoreError
from ledgerflux.ports import BookRow, GapRow, TradeRow

V = "test"


def trade(seq, product="BTC-USD", epoch="e1", **other):
    row = TradeRow(V, product, epoch, seq, 1000 + seq, "61250.10", "0.5", "buy", 5, 10 + seq)
    return row._replace(**other)


def book(seq, receive_ns=100, text=b"bid 1.0 2\n", **other):
    digest = sha256(text).hexdigest()
    row = BookRow(V, "BTC-USD", "e1", seq, receive_ns, "live", 1, digest, compress(text))
    return row._replace(**other)


def gap(seq, channel="level2", **other):
    row = GapRow(V, "BTC-USD", channel, "e1", seq, "overflow", "2 frames", 77)
    return row._replace(**other)


async def put(store, after, upto, *, partition=3, term=1, trades=(), books=(), gaps=()):
    await store.write(
        V, partition, after=after, upto=upto, term=term, trades=trades, books=books, gaps=gaps
    )


async def trades_of(store, venue=V):
    return [row async for row in store.trade_rows(venue)]


async def test_rows_and_the_position_are_stored_together(store):
    assert await store.position(V, 3) == 0
    rows = [trade(1), trade(2, exchange_ns=None)]
    await put(store, 0, 7, trades=rows, books=[book(4)], gaps=[gap(5)])
    assert await store.position(V, 3) == 7
    assert await store.position(V, 4) == await store.position("other", 3) == 0
    assert await store.counts(V) == {"trades": 2, "books": 1, "gaps": 1}
    assert await store.counts("other") == {"trades": 0, "books": 0, "gaps": 0}
    assert await trades_of(store) == rows
    assert await store.size_bytes() > 0


async def test_a_position_moves_without_rows(store):
    await put(store, 0, 3)
    await put(store, 3, 9)
    await put(store, 9, 9, trades=[trade(1)])
    assert await store.position(V, 3) == 9


@pytest.mark.parametrize("after", [0, 4, 6, 99])
async def test_a_write_after_another_position_stores_nothing(store, after):
    await put(store, 0, 5, trades=[trade(1)])
    with pytest.raises(StoreError) as caught:
        await put(store, after, 8, trades=[trade(2)], books=[book(1)], gaps=[gap(1)])
    assert caught.value.code == "store_conflict"
    assert await store.position(V, 3) == 5
    assert await store.counts(V) == {"trades": 1, "books": 0, "gaps": 0}


async def test_a_first_write_must_start_at_zero(store):
    with pytest.raises(StoreError) as caught:
        await put(store, 2, 5)
    assert caught.value.code == "store_conflict"
    assert await store.position(V, 3) == 0


async def test_an_older_term_stores_nothing(store):
    await put(store, 0, 5, term=3)
    with pytest.raises(StoreError) as caught:
        await put(store, 5, 8, term=2, trades=[trade(2)])
    assert caught.value.code == "store_conflict"
    assert await store.position(V, 3) == 5
    assert await trades_of(store) == []
    await put(store, 5, 8, term=3)
    await put(store, 8, 9, term=4)


async def test_a_log_read_again_from_an_earlier_place_repeats_no_row(store):
    await put(store, 0, 9, trades=[trade(1), trade(2)], books=[book(1)], gaps=[gap(1)])
    again = [trade(1), trade(2), trade(3)]
    await put(store, 9, 2, trades=again, books=[book(1)], gaps=[gap(1), gap(2)])
    assert await store.position(V, 3) == 2
    assert await store.counts(V) == {"trades": 3, "books": 1, "gaps": 2}


async def test_of_writers_at_the_same_position_one_wins(store):
    writers = [put(store, 0, 10 + n, trades=[trade(n)]) for n in range(1, 9)]
    results = await asyncio.gather(*writers, return_exceptions=True)
    losers = [result for result in results if result is not None]
    assert [error.code for error in losers] == ["store_conflict"] * 7
    (row,) = await trades_of(store)
    assert await store.position(V, 3) == 10 + row.seq


async def test_partitions_do_not_disturb_each_other(store):
    writers = [
        put(store, 0, 5, partition=n, trades=[trade(1, product=f"P{n}-USD")]) for n in range(32)
    ]
    await asyncio.gather(*writers)
    assert [await store.position(V, n) for n in range(32)] == [5] * 32
    assert len(await trades_of(store)) == 32


async def test_trades_come_by_product_epoch_and_seq(store):
    rows = [
        trade(seq, product=product, epoch=epoch)
        for product in ("AAA-USD", "AAA-USDC", "AAA2-USD", "BTC-USD")
        for epoch in ("E", "_", "e-2", "e10")
        for seq in (1, 2, 10)
    ]
    await put(store, 0, 1, trades=rows[::-1])
    assert await trades_of(store) == rows
    assert await trades_of(store, "none") == []


async def test_many_rows_come_back_page_by_page(store):
    rows = [trade(seq) for seq in range(1, 12_001)]
    await put(store, 0, 1, trades=rows)
    assert await trades_of(store) == rows


async def test_texts_come_back_as_they_were(store):
    texts = ["-0.00", "007.10", "1." + "0" * 24, "9" * 24, "0.000000000000000000000001"]
    rows = [trade(n + 1, price=text, size=text) for n, text in enumerate(texts)]
    await put(store, 0, 1, trades=[*rows, trade(9, side="\t\\N\\.\n'\"Ü🚀", epoch="x y")])
    assert await trades_of(store) == [
        *rows,
        trade(9, side="\t\\N\\.\n'\"Ü🚀", epoch="x y"),
    ]


@pytest.mark.parametrize(
    "poison",
    [
        {"side": "bu\0y"},
        {"side": "\ud800"},
        {"price": "much"},
        {"trade_id": 2**63},
        {"receive_ns": -(2**70)},
    ],
)
async def test_a_row_that_can_not_be_stored_is_named_and_all_others_are_stored(store, poison):
    rows = [trade(seq) for seq in range(1, 40)]
    bad = rows[20]._replace(**poison)
    with pytest.raises(RowsRefused) as caught:
        await put(store, 0, 5, trades=[*rows[:20], bad, *rows[21:]], gaps=[gap(1)])
    (refused,) = caught.value.rows
    assert (caught.value.code, refused.table) == ("rows_refused", "trade")
    assert refused.row == ascii(tuple(bad))
    assert refused.reason
    assert await trades_of(store) == rows[:20] + rows[21:]
    assert await store.position(V, 3) == 5
    assert await store.counts(V) == {"trades": 38, "books": 0, "gaps": 1}
    await put(store, 5, 6, trades=[rows[20]])


async def test_several_rows_of_several_kinds_can_be_refused_at_once(store):
    trades = [trade(1, side="\0"), trade(2), trade(3, price="x")]
    with pytest.raises(RowsRefused) as caught:
        await put(store, 0, 5, trades=trades, books=[book(2**64)], gaps=[gap(1, detail="\0")])
    tables = [row.table for row in caught.value.rows]
    assert tables == ["trade", "trade", "book_snapshot", "gap"]
    assert await store.counts(V) == {"trades": 1, "books": 0, "gaps": 0}


async def test_a_refused_row_does_not_help_a_stale_writer(store):
    await put(store, 0, 5)
    with pytest.raises(StoreError) as caught:
        await put(store, 4, 9, trades=[trade(1, side="\0"), trade(2)])
    assert caught.value.code == "store_conflict"
    assert await store.position(V, 3) == 5
    assert await trades_of(store) == []


async def test_only_old_books_are_pruned(store):
    books = [book(seq, receive_ns=seq) for seq in range(1, 501)]
    await put(store, 0, 1, trades=[trade(1)], books=books, gaps=[gap(1)])
    assert await store.prune(books_before_ns=451) == 450
    assert await store.prune(books_before_ns=451) == 0
    assert await store.counts(V) == {"trades": 1, "books": 50, "gaps": 1}


async def test_preparing_again_keeps_everything(store):
    await put(store, 0, 5, trades=[trade(1)])
    await asyncio.gather(*(store.prepare() for _ in range(3)))
    assert await store.position(V, 3) == 5
    assert await trades_of(store) == [trade(1)]
