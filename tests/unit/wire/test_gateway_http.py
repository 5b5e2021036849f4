import json

import pytest
from streams import ASKS, BIDS, Numbered

from ledgerflux.core.book_cut import DEPTHS, cut
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.trade_ring import Wanted
from ledgerflux.wire import gateway_http
from ledgerflux.wire.gateway_documents import (
    BookDocument,
    CandlesDocument,
    ProblemDocument,
    TradesDocument,
)


def following(source: Numbered) -> ProductStream:
    stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    for batch in source.take():
        stream.apply(batch, 7)
    return stream


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_book_is_as_described(depth):
    stream = following(Numbered().snapshot())
    book = BookDocument.model_validate_json(gateway_http.book(cut(stream, depth)))
    levels = DEPTHS[depth]
    assert (book.bids, book.asks) == (tuple(BIDS[:levels]), tuple(ASKS[:levels]))
    assert (book.epoch, book.seq, book.depth, book.state) == ("run1", 1, depth, "live")
    assert book.ts_publish.endswith("7Z")


def test_an_empty_book_is_as_described():
    stream = following(Numbered().snapshot([], []))
    for depth in ("1", "full"):
        book = BookDocument.model_validate_json(gateway_http.book(cut(stream, depth)))
        assert (book.bids, book.asks) == ((), ())


def test_trades_are_as_described_each_seq_once():
    stream = following(Numbered().trade("1").trades_missing(3).trade("2"))
    found = stream.trades.find(Wanted())
    trades = TradesDocument.model_validate_json(gateway_http.trades(stream, found))
    assert [trade.price for trade in trades.data] == ["1", "2"]
    assert [(gap.seq, gap.missing, gap.from_id) for gap in trades.gaps] == [(2, 3, 2)]
    assert (trades.from_seq, trades.to_seq, trades.oldest_seq, trades.newest_seq) == (1, 3, 1, 3)


def test_no_trades_are_as_described():
    stream = following(Numbered().snapshot())
    found = stream.trades.find(Wanted())
    trades = TradesDocument.model_validate_json(gateway_http.trades(stream, found))
    assert (trades.data, trades.gaps, trades.from_seq, trades.to_seq) == ((), (), 1, 0)


def test_products_are_listed_with_where_they_stand():
    listed = json.loads(gateway_http.products([(4, following(Numbered().snapshot()))], "v"))
    assert listed["schema"] == "lf.products/1"
    assert (listed["products"][0]["partition"], listed["products"][0]["level2"]) == (4, 1)


@pytest.mark.parametrize(("code", "retryable"), [("unknown_product", False), ("not_ready", True)])
def test_a_problem_is_as_described(code, retryable):
    body = gateway_http.problem(code, "why", retry_after_ms=5, oldest_seq=7)
    problem = ProblemDocument.model_validate_json(body).error
    assert (problem.code, problem.retryable, problem.retry_after_ms) == (code, retryable, 5)
    assert json.loads(body)["error"]["oldest_seq"] == 7


def test_candles_are_as_described_and_the_books_time_closes_them():
    source = Numbered().snapshot().trade("1").trade("3")
    stream = following(source)
    told = CandlesDocument.model_validate_json(gateway_http.candles(stream, "1m", 120))
    assert (told.interval, told.epoch, told.seq) == ("1m", "run1", 2)
    [bar] = told.data
    assert (bar.open, bar.high, bar.trades, bar.closed, bar.whole) == ("1", "3", 2, False, False)
    source.time = "2024-01-02T03:05:02.000000000Z"
    for batch in source.update().take():
        stream.apply(batch, 8)
    told = CandlesDocument.model_validate_json(gateway_http.candles(stream, "1m", 1))
    assert [bar.closed for bar in told.data] == [True]
    assert CandlesDocument.model_validate_json(gateway_http.candles(stream, "1d", 1)).data
