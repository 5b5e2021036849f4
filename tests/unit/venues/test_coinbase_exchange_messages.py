import json

import pytest
from data.hostile_frames import BAD_COUNTS, BAD_DECIMALS, BAD_PRODUCTS, GOOD_DECIMALS
from data.venue_frames import EXCHANGE

from ledgerflux.model.events import (
    BookSnapshot,
    BookUpdate,
    Heartbeat,
    Ignored,
    RecentTrades,
    Subscriptions,
    Ticker,
    Trade,
    VenueError,
    VenueStatus,
)
from ledgerflux.venues.base import Refused
from ledgerflux.venues.coinbase_exchange import CoinbaseExchange
from ledgerflux.venues.coinbase_exchange_messages import MESSAGE

VENUE = CoinbaseExchange()
ERROR = VenueError("unknown_product", "Failed: XYZ-USD is not a valid product", "XYZ-USD")
AT_NS = 1786253022000000000
MATCH = Trade("BTC-USD", 10, "400.23", "5.23", "buy", "sell", AT_NS + 100_000_000)
LAST_MATCH = Trade("BTC-USD", 9, "400.22", "1", "sell", "buy", AT_NS - 222_000_000_000)
TICKER = Ticker(
    product="BTC-USD",
    price="400.23",
    size="5.23",
    bid="400.22",
    bid_size="3",
    ask="400.24",
    ask_size="4",
    volume_24h="12.5",
    low_24h="380",
    high_24h="410",
    trade_id=10,
    exchange_ns=AT_NS + 100_000_000,
)


def events(frame):
    return VENUE.parse(frame).events


def changed(kind, **fields):
    """Return the frame of `kind` with other fields; `...` leaves one out."""
    value = json.loads(EXCHANGE[kind]) | fields
    return json.dumps({key: item for key, item in value.items() if item is not ...}).encode()


def named(name, *products):
    return {"name": name, "product_ids": products}


def with_json(kind, key, text):
    """Return the frame of `kind` with the JSON `text` for `key`."""
    return changed(kind, **{key: "HERE"}).replace(b'"HERE"', text.encode())


def reason_of(frame):
    with pytest.raises(Refused) as caught:
        VENUE.parse(frame)
    return caught.value.reason


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        (
            "l2update",
            BookUpdate(
                "BTC-USD",
                [("buy", "64699.5", "0.5"), ("sell", "64700.00", "0.00000000")],
                AT_NS + 223_540_000,
            ),
        ),
        (
            "snapshot",
            BookSnapshot(
                "BTC-USD", [("64699.5", "0.5"), ("64699", "2")], [("64700.00", "1")], AT_NS
            ),
        ),
        ("match", MATCH),
        ("last_match", RecentTrades("BTC-USD", [LAST_MATCH])),
        ("ticker", TICKER),
        ("heartbeat", Heartbeat("BTC-USD", None, 20, AT_NS + 1_464_459_000)),
        ("subscriptions", Subscriptions({"level2_50": ["BTC-USD", "ETH-USD"], "status": []})),
        ("error", ERROR),
        ("status", VenueStatus({"BTC-USD": "online"})),
        ("activate", Ignored("activate")),
    ],
)  # fmt: skip
def test_a_message_says_this(kind, event):
    assert events(EXCHANGE[kind]) == [event]


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        (changed("l2update", changes=[]), BookUpdate("BTC-USD", [], AT_NS + 223_540_000)),
        (
            changed("l2update", time="0001-01-01T00:00:00.000000Z"),
            BookUpdate("BTC-USD", events(EXCHANGE["l2update"])[0].changes, None),
        ),
        (changed("snapshot", time=..., bids=[], asks=[]), BookSnapshot("BTC-USD", [], [], None)),
        (changed("snapshot", time=None, bids=[], asks=[]), BookSnapshot("BTC-USD", [], [], None)),
        (
            b'{"type":"ticker","product_id":"BTC-USD","price":"1","sequence":1}',
            Ticker("BTC-USD", "1"),
        ),
        (
            b'{"type":"ticker","product_id":"BTC-USD","price":"1","best_bid":null}',
            Ticker("BTC-USD", "1"),
        ),
        (changed("heartbeat", last_trade_id=0, time=...), Heartbeat("BTC-USD", None, 0, None)),
        (changed("heartbeat", last_trade_id=None, time=""), Heartbeat("BTC-USD", None, None, None)),
        (b'{"type":"error"}', VenueError("venue_error", "")),
        (b'{"type":"status"}', VenueStatus({})),
        (b'{"type":"subscriptions","product_ids":[],"channels":[]}', Subscriptions({})),
        (
            changed("subscriptions", channels=[named("x", "A-B"), named("x", "C-D")]),
            Subscriptions({"x": ["A-B", "C-D"]}),
        ),
    ],
)
def test_what_is_missing_is_none_or_empty(frame, event):
    assert events(frame) == [event]


@pytest.mark.parametrize(
    "kind", ["l2update", "snapshot", "match", "last_match", "ticker", "heartbeat"]
)
def test_the_messages_of_the_hot_path_account_for_each_of_their_quotes(kind):
    for frame in (EXCHANGE[kind], changed(kind, time=...)):
        assert MESSAGE.decode(frame).quotes() == frame.count(b'"')


@pytest.mark.parametrize("maker", ["buy", "sell"])
def test_the_taker_took_the_other_side(maker):
    (trade,) = events(changed("match", side=maker))
    assert {trade.side, trade.raw_side} == {"buy", "sell"}
    assert trade.raw_side == maker


@pytest.mark.parametrize("text", BAD_DECIMALS, ids=lambda text: text[:20])
@pytest.mark.parametrize(
    ("kind", "key"),
    [("match", "price"), ("match", "size"), ("last_match", "size"), ("ticker", "price")],
)
def test_a_price_or_size_that_is_no_plain_decimal_is_refused(kind, key, text):
    assert reason_of(with_json(kind, key, text)) == "number"


@pytest.mark.parametrize("text", BAD_DECIMALS, ids=lambda text: text[:20])
@pytest.mark.parametrize("level", ['["buy",{},"1"]', '["sell","1",{}]'])
def test_a_change_with_a_bad_number_is_refused(level, text):
    frame = with_json("l2update", "changes", f"[{level.replace('{}', text)}]")
    assert reason_of(frame) == "number"


@pytest.mark.parametrize("text", BAD_DECIMALS, ids=lambda text: text[:20])
@pytest.mark.parametrize("side", ["bids", "asks"])
def test_a_level_with_a_bad_number_is_refused(side, text):
    assert reason_of(with_json("snapshot", side, f'[["1","1"],["1",{text}]]')) == "number"
    assert reason_of(with_json("snapshot", side, f'[[{text},"1"]]')) == "number"


@pytest.mark.parametrize("text", GOOD_DECIMALS)
def test_any_plain_decimal_is_kept_as_it_is(text):
    (update,) = events(changed("l2update", changes=[["buy", text, text]]))
    assert update.changes == [("buy", text, text)]


OPTIONAL_NUMBERS = [
    *("last_size", "best_bid", "best_bid_size", "best_ask", "best_ask_size"),
    *("volume_24h", "low_24h", "high_24h"),
]


@pytest.mark.parametrize("key", OPTIONAL_NUMBERS)
def test_an_optional_number_of_a_ticker_is_a_number_or_missing(key):
    assert reason_of(changed("ticker", **{key: "1e5"})) == "number"
    assert reason_of(changed("ticker", **{key: 1.5})) == "number"
    assert len(events(changed("ticker", **{key: None}))) == 1


@pytest.mark.parametrize("text", BAD_PRODUCTS, ids=lambda text: text[:20])
@pytest.mark.parametrize(
    "kind", ["l2update", "snapshot", "match", "last_match", "ticker", "heartbeat"]
)
def test_an_id_outside_the_allow_list_is_refused(kind, text):
    assert reason_of(with_json(kind, "product_id", text)) == "subject"


@pytest.mark.parametrize("text", [text for text in BAD_PRODUCTS if text != "[]"])
def test_an_id_outside_the_allow_list_is_refused_within_a_list_too(text):
    subscriptions = f'{{"type":"subscriptions","channels":[{{"name":"x","product_ids":[{text}]}}]}}'
    status = f'{{"type":"status","products":[{{"id":{text},"status":"online"}}]}}'
    assert reason_of(subscriptions.encode()) == "subject"
    assert reason_of(status.encode()) == "subject"


@pytest.mark.parametrize("text", [*BAD_COUNTS, '"5"'])
@pytest.mark.parametrize(
    ("kind", "key"), [("match", "trade_id"), ("ticker", "trade_id"), ("heartbeat", "last_trade_id")]
)
def test_a_trade_id_is_a_count(kind, key, text):
    assert reason_of(with_json(kind, key, text)) == "number"


@pytest.mark.parametrize(
    "frame",
    [
        changed("l2update", changes=[["bid", "1", "1"]]),
        changed("l2update", changes=[["buy", "1"]]),
        changed("l2update", changes=[["buy", "1", "1", 5]]),
        changed("l2update", changes={}),
        changed("l2update", changes=...),
        changed("l2update", product_id=...),
        changed("snapshot", bids=[["1", "1", "5"]]),
        changed("snapshot", asks=...),
        changed("match", side="BUY"),
        changed("match", side=...),
        changed("match", price=...),
        changed("match", time=5),
        changed("ticker", price=...),
        changed("subscriptions", channels=...),
        changed("subscriptions", channels=[{}]),
        changed("status", products=[{"id": "BTC-USD"}]),
        changed("error", message=5),
    ],
)
def test_a_message_of_another_shape_is_malformed(frame):
    assert reason_of(frame) == "malformed"
