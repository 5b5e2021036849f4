"""What a gateway answers over HTTP: books, trades by seq, and why there is no answer."""

import asyncio
import json
import socket
import urllib.request

import pytest
from gateway_support import NormLog, Stack, conf, on_sockets, running, until

from ledgerflux.adapters import http_answers, ws_listener
from ledgerflux.core.book import Book
from ledgerflux.core.limits import Limits
from ledgerflux.core.trade_ring import LIMIT_MAX
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.gateway_documents import (
    BookDocument,
    CandlesDocument,
    ProblemDocument,
    TradesDocument,
)

BOOK = "/v1/products/BTC-USD/book"
TRADES = "/v1/products/BTC-USD/trades"
CANDLES = "/v1/products/BTC-USD/candles"


async def write(stack, log):
    await log.write()
    await until(lambda: stack.served(log))


def refused(stack, path, status):
    """Return the error of a GET."""
    response = stack.listener.get(path)
    assert response.status == status, response
    assert len(response.body) < 1000
    ProblemDocument.model_validate_json(response.body)
    return json.loads(response.body)["error"], response


def book_of(stack, path=BOOK):
    response = stack.listener.get(path)
    assert response.status == 200, response
    return BookDocument.model_validate_json(response.body)


def trades_of(stack, query=""):
    response = stack.listener.get(TRADES + query)
    assert response.status == 200, response
    return TradesDocument.model_validate_json(response.body)


async def test_a_book_is_told_as_deep_as_asked_and_says_where_it_stands():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot(
            [(str(n), "1") for n in range(1, 61)], [(str(n), "2") for n in range(70, 73)]
        )
        log.source.update(("buy", "60", "0.50"))
        await write(stack, log)
        default = book_of(stack)
        assert (default.epoch, default.seq, default.state, default.depth) == (
            "run1",
            2,
            "live",
            "50",
        )
        assert default.bids == tuple(log.source.book.bids(50))
        assert default.asks == tuple(log.source.book.asks())
        assert book_of(stack, f"{BOOK}?depth=1").bids == (("60", "0.50"),)
        assert book_of(stack, f"{BOOK}?depth=full").bids == tuple(log.source.book.bids())


async def test_level2_messages_continue_a_book_taken_over_http():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot()
        await write(stack, log)
        taken = book_of(stack, f"{BOOK}?depth=full")
        book = Book()
        book.replace(taken.bids, taken.asks)
        client = await stack.client()
        answer = await client.subscribe("level2", snapshot=False)
        assert answer.streams["BTC-USD"].seq == taken.seq
        log.source.update(("buy", "100", "9"))
        await log.write()
        update = await client.next_of("update")
        assert (update.epoch, update.prev_seq) == (taken.epoch, taken.seq)
        book.apply(update.updates()[0].changes)
        assert book.bids() == log.source.book.bids()


async def test_a_whole_book_is_written_once_for_all_who_ask():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot()
        await write(stack, log)
        first, second = [stack.listener.get(f"{BOOK}?depth=full").body for _ in range(2)]
        assert first is second


async def test_a_book_that_is_not_right_says_so_and_one_that_is_not_there_is_not_ready():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.status("syncing")
        await write(stack, log)
        error, response = refused(stack, BOOK, 503)
        assert (error["code"], error["retryable"], error["retry_after_ms"]) == (
            "not_ready",
            True,
            250,
        )
        assert response.retry_after_s == 1
        log.source.snapshot()
        await write(stack, log)
        assert book_of(stack).state == "live"
        log.source.gap("suspect")
        await write(stack, log)
        assert book_of(stack).state == "suspect"


async def test_before_a_source_is_known_nothing_is_ready():
    stack = Stack(Limits())
    task = asyncio.create_task(stack.gateway.run())
    try:
        await until(lambda: stack.gateway.port)
        for path in (BOOK, TRADES):
            assert refused(stack, path, 503)[0]["code"] == "not_ready"
        await write_feed(stack.bus, conf())
        await stack.ready()
        for path in (BOOK, TRADES):
            assert refused(stack, path, 503)[0]["code"] == "not_ready"
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.parametrize(
    ("path", "status", "code", "says"),
    [
        ("/v1/products/DOGE-EUR/book", 404, "unknown_product", "served: BTC-USD"),
        ("/v1/products/DOGE-EUR/trades", 404, "unknown_product", "served: BTC-USD"),
        (f"/v1/products/{'x' * 5000}/book", 404, "unknown_product", "no product xxx"),
        ("/v1/products//book", 404, "unknown_product", "served"),
        ("/v1/products/BTC-USD", 404, "not_found", "BTC-USD"),
        ("/v1/products/BTC-USD/book/more", 404, "not_found", "more"),
        (f"{BOOK}?depth=7", 400, "unsupported_depth", "1, 10, 25, 50, 100, 500, 1000, full"),
        (f"{BOOK}?depth=", 400, "unsupported_depth", "''"),
        (f"{BOOK}?depth={'9' * 5000}", 400, "unsupported_depth", "999"),
        (f"{BOOK}?deep=7", 400, "invalid_param", "deep: no parameter; there is depth"),
        (f"{TRADES}?from_seq=0", 400, "invalid_param", "from_seq: a number from 1"),
        (f"{TRADES}?from_seq=-1", 400, "invalid_param", "from_seq"),
        (f"{TRADES}?from_seq=%D9%A1", 400, "invalid_param", "from_seq"),
        (f"{TRADES}?to_seq={'9' * 5000}", 400, "invalid_param", "to_seq"),
        (f"{TRADES}?to_seq=9999999999999999", 400, "invalid_param", "9007199254740991"),
        (f"{TRADES}?from_seq=3&to_seq=2", 400, "invalid_param", "to_seq: 2 is before from_seq 3"),
        (f"{TRADES}?limit=1001", 400, "invalid_param", "limit: a number from 1 to 1000"),
        (f"{TRADES}?limit=", 400, "invalid_param", "limit"),
        (f"{TRADES}?depth=1", 400, "invalid_param", "from_seq, to_seq, limit, epoch"),
    ],
)
async def test_what_can_not_be_answered_is_refused_with_its_code(path, status, code, says):
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot().trade()
        await write(stack, log)
        error, _ = refused(stack, path, status)
        assert (error["code"], error["retryable"]) == (code, False)
        assert says in error["message"]


async def test_trades_are_told_by_seq_and_every_seq_once():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.trade("1").trade("2").trades_missing().trade("3")
        await write(stack, log)
        log.source.trade("4")
        await write(stack, log)
        everything = trades_of(stack)
        assert (everything.epoch, everything.from_seq, everything.to_seq) == ("run1", 1, 5)
        assert [(trade.seq, trade.price) for trade in everything.data] == [
            (1, "1"), (2, "2"), (4, "3"), (5, "4"),
        ]  # fmt: skip
        assert [(gap.seq, gap.missing) for gap in everything.gaps] == [(3, 2)]
        part = trades_of(stack, "?from_seq=2&to_seq=9&limit=2&epoch=run1")
        assert (part.from_seq, part.to_seq, part.newest_seq) == (2, 3, 5)
        ahead = trades_of(stack, "?from_seq=6")
        assert (ahead.data, ahead.to_seq, ahead.newest_seq) == ((), 5, 5)


async def test_what_the_gateway_has_not_served_is_410_with_the_oldest_it_has():
    stack = Stack(Limits())
    log = await NormLog(stack.bus).open()
    log.source.snapshot().trade().trade()
    await log.write()
    await log.save()
    log.source.trade("7")
    await log.write()
    await write_feed(stack.bus, conf())
    task = asyncio.create_task(stack.gateway.run())
    try:
        await stack.ready()
        error, _ = refused(stack, f"{TRADES}?from_seq=2", 410)
        assert error["code"] == "unrecoverable_position"
        assert (error["epoch"], error["oldest_seq"], error["newest_seq"]) == ("run1", 3, 3)
        assert [trade.price for trade in trades_of(stack, "?from_seq=3").data] == ["7"]
        log.source.begin("run2").trade("8")
        await write(stack, log)
        assert refused(stack, f"{TRADES}?from_seq=1&epoch=run1", 410)[0]["epoch"] == "run2"
        assert [trade.price for trade in trades_of(stack, "?from_seq=1").data] == ["8"]
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_one_answer_holds_at_most_a_thousand_trades():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        for _ in range(LIMIT_MAX + 20):
            log.source.trade()
        await write(stack, log)
        assert len(trades_of(stack).data) == LIMIT_MAX
        first = trades_of(stack, "?from_seq=1")
        assert (first.from_seq, first.to_seq) == (1, LIMIT_MAX)


async def test_a_client_that_was_too_slow_gets_the_trades_it_missed_where_the_gap_says():
    limits = Limits(outbox_bytes=20_000, outbox_drained_bytes=4_000)
    async with running(limits) as stack:
        log = await NormLog(stack.bus).open()
        slow = await stack.client(window_bytes=2_000)
        await stack.ready()
        await slow.subscribe("trades")
        for _ in range(300):
            log.source.trade()
            await log.write()
        await until(lambda: stack.served(log))
        have = set()
        gap = None
        while max(have, default=0) < 300:
            message = await slow.next()
            if message.type == "trade":
                have |= {trade.seq for trade in message.trades()}
            elif message.type == "gap" and message.cause == "slow_consumer":
                gap = json.loads(message.raw)
                told = TradesDocument.model_validate_json(stack.listener.get(gap["backfill"]).body)
                assert (told.from_seq, told.to_seq) == (gap["from_seq"], gap["to_seq"])
                have |= {trade.seq for trade in told.data}
        assert gap is not None
        assert have == set(range(1, 301))


# -- on sockets --------------------------------------------------------------------------


async def deep(bus):
    """Feed a book of 46,000 levels."""
    await write_feed(bus, conf())
    log = await NormLog(bus).open()
    log.source.snapshot(
        [(f"{60_000 - n / 100:.2f}", "0.125") for n in range(23_000)],
        [(f"{60_001 + n / 100:.2f}", "0.125") for n in range(23_000)],
    )
    await log.write()
    return log


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read()


async def test_a_book_of_46000_levels_arrives_whole():
    bus = MemoryBus()
    log = await deep(bus)
    async with on_sockets(bus) as gateway:
        body = await asyncio.to_thread(get, gateway.port, f"{BOOK}?depth=full")
    book = BookDocument.model_validate_json(body)
    assert book.bids == tuple(log.source.book.bids())
    assert book.asks == tuple(log.source.book.asks())


async def test_who_does_not_read_large_answers_holds_a_bounded_amount_for_a_while(monkeypatch):
    monkeypatch.setattr(http_answers, "UNREAD_BYTES_MAX", 4_000_000)
    monkeypatch.setattr(ws_listener, "OPEN_TIMEOUT_S", 0.5)
    bus = MemoryBus()
    await deep(bus)
    async with on_sockets(bus) as gateway:
        hung = [await asyncio.open_connection("127.0.0.1", gateway.port, limit=1) for _ in range(8)]
        for _, writer in hung:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            writer.write(f"GET {BOOK}?depth=full HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        heads = [await asyncio.wait_for(reader.read(16), 10) for reader, _ in hung]
        assert b"HTTP/1.1 200 OK\r" in heads
        assert b"HTTP/1.1 503 Ser" in heads
        assert b"lf.status/1" in await asyncio.to_thread(get, gateway.port, "/v1/status")

        async def answered():
            try:
                return await asyncio.to_thread(get, gateway.port, f"{BOOK}?depth=full")
            except OSError:
                return None

        async with asyncio.timeout(20):
            while not await answered():
                await asyncio.sleep(0.05)
        for _, writer in hung:
            writer.transport.abort()


def candles_of(stack, query=""):
    response = stack.listener.get(CANDLES + query)
    assert response.status == 200, response
    return CandlesDocument.model_validate_json(response.body)


async def test_candles_are_told_of_the_trades_read_so_far():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        await write(stack, log)
        refused(stack, CANDLES, 503)
        for minute in range(4, 9):
            log.source.time = f"2024-01-02T03:{minute:02d}:05.000000006Z"
            log.source.trade(str(minute))
        await write(stack, log)
        told = candles_of(stack)
        assert (told.interval, told.seq) == ("1m", 5)
        assert [bar.open for bar in told.data] == ["4", "5", "6", "7", "8"]
        assert [bar.whole for bar in told.data] == [False, True, True, True, True]
        assert [bar.closed for bar in told.data] == [True, True, True, True, False]
        assert [bar.open for bar in candles_of(stack, "?limit=2").data] == ["7", "8"]
        assert [bar.trades for bar in candles_of(stack, "?interval=5m&limit=120").data] == [1, 4]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?interval=2m", "interval: 1m, 5m, 15m, 1h, 6h, 1d, not '2m'"),
        ("?limit=121", "limit: a number from 1 to 120"),
        ("?limit=0", "limit: "),
        ("?depth=1", "depth: no parameter; there is interval, limit"),
    ],
)
async def test_candles_that_can_not_be_granted_are_refused_by_name(query, says):
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.trade()
        await write(stack, log)
        error, _ = refused(stack, CANDLES + query, 400)
        assert error["code"] == "invalid_param"
        assert says in error["message"]
