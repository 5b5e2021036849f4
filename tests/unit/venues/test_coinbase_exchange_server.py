import json

import pytest
from recordings import received

from ledgerflux.core.dialect import Beat, Fill, Request, Summary
from ledgerflux.model.events import (
    BookSnapshot,
    BookUpdate,
    Heartbeat,
    Subscriptions,
    Ticker,
    Trade,
    VenueError,
)
from ledgerflux.venues.coinbase_exchange import CoinbaseExchange
from ledgerflux.venues.coinbase_exchange_server import CoinbaseExchangeServer

SERVER = CoinbaseExchangeServer()
VENUE = CoinbaseExchange()
PRODUCTS = ("BTC-USD", "ETH-EUR")
TIME_NS = 1_786_306_462_657_867_123


def read(**request):
    return SERVER.read(json.dumps(request), PRODUCTS)


def error(answer):
    assert isinstance(answer, bytes)
    return json.loads(answer)


def test_our_own_client_is_understood():
    for frame in VENUE.subscribe(["BTC-USD"], ["level2", "trades", "ticker", "heartbeats"]):
        request = SERVER.read(frame, PRODUCTS)
        assert request == Request(
            "subscribe",
            tuple((name, ("BTC-USD",)) for name in ("level2_50", "matches", "ticker", "heartbeat")),
        )
        channels = [SERVER.channel(name) for name, _ in request.names]
        assert channels == ["level2", "trades", "ticker", "heartbeats"]


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        (
            {
                "type": "subscribe",
                "channels": [
                    {"name": "ticker", "product_ids": ["ETH-EUR", "BTC-USD", "ETH-EUR"]},
                    {"name": "status"},
                ],
            },
            (("ticker", ("ETH-EUR", "BTC-USD")), ("status", ())),
        ),
        (
            {
                "type": "subscribe",
                "product_ids": ["BTC-USD"],
                "channels": ["full", {"name": "level2"}],
                "signature": "s",
                "key": "k",
                "passphrase": "p",
                "timestamp": "1",
            },
            (("full", ("BTC-USD",)), ("level2", ("BTC-USD",))),
        ),
        ({"type": "unsubscribe", "channels": ["matches"]}, (("matches", ()),)),
    ],
)
def test_both_forms_of_a_request_are_legal_and_keys_are_passed_over(request_, names):
    assert read(**request_) == Request(request_["type"], names)


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (
            {"type": "subscribe", "product_ids": ["XTZ_EUR"], "channels": ["ticker"]},
            ("Failed to subscribe", "XTZ_EUR is not a valid product"),
        ),
        ({"type": "subscribe"}, ("Failed to subscribe", "No channels provided")),
        (
            {"type": "unsubscribe", "channels": []},
            ("Failed to unsubscribe", "No channels provided"),
        ),
        (
            {"type": "subscribe", "channels": [{"product_ids": []}]},
            ("Failed to subscribe", "No channels provided"),
        ),
        (
            {"type": "subscribe", "channels": [{"name": 1}]},
            ("Failed to subscribe", "No channels provided"),
        ),
        (
            {"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["books"]},
            ("Failed to subscribe", "books is not a valid channel"),
        ),
        (
            {"type": "subscribe", "channels": ["ticker"]},
            ("Failed to subscribe", "ticker requires at least one product ID"),
        ),
    ],
)
def test_what_the_venue_refuses_is_refused_in_its_words(request_, answer):
    assert error(read(**request_)) == {
        "type": "error",
        "message": answer[0],
        "reason": answer[1],
    }


@pytest.mark.parametrize("text", ["{", b"\xff", "[]", '{"type":1}'])
def test_what_is_no_request_is_answered_all_the_same(text):
    assert error(SERVER.read(text, PRODUCTS)) == {"type": "error", "message": "Malformed JSON"}


def test_only_two_types_of_request_exist():
    assert "subscribe or unsubscribe" in error(read(type="ping"))["message"]


def test_an_unknown_product_is_one_for_our_client_too():
    answer = read(type="subscribe", product_ids=["ADA-USD"], channels=["ticker"])
    [event] = VENUE.parse(answer).events
    assert event == VenueError(
        "unknown_product", "Failed to subscribe: ADA-USD is not a valid product", "ADA-USD"
    )


def test_the_acknowledgement_lists_everything_held():
    held = {"level2_50": {"BTC-USD": None, "ETH-EUR": None}, "status": {"": None}}
    frame = SERVER.acknowledge(held, TIME_NS)
    assert json.loads(frame) == {
        "type": "subscriptions",
        "channels": [
            {"name": "level2_50", "product_ids": ["BTC-USD", "ETH-EUR"], "account_ids": None},
            {"name": "status", "product_ids": [], "account_ids": None},
        ],
    }
    assert VENUE.parse(frame).events == [
        Subscriptions({"level2_50": ["BTC-USD", "ETH-EUR"], "status": []})
    ]
    assert SERVER.route(frame).acknowledgement
    assert SERVER.digits(frame) is None


def test_a_snapshot_reads_back_as_the_book_it_was_made_of():
    bids, asks = [("1.50", "2"), ("1.49", "0.10")], [("1.51", "3")]
    frame = SERVER.snapshot("BTC-USD", bids, asks, TIME_NS)
    [event] = VENUE.parse(frame).events
    assert event == BookSnapshot("BTC-USD", bids, asks, TIME_NS - 123)
    route = SERVER.route(frame)
    assert (route.channels, route.products) == (("level2",), ("BTC-USD",))


def test_frames_of_a_made_market_read_back_as_what_happened():
    time_ns = TIME_NS - 123
    changes = [("buy", "1.5", "0"), ("sell", "1.6", "2")]
    assert VENUE.parse(SERVER.level2("BTC-USD", changes, TIME_NS)).events == [
        BookUpdate("BTC-USD", changes, time_ns)
    ]
    fills = [Fill(7, 21, "1.5", "2", "buy"), Fill(8, 22, "1.6", "3", "buy")]
    frames = SERVER.trades("BTC-USD", fills, TIME_NS)
    assert [VENUE.parse(frame).events for frame in frames] == [
        [Trade("BTC-USD", 7, "1.5", "2", "buy", "sell", time_ns)],
        [Trade("BTC-USD", 8, "1.6", "3", "buy", "sell", time_ns)],
    ]
    orders = [json.loads(frame) for frame in frames]
    assert orders[0]["taker_order_id"] == orders[1]["taker_order_id"]
    assert orders[0]["maker_order_id"] != orders[1]["maker_order_id"]
    assert len(orders[0]["maker_order_id"]) == 36
    [sold] = SERVER.trades("BTC-USD", [Fill(9, 23, "1", "1", "sell")], TIME_NS)
    assert VENUE.parse(sold).events[0].side == "sell"
    summary = Summary(fills[1], ("1.4", "1"), ("1.6", "2"), "1.1", "1", "2", "9.5")
    assert VENUE.parse(SERVER.ticker("BTC-USD", summary, TIME_NS)).events == [
        Ticker("BTC-USD", "1.6", "3", "1.4", "1", "1.6", "2", "9.5", "1", "2", 8, time_ns)
    ]
    beats = [Beat("BTC-USD", 22, 8), Beat("ETH-EUR", 5, 1)]
    heard = [VENUE.parse(frame).events for frame in SERVER.heartbeats(beats, 3, TIME_NS)]
    assert heard == [
        [Heartbeat("BTC-USD", None, 8, time_ns)],
        [Heartbeat("ETH-EUR", None, 1, time_ns)],
    ]


@pytest.mark.parametrize(
    ("frame", "channels", "products"),
    [
        (b'{"type":"l2update","product_id":"BTC-USD","changes":[]}', ("level2",), ("BTC-USD",)),
        (b'{"changes":[],"product_id":"BTC-USD","type":"l2update"}', ("level2",), ("BTC-USD",)),
        (b'{"type":"match","product_id":"BTC-USD"}', ("trades", "full"), ("BTC-USD",)),
        (b'{"type":"last_match","product_id":"BTC-USD"}', ("trades",), ("BTC-USD",)),
        (b'{"type":"ticker","product_id":"BTC-USD"}', ("ticker",), ("BTC-USD",)),
        (b'{"type":"heartbeat","product_id":"BTC-USD"}', ("heartbeats",), ("BTC-USD",)),
        (b'{"type":"received","product_id":"BTC-USD"}', ("full",), ("BTC-USD",)),
        (b'{"type":"status","products":[]}', ("status",), ()),
        (b'{"type":"brand_new","product_id":"BTC-USD"}', (), ("BTC-USD",)),
        (b'{"type":"error","message":"x"}', (), ()),
        (b"{broken", (), ()),
    ],
)
def test_whom_a_frame_concerns(frame, channels, products):
    route = SERVER.route(frame)
    assert (route.channels, route.products) == (channels, products)
    assert not route.acknowledgement
    assert SERVER.route(frame) is route


def test_no_frame_speaks_of_two_products():
    assert SERVER.split(b"frame", ["BTC-USD"]) == b"frame"


@pytest.mark.parametrize(
    ("frame", "known"),
    [
        (b'{"type":"l2update","product_id":"BTC-USD"}', True),
        (b'{"type":"heartbeat"}', False),
        (b'{"type":"update","product_id":"BTC-USD"}', False),
        (b'{"channel":"l2_data"}', False),
        (b"[]", False),
    ],
)
def test_the_dialect_knows_its_own(frame, known):
    assert SERVER.recognizes(frame) is known


def test_every_frame_of_a_real_recording_has_a_route():
    for line in received("coinbase-exchange-l2-ticker-matches-20210417-6p"):
        route = SERVER.route(line["raw"].encode())
        assert route.acknowledgement or (route.channels and len(route.products) == 1)
