import json

import pytest
from recordings import received

from ledgerflux.core.dialect import Beat, Fill, Request, Summary, restamp
from ledgerflux.model.events import (
    BookSnapshot,
    BookUpdate,
    Heartbeat,
    Subscriptions,
    Ticker,
    Trade,
    VenueError,
)
from ledgerflux.venues.coinbase_advanced import CoinbaseAdvanced
from ledgerflux.venues.coinbase_advanced_server import CoinbaseAdvancedServer

SERVER = CoinbaseAdvancedServer()
VENUE = CoinbaseAdvanced()
PRODUCTS = ("BTC-USD", "ETH-USD")
TIME_NS = 1_786_306_462_657_867_123
MICROS_NS = TIME_NS - 123


def read(**request):
    return SERVER.read(json.dumps(request), PRODUCTS)


def test_our_own_client_is_understood():
    frames = VENUE.subscribe(["BTC-USD"], ["level2", "trades", "ticker", "heartbeats"])
    requests = [SERVER.read(frame, PRODUCTS) for frame in frames]
    assert requests == [
        Request("subscribe", ((name, products),))
        for name, products in [
            ("level2", ("BTC-USD",)),
            ("market_trades", ("BTC-USD",)),
            ("ticker", ("BTC-USD",)),
            ("heartbeats", ()),
        ]
    ]
    channels = [SERVER.channel(request.names[0][0]) for request in requests]
    assert channels == ["level2", "trades", "ticker", "heartbeats"]


@pytest.mark.parametrize(
    ("request_", "name", "products"),
    [
        ({"channel": "heartbeat"}, "heartbeats", ()),
        ({"channel": "heartbeats", "product_ids": ["NO-SUCH"]}, "heartbeats", ()),
        ({"channel": "status", "jwt": "x"}, "status", ()),
        (
            {"channel": "candles", "product_ids": ["ETH-USD", "ETH-USD"], "api_key": "k"},
            "candles",
            ("ETH-USD",),
        ),
    ],
)
def test_names_aliases_and_keys_that_are_passed_over(request_, name, products):
    assert read(type="subscribe", **request_) == Request("subscribe", ((name, products),))


def test_a_channel_can_be_left_as_a_whole():
    assert read(type="unsubscribe", channel="level2") == Request("unsubscribe", (("level2", ()),))


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"channel": "user"}, "authentication failure"),
        ({"channel": "l2_data"}, "invalid channel: l2_data"),
        ({}, "invalid channel: "),
        ({"channel": "level2"}, "level2 requires at least one product ID"),
        (
            {"channel": "level2", "product_ids": ["BTC-USD", "X-Y"]},
            "X-Y is not a valid product",
        ),
    ],
)
def test_what_the_venue_refuses_is_an_error_without_a_number(request_, message):
    answer = read(type="subscribe", **request_)
    assert json.loads(answer) == {"type": "error", "message": message}
    assert SERVER.digits(answer) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "malformed JSON"),
        (b"\xff", "malformed JSON"),
        ('{"type":"ping"}', "type has to be either subscribe or unsubscribe"),
    ],
)
def test_what_is_no_request_is_answered_all_the_same(text, message):
    assert json.loads(SERVER.read(text, PRODUCTS))["message"] == message


def test_errors_mean_the_same_to_our_client():
    answer = read(type="subscribe", channel="level2", product_ids=["ADA-USD"])
    [event] = VENUE.parse(answer).events
    assert event == VenueError("unknown_product", "ADA-USD is not a valid product", "ADA-USD")
    [refused] = VENUE.parse(read(type="subscribe", channel="user")).events
    assert refused.code == "auth_required"


def test_the_acknowledgement_lists_everything_held():
    held = {
        "market_trades": {"BTC-USD": None},
        "level2": {"ETH-USD": None, "BTC-USD": None},
        "heartbeats": {"": None},
    }
    frame = SERVER.acknowledge(held, TIME_NS)
    assert json.loads(frame) == {
        "channel": "subscriptions",
        "timestamp": "2026-08-09T20:14:22.657867123Z",
        "sequence_num": 0,
        "events": [
            {
                "subscriptions": {
                    "heartbeats": ["heartbeats"],
                    "level2": ["ETH-USD", "BTC-USD"],
                    "market_trades": ["BTC-USD"],
                }
            }
        ],
    }
    assert VENUE.parse(frame).events == [
        Subscriptions(
            {"heartbeats": [], "level2": ["ETH-USD", "BTC-USD"], "market_trades": ["BTC-USD"]}
        )
    ]
    assert SERVER.route(frame).acknowledgement


def test_a_snapshot_reads_back_as_the_book_it_was_made_of():
    bids, asks = [("1.50", "2"), ("1.49", "0.10")], [("1.51", "3")]
    frame = SERVER.snapshot("BTC-USD", bids, asks, TIME_NS)
    assert VENUE.parse(restamp(frame, SERVER.digits(frame), 41)).sequence == 41
    [event] = VENUE.parse(frame).events
    assert event == BookSnapshot("BTC-USD", bids, asks, TIME_NS)
    route = SERVER.route(frame)
    assert (route.channels, route.products) == (("level2",), ("BTC-USD",))


def test_frames_of_a_made_market_read_back_as_what_happened():
    changes = [("buy", "1.5", "0"), ("sell", "1.6", "2")]
    assert VENUE.parse(SERVER.level2("BTC-USD", changes, TIME_NS)).events == [
        BookUpdate("BTC-USD", changes, TIME_NS)
    ]
    fills = [Fill(7, 21, "1.5", "2", "buy"), Fill(8, 22, "1.6", "3", "sell")]
    [frame] = SERVER.trades("BTC-USD", fills, TIME_NS)
    listed = json.loads(frame)["events"][0]["trades"]
    assert [trade["trade_id"] for trade in listed] == ["8", "7"]
    assert VENUE.parse(frame).events == [
        Trade("BTC-USD", 7, "1.5", "2", "buy", "SELL", MICROS_NS),
        Trade("BTC-USD", 8, "1.6", "3", "sell", "BUY", MICROS_NS),
    ]
    summary = Summary(fills[1], ("1.4", "1"), ("1.6", "2"), "1.1", "1", "2", "9.5")
    assert VENUE.parse(SERVER.ticker("BTC-USD", summary, TIME_NS)).events == [
        Ticker(
            product="BTC-USD",
            price="1.6",
            bid="1.4",
            bid_size="1",
            ask="1.6",
            ask_size="2",
            volume_24h="9.5",
            low_24h="1",
            high_24h="2",
            exchange_ns=TIME_NS,
        )
    ]
    [beat] = SERVER.heartbeats([Beat("BTC-USD", 22, 8), Beat("ETH-USD", 5, 1)], 3, TIME_NS)
    assert VENUE.parse(beat).events == [Heartbeat(None, 3, None, TIME_NS)]
    route = SERVER.route(beat)
    assert (route.channels, route.products) == (("heartbeats",), ())


def frame_of(channel, *events):
    return json.dumps({"channel": channel, "sequence_num": 1, "events": events}).encode()


@pytest.mark.parametrize(
    ("frame", "channels", "products"),
    [
        (
            frame_of(
                "l2_data",
                {"type": "update", "product_id": "A-B", "updates": []},
                {"type": "update", "product_id": "C-D", "updates": []},
            ),
            ("level2",),
            ("A-B", "C-D"),
        ),
        (
            (
                b'{"channel":"l2_data","timestamp":"t","sequence_num":1,"events":['
                b'{"type":"update","product_id":"A-B","updates":[]},'
                b'{"type":"update","product_id":"C-D","updates":[]}]}'
            ),
            ("level2",),
            ("A-B", "C-D"),
        ),
        (
            frame_of(
                "market_trades",
                {"type": "update", "trades": [{"product_id": "A-B"}, {"product_id": "C-D"}]},
            ),
            ("trades",),
            ("A-B", "C-D"),
        ),
        (
            frame_of("ticker", {"tickers": [{"product_id": "A-B"}]}),
            ("ticker",),
            ("A-B",),
        ),
        (
            frame_of("ticker_batch", {"tickers": [{"product_id": "A-B"}]}),
            ("ticker",),
            ("A-B",),
        ),
        (
            frame_of("candles", {"candles": [{"product_id": "A-B"}]}),
            ("candles",),
            ("A-B",),
        ),
        (frame_of("heartbeats", {"heartbeat_counter": 1}), ("heartbeats",), ()),
        (frame_of("status", {"products": [{"id": "A-B"}]}), ("status",), ()),
        (b'{"channel":"brand_new"}', ("brand_new",), ()),
        (b'{"type":"error","message":"x"}', (), ()),
        (b"{broken", (), ()),
    ],
)
def test_whom_a_frame_concerns(frame, channels, products):
    route = SERVER.route(frame)
    assert (route.channels, route.products) == (channels, products)
    assert not route.acknowledgement
    assert SERVER.route(frame) is route


def test_a_frame_of_two_products_is_cut_down_and_else_left_as_it_was():
    frame = (
        b'{ "channel":"market_trades" , "client_id":"","timestamp":"t","sequence_num": 12,'
        b'"events":[{"type":"update","trades":[{"product_id":"A-B","price":"1.50"},'
        b'{"product_id":"C-D","size":1e2}]},{"type":"update","trades":[{"product_id":"C-D"}]}]}'
    )
    assert SERVER.split(frame, ["A-B"]) == (
        b'{"channel":"market_trades","client_id":"","timestamp":"t","sequence_num":12,'
        b'"events":[{"type":"update","trades":[{"product_id":"A-B","price":"1.50"}]}]}'
    )
    kept = json.loads(SERVER.split(frame, ["C-D"]))
    assert [len(event["trades"]) for event in kept["events"]] == [1, 1]


def test_events_of_other_products_are_cut_out_of_a_book_frame():
    frame = (
        b'{"channel":"l2_data","sequence_num":3,"events":['
        b'{"type":"update","product_id":"A-B","updates":[{"price_level":"1.0"}]},'
        b'{"type":"update","product_id":"C-D","updates":[]}]}'
    )
    assert SERVER.split(frame, ["A-B"]) == (
        b'{"channel":"l2_data","sequence_num":3,"events":['
        b'{"type":"update","product_id":"A-B","updates":[{"price_level":"1.0"}]}]}'
    )


def test_an_event_about_no_product_is_everybodys():
    frame = (
        b'{"channel":"ticker","events":[{"note":"n","product_id":null},'
        b'{"tickers":[{"product_id":"A-B"}]},{"tickers":null}]}'
    )
    assert SERVER.split(frame, ["C-D"]) == (
        b'{"channel":"ticker","events":[{"note":"n","product_id":null}]}'
    )


@pytest.mark.parametrize(
    ("frame", "digits"),
    [
        (b'{"sequence_num":12,"x":1}', b"12"),
        (b'{\n "channel": "x",\n "sequence_num" : 0\n}', b"0"),
        (b'{"sequence_num":"12"}', None),
        (b'{"type":"error"}', None),
    ],
)
def test_where_the_number_stands(frame, digits):
    place = SERVER.digits(frame)
    assert (None if place is None else frame[slice(*place)]) == digits


@pytest.mark.parametrize(
    ("frame", "known"),
    [
        (b'{"channel":"l2_data","sequence_num":0}', True),
        (b'{"channel":"l2_data"}', False),
        (b'{"type":"l2update","product_id":"BTC-USD"}', False),
        (b"[]", False),
    ],
)
def test_the_dialect_knows_its_own(frame, known):
    assert SERVER.recognizes(frame) is known


@pytest.mark.parametrize("part", ["trades", "reconnect"])
def test_the_number_of_every_recorded_frame_can_be_replaced_and_nothing_else(part):
    for line in received(f"coinbase-advanced-20260809-btcusd-{part}"):
        frame = line["raw"].encode()
        place = SERVER.digits(frame)
        number = int(frame[slice(*place)])
        assert number == VENUE.sequence(frame)
        changed = restamp(frame, place, number + 1_000)
        assert VENUE.sequence(changed) == number + 1_000
        assert restamp(changed, SERVER.digits(changed), number) == frame
