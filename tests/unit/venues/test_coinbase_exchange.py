"""The client side of Coinbase Exchange, and the recordings of it."""

import json
from collections import Counter

import pytest
from data.venue_frames import EXCHANGE
from recordings import lines, received

from ledgerflux.model.events import Ignored, Parsed, Subscriptions, Unknown
from ledgerflux.venues.base import FRAME_BYTES_MAX, Refused
from ledgerflux.venues.coinbase_exchange import CHANNELS, CoinbaseExchange

VENUE = CoinbaseExchange()
FIXTURES = "coinbase-exchange-message-types"
KIND_OF = {
    "BookUpdate": "l2update",
    "BookSnapshot": "snapshot",
    "Trade": "match",
    "RecentTrades": "last_match",
    "Ticker": "ticker",
    "Heartbeat": "heartbeat",
    "Subscriptions": "subscriptions",
    "VenueError": "error",
    "VenueStatus": "status",
    "OrderReceived": "received",
    "OrderOpened": "open",
    "OrderDone": "done",
    "OrderChanged": "change",
}


def kind_of(frame):
    """Return the venue's word for the one event that `frame` became."""
    (event,) = VENUE.parse(frame).events
    return event.kind if isinstance(event, Ignored) else KIND_OF[type(event).__name__]


def reason_of(frame):
    with pytest.raises(Refused) as caught:
        VENUE.parse(frame)
    return caught.value.reason


def test_what_the_venue_offers_without_keys():
    assert VENUE.name == "coinbase-exchange"
    assert VENUE.url == "wss://ws-feed.exchange.coinbase.com"
    assert VENUE.channels == ("level2", "trades", "ticker", "heartbeats")
    assert (VENUE.integrity, VENUE.integrity_rule) == ("none", "none")


@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe"])
def test_one_frame_names_all_products_and_channels(kind):
    (frame,) = getattr(VENUE, kind)(["BTC-USD", "ETH-USD"], list(VENUE.channels))
    assert json.loads(frame) == {
        "type": kind,
        "product_ids": ["BTC-USD", "ETH-USD"],
        "channels": ["level2_batch", "matches", "ticker", "heartbeat"],
    }


@pytest.mark.parametrize("name", ["level2", "level2_batch", "level2_50"])
def test_every_name_of_the_book_channel_is_accepted(name):
    frame = {"type": "subscriptions", "channels": [{"name": name, "product_ids": ["BTC-USD"]}]}
    (event,) = VENUE.parse(json.dumps(frame).encode()).events
    assert event == Subscriptions({name: ["BTC-USD"]})
    assert CHANNELS[name] == "level2"


def test_nothing_to_subscribe_is_no_frame():
    assert VENUE.subscribe([], ["level2"]) == VENUE.unsubscribe([], ["level2"]) == []
    assert VENUE.subscribe(["BTC-USD"], []) == VENUE.unsubscribe(["BTC-USD"], []) == []


def test_what_is_asked_for_is_a_name_of_our_channel():
    (frame,) = VENUE.subscribe(["BTC-USD"], list(VENUE.channels))
    assert [CHANNELS[name] for name in json.loads(frame)["channels"]] == list(VENUE.channels)


def test_connections_are_not_numbered():
    assert VENUE.sequence(EXCHANGE["match"]) is None
    assert VENUE.parse(EXCHANGE["match"]).sequence is None


@pytest.mark.parametrize(("kind", "frame"), EXCHANGE.items())
def test_each_type_becomes_its_own_event(kind, frame):
    assert kind_of(frame) == kind


def test_the_type_may_stand_anywhere():
    fields = json.loads(EXCHANGE["l2update"])
    fields["type"] = fields.pop("type")
    assert VENUE.parse(json.dumps(fields).encode()) == VENUE.parse(EXCHANGE["l2update"])


def test_an_unknown_type_is_named():
    assert VENUE.parse(b'{"type":"rfq_match","size":5}') == Parsed(None, [Unknown("rfq_match")])


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b'{"type":"match"}', "malformed"),
        (b'{"channel":"l2_data"}', "malformed"),
        (b'{"bids":[["1","2",3]],"asks":[]}', "malformed"),
        (b'{"type":"rfq_match","type":"match"}', "limits"),
        (b'{"type":"rfq_match","a":"\xff"}', "encoding"),
        (b" " * (16 * 1024 * 1024 + 1), "limits"),
    ],
)
def test_what_is_no_message_is_refused(frame, reason):
    assert reason_of(frame) == reason


def test_every_fixture_becomes_its_own_event():
    kinds = Counter(kind_of(line["raw"].encode()) for line in received(FIXTURES))
    assert kinds == {
        "subscriptions": 8, "l2update": 8, "heartbeat": 8, "received": 6, "done": 6, "match": 6,
        "open": 5, "snapshot": 4, "ticker": 4, "last_match": 2, "error": 2, "activate": 2,
        "change": 2, "status": 1,
    }  # fmt: skip


def test_of_all_fixtures_only_the_body_of_a_rest_answer_is_refused():
    refused = []
    for line in lines(FIXTURES):
        try:
            VENUE.parse(line["raw"].encode())
        except Refused as error:
            refused.append((line["kind"], error.reason))
    assert refused == [("rest", "malformed")]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (
            "coinbase-exchange-l2-ticker-matches-20210417-6p",
            {"l2update": 6582, "ticker": 75, "match": 69, "snapshot": 6, "last_match": 6,
             "subscriptions": 3},
        ),
        (
            "coinbase-exchange-full-20160312-btcusd",
            {"received": 1912, "open": 1910, "done": 1900, "match": 12},
        ),
    ],
)  # fmt: skip
def test_every_frame_of_a_recording_becomes_its_own_event(name, counts):
    assert Counter(kind_of(line["raw"].encode()) for line in received(name)) == counts


def test_the_taker_of_a_match_is_the_side_that_the_ticker_names():
    name = "coinbase-exchange-l2-ticker-matches-20210417-6p"
    frames = [line["raw"].encode() for line in received(name)]
    sides, trades = {}, {}
    for frame in frames:
        fields = json.loads(frame)
        if fields["type"] == "ticker":
            sides[fields["product_id"], fields["trade_id"]] = fields["side"]
        elif fields["type"] == "match":
            (trade,) = VENUE.parse(frame).events
            trades[trade.product, trade.trade_id] = trade.side
    shared = sides.keys() & trades.keys()
    assert len(shared) > 50
    assert all(sides[key] == trades[key] for key in shared)


def test_a_heartbeat_is_known_by_its_first_bytes():
    beats = {kind for kind, frame in EXCHANGE.items() if VENUE.is_heartbeat(frame)}
    assert beats == {"heartbeat"}


def test_a_frame_of_the_greatest_length_is_read_and_one_byte_more_is_not():
    frame = b"[]".ljust(FRAME_BYTES_MAX)
    assert reason_of(frame) == "malformed"
    assert reason_of(frame + b" ") == "limits"
