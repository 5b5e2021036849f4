import json

import pytest
from data.hostile_frames import BAD_DECIMALS, BAD_PRODUCTS
from data.venue_frames import ADVANCED

from ledgerflux.model.events import (
    Heartbeat,
    Ignored,
    Subscriptions,
    Ticker,
    VenueCandles,
    VenueStatus,
)
from ledgerflux.venues.base import Refused
from ledgerflux.venues.coinbase_advanced import CoinbaseAdvanced
from ledgerflux.venues.coinbase_advanced_messages import MESSAGE

VENUE = CoinbaseAdvanced()
AT_NS = 1786253024000000000


def events(frame):
    return VENUE.parse(frame).events


def reason_of(frame):
    with pytest.raises(Refused) as caught:
        VENUE.parse(frame)
    return caught.value.reason


def with_events(kind, *contents):
    """Return the frame of `kind` with other events in it."""
    return json.dumps(json.loads(ADVANCED[kind]) | {"events": contents}).encode()


def inner(kind):
    """Return the innermost object of the frame of `kind`, and its frame with others instead."""
    (event,) = json.loads(ADVANCED[kind])["events"]
    key = kind.replace("ticker_batch", "ticker").replace("ticker", "tickers")
    key = "products" if kind == "status" else key
    return event[key][0], lambda *items: with_events(kind, event | {key: items})


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        (
            "ticker",
            Ticker(
                product="BTC-USD",
                price="65028.16",
                bid="65028.15",
                bid_size="8.21",
                ask="65028.17",
                ask_size="1",
                volume_24h="160.2",
                low_24h="64000",
                high_24h="66000",
                exchange_ns=AT_NS,
            ),
        ),
        ("ticker_batch", Ticker("BTC-USD", "65028.16", exchange_ns=AT_NS)),
        ("heartbeats", Heartbeat(None, 18573, None, AT_NS)),
        ("subscriptions", Subscriptions({"heartbeats": [], "level2": ["BTC-USD"]})),
        ("candles", VenueCandles("BTC-USD", [(1786269300, "2", "3", "1", "2.5", "7")])),
        ("status", VenueStatus({"BTC-USD": "online"})),
        ("user", Ignored("user")),
        ("futures_balance_summary", Ignored("futures_balance_summary")),
    ],
)
def test_a_message_says_this(kind, event):
    assert events(ADVANCED[kind]) == [event]


@pytest.mark.parametrize("kind", ["ticker", "ticker_batch", "heartbeats"])
def test_the_frequent_messages_account_for_each_of_their_quotes(kind):
    frame = ADVANCED[kind]
    assert MESSAGE.decode(frame).quotes() == frame.count(b'"')


@pytest.mark.parametrize(
    ("counter", "number"), [(42, 42), ("42", 42), (0, 0), (None, None), (..., None)]
)
def test_a_heartbeat_counts_in_numbers_or_digits_or_not_at_all(counter, number):
    beat = {} if counter is ... else {"heartbeat_counter": counter}
    assert events(with_events("heartbeats", beat)) == [Heartbeat(None, number, None, AT_NS)]


@pytest.mark.parametrize("counter", [-1, "x", "", 1.5, True, 2**63, []])
def test_a_heartbeat_whose_counter_is_no_count_is_refused(counter):
    assert reason_of(with_events("heartbeats", {"heartbeat_counter": counter})) == "number"


def test_several_events_of_a_frame_become_several_events():
    beats = with_events("heartbeats", {"heartbeat_counter": 1}, {"heartbeat_counter": 2})
    assert [event.counter for event in events(beats)] == [1, 2]
    ticker, frame = inner("ticker")
    two = events(frame(ticker, ticker | {"product_id": "ETH-USD", "best_bid": None}))
    assert [(event.product, event.bid) for event in two] == [
        ("BTC-USD", "65028.15"),
        ("ETH-USD", None),
    ]
    assert (
        len(events(with_events("subscriptions", {"subscriptions": {}}, {"subscriptions": {}}))) == 2
    )


def test_candles_are_gathered_by_product():
    candle, frame = inner("candles")
    said = events(frame(candle, candle | {"product_id": "ETH-USD"}, candle | {"start": 1786269600}))
    assert [(event.product, [row[0] for row in event.candles]) for event in said] == [
        ("BTC-USD", [1786269300, 1786269600]),
        ("ETH-USD", [1786269300]),
    ]


@pytest.mark.parametrize("kind", ["ticker", "ticker_batch", "candles"])
def test_a_number_that_is_no_plain_decimal_is_refused(kind):
    item, frame = inner(kind)
    keys = ("open", "high", "low", "close", "volume") if kind == "candles" else ("price",)
    for key in keys:
        for text in BAD_DECIMALS:
            hostile = frame(item | {key: "HERE"}).replace(b'"HERE"', text.encode())
            assert reason_of(hostile) == "number"


@pytest.mark.parametrize(
    "key",
    ["best_bid", "best_bid_quantity", "best_ask", "best_ask_quantity", "volume_24_h", "low_24_h"],
)
def test_an_optional_number_of_a_ticker_is_a_number_or_missing(key):
    ticker, frame = inner("ticker")
    assert reason_of(frame(ticker | {key: "1e5"})) == "number"
    assert reason_of(frame(ticker | {key: 1.5})) == "number"
    assert len(events(frame(ticker | {key: None}))) == 1


@pytest.mark.parametrize("start", ["", "x", -1, 1.5, None])
def test_a_candle_starts_at_a_whole_second(start):
    candle, frame = inner("candles")
    assert reason_of(frame(candle | {"start": start})) == "number"


@pytest.mark.parametrize("text", BAD_PRODUCTS, ids=lambda text: text[:20])
@pytest.mark.parametrize("kind", ["ticker", "ticker_batch", "candles", "status"])
def test_an_id_outside_the_allow_list_is_refused(kind, text):
    item, frame = inner(kind)
    key = "id" if kind == "status" else "product_id"
    hostile = frame(item | {key: "HERE"}).replace(b'"HERE"', text.encode())
    assert reason_of(hostile) == "subject"


@pytest.mark.parametrize("text", BAD_PRODUCTS, ids=lambda text: text[:20])
def test_a_subscription_to_an_id_outside_the_allow_list_is_refused(text):
    frame = with_events("subscriptions", {"subscriptions": {"level2": ["HERE"]}})
    assert reason_of(frame.replace(b'"HERE"', text.encode())) == "subject"


@pytest.mark.parametrize(
    "frame",
    [
        with_events("ticker", {"tickers": [{"product_id": "BTC-USD"}]}),
        with_events("ticker", {}),
        with_events("heartbeats", 5),
        with_events("subscriptions", {}),
        with_events("candles", {"candles": [{"product_id": "BTC-USD"}]}),
        with_events("status", {"products": [{"id": "BTC-USD"}]}),
    ],
)
def test_a_message_of_another_shape_is_malformed(frame):
    assert reason_of(frame) == "malformed"


def test_messages_about_an_account_are_numbered_too():
    assert VENUE.parse(ADVANCED["user"]).sequence == 10
