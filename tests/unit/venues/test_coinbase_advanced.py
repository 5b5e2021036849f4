"""The client side of Advanced Trade, and the recordings of it."""

import json
from collections import Counter

import pytest
from data.venue_frames import ADVANCED
from recordings import received

from ledgerflux.model.events import (
    BookUpdate,
    Ignored,
    Parsed,
    RecentTrades,
    Trade,
    Unknown,
    VenueError,
)
from ledgerflux.venues.base import FRAME_BYTES_MAX, Refused
from ledgerflux.venues.coinbase_advanced import CHANNELS, CoinbaseAdvanced

VENUE = CoinbaseAdvanced()
FIXTURES = "coinbase-advanced-message-types"
BIG = 2**53 + 1
LIVE = "coinbase-advanced-20260809-btcusd-"
KIND_OF = {
    "BookUpdate": "l2_data update",
    "BookSnapshot": "l2_data snapshot",
    "Trade": "market_trades update",
    "RecentTrades": "market_trades snapshot",
    "Ticker": "ticker",
    "Heartbeat": "heartbeats",
    "Subscriptions": "subscriptions",
    "VenueCandles": "candles",
    "VenueStatus": "status",
    "VenueError": "error",
}


def kind_of(frame):
    """Return the venue's word for the one kind of event that `frame` became."""
    (kind,) = {
        event.kind if isinstance(event, Ignored) else KIND_OF[type(event).__name__]
        for event in VENUE.parse(frame).events
    }
    return kind


def reason_of(frame):
    with pytest.raises(Refused) as caught:
        VENUE.parse(frame)
    return caught.value.reason


def test_what_the_venue_offers_without_keys():
    assert VENUE.name == "coinbase-advanced"
    assert VENUE.url == "wss://advanced-trade-ws.coinbase.com"
    assert VENUE.channels == ("level2", "trades", "ticker", "heartbeats")
    assert (VENUE.integrity, VENUE.integrity_rule) == ("sequence", "sequence:connection")


@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe"])
def test_each_channel_has_its_own_frame_in_order(kind):
    frames = getattr(VENUE, kind)(["BTC-USD", "ETH-USD"], ["heartbeats", "level2", "trades"])
    assert [json.loads(frame) for frame in frames] == [
        {"type": kind, "product_ids": ["BTC-USD", "ETH-USD"], "channel": name}
        for name in ("heartbeats", "level2", "market_trades")
    ]


def test_nothing_to_subscribe_is_no_frame():
    assert VENUE.subscribe([], ["level2"]) == VENUE.unsubscribe([], ["level2"]) == []
    assert VENUE.subscribe(["BTC-USD"], []) == VENUE.unsubscribe(["BTC-USD"], []) == []


def test_what_is_asked_for_is_a_name_of_our_channel():
    frames = VENUE.subscribe(["BTC-USD"], list(VENUE.channels))
    assert [CHANNELS[json.loads(frame)["channel"]] for frame in frames] == list(VENUE.channels)


@pytest.mark.parametrize(("kind", "frame"), ADVANCED.items())
def test_each_channel_becomes_its_own_event(kind, frame):
    assert kind_of(frame) == kind.replace("_batch", "")


@pytest.mark.parametrize(
    ("frame", "number"),
    [
        (ADVANCED["l2_data update"], 1),
        (ADVANCED["l2_data snapshot"], 0),
        (ADVANCED["l2_data update"][:90], 1),
        (b'{"sequence_num":5}', 5),
        (b'{"channel":"x","timestamp":"y","sequence_num":6}', 6),
        (b'{"channel":"x","timestamp":"y","sequence_num": 7 }', 7),
        (b'{ "events":[{"sequence_num":1}], "sequence_num":8}', 8),
        (b'{"channel":"x","timestamp":"\\",\\"sequence_num\\":1","sequence_num":9}', 9),
        (b'{"channel":"\\"sequence_num\\":1","sequence_num":10}', 10),
        (b'{"events":["\\"sequence_num\\":1,"],"sequence_num":11}', 11),
        (b'{"channel":"x","client_id":"z","timestamp":"y","sequence_num":9007199254740993}', BIG),
        (b'{"channel":"x","timestamp":"y","sequence_num":9223372036854775807}', 2**63 - 1),
        (b'{"channel":"x","timestamp":"y","sequence_num":9223372036854775808}', None),
        (b'{"channel":"x","timestamp":"y","sequence_num":-1}', None),
        (b'{"channel":"x","timestamp":"y","sequence_num":"1"}', None),
        (b'{"channel":"x","timestamp":"y","sequence_num":1.5}', None),
        (b'{"channel":"x","timestamp":"y","sequence_num":01}', None),
        (b'{"channel":"x","timestamp":"y","sequence_num":null}', None),
        (b'{"events":[{"sequence_num":1}]}', None),
        (b'{"channel":"\\"sequence_num\\":1"}', None),
        (b'{"type":"error","message":"\\"sequence_num\\":1"}', None),
        (b'["sequence_num",1]', None),
        (b'{"sequence_num":1', None),
        (b"", None),
    ],
)  # fmt: skip
def test_the_sequence_number_is_the_key_of_the_frame_and_nothing_else(frame, number):
    assert VENUE.sequence(frame) == number


@pytest.mark.parametrize("text", ["-1", '"1"', "1.5", "null", "true", "9223372036854775808"])
def test_a_message_without_a_readable_sequence_number_is_refused(text):
    frame = b'{"channel":"heartbeats","sequence_num":%s,"events":[]}' % text.encode()
    assert reason_of(frame) == "number"


def test_an_error_is_told_from_an_envelope_by_its_type():
    frame = b'{"type":"error","message":"Failed to subscribe","reason":"rate limit exceeded"}'
    error = VenueError("rate_limited", "Failed to subscribe: rate limit exceeded")
    assert VENUE.parse(frame) == Parsed(None, [error])
    assert VENUE.parse(b'{"type":"error","sequence_num":5}').sequence == 5


@pytest.mark.parametrize(
    ("frame", "parsed"),
    [
        (b'{"channel":"auction","sequence_num":5}', Parsed(5, [Unknown("auction")])),
        (b'{"channel":"auction","type":"error"}', Parsed(None, [Unknown("auction")])),
        (b'{"channel":"","type":"error"}', Parsed(None, [Unknown("")])),
        (b'{"type":"auction"}', Parsed(None, [Unknown("auction")])),
        (b'{"type":"l2_data"}', Parsed(None, [Unknown("l2_data")])),
    ],
)
def test_an_unknown_channel_or_type_is_named_and_keeps_its_number(frame, parsed):
    assert VENUE.parse(frame) == parsed


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b'{"channel":"heartbeats","events":[]}', "malformed"),
        (b'{"channel":"heartbeats","sequence_num":1}', "malformed"),
        (b'{"channel":5,"sequence_num":1}', "malformed"),
        (b'{"sequence_num":1,"events":[]}', "malformed"),
        (b'{"type":"error","message":5}', "malformed"),
        (b'{"type":"error","type":"error"}', "limits"),
        (b'{"channel":"auction","sequence_num":1,"sequence_num":2}', "limits"),
        (b'{"channel":"heartbeats","sequence_num":1,"events":[],"sequence_num":2}', "limits"),
        (b'{"channel":"heartbeats","sequence_num":1,"events":[],"client_id":"\xff"}', "encoding"),
        (b" " * (16 * 1024 * 1024 + 1), "limits"),
    ],
)
def test_what_is_no_message_is_refused(frame, reason):
    assert reason_of(frame) == reason


def test_every_fixture_becomes_its_own_event():
    kinds = Counter(kind_of(line["raw"].encode()) for line in received(FIXTURES))
    assert kinds == {
        "l2_data update": 5, "l2_data snapshot": 1, "market_trades update": 3,
        "market_trades snapshot": 2, "heartbeats": 4, "subscriptions": 3, "ticker": 2,
        "candles": 1, "status": 1, "user": 1, "futures_balance_summary": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("live", {"l2_data update": 3266, "l2_data snapshot": 1, "heartbeats": 179,
                  "subscriptions": 2}),
        ("reconnect", {"l2_data update": 1729, "l2_data snapshot": 2, "heartbeats": 104,
                       "subscriptions": 4}),
        ("trades", {"l2_data update": 2177, "l2_data snapshot": 1, "market_trades update": 152,
                    "market_trades snapshot": 1, "heartbeats": 119, "subscriptions": 3}),
    ],
)  # fmt: skip
def test_every_frame_of_a_recording_becomes_its_own_event(name, counts):
    assert Counter(kind_of(line["raw"].encode()) for line in received(LIVE + name)) == counts


@pytest.mark.parametrize("name", ["live", "reconnect", "trades"])
def test_the_numbers_of_a_recorded_connection_have_no_hole(name):
    expected = {}
    for line in received(LIVE + name):
        frame = line["raw"].encode()
        number = VENUE.sequence(frame)
        assert number == VENUE.parse(frame).sequence == expected.get(line["conn"], 0)
        expected[line["conn"]] = number + 1


def test_recorded_trades_have_rising_ids_without_a_hole():
    ids = []
    for line in received(LIVE + "trades"):
        for event in VENUE.parse(line["raw"].encode()).events:
            if isinstance(event, RecentTrades):
                ids.extend(trade.trade_id for trade in event.trades)
            elif isinstance(event, Trade):
                ids.append(event.trade_id)
    assert len(ids) > 200
    assert ids == list(range(ids[0], ids[0] + len(ids)))


def test_a_recorded_snapshot_holds_every_level():
    for line in received(LIVE + "live"):
        frame = line["raw"].encode()
        if len(frame) > 1_000_000:
            (event,) = VENUE.parse(frame).events
            assert len(event.bids) + len(event.asks) == frame.count(b'"price_level"') == 45745
            break


def test_a_book_frame_that_lacks_a_field_is_read_by_the_general_decoder():
    frame = (
        b'{"channel":"l2_data","sequence_num":5,"events":[{"type":"update",'
        b'"product_id":"BTC-USD","updates":[]}]}'
    )
    assert VENUE.parse(frame) == Parsed(5, [BookUpdate("BTC-USD", [], None)])


def test_a_heartbeat_is_known_by_its_first_bytes():
    beats = {kind for kind, frame in ADVANCED.items() if VENUE.is_heartbeat(frame)}
    assert beats == {"heartbeats"}


def test_a_frame_of_the_greatest_length_is_read_and_one_byte_more_is_not():
    frame = b"[]".ljust(FRAME_BYTES_MAX)
    assert reason_of(frame) == "malformed"
    assert reason_of(frame + b" ") == "limits"
