import json

import pytest
from data.hostile_frames import BAD_DECIMALS, BAD_PRODUCTS, GOOD_DECIMALS
from data.venue_frames import ADVANCED
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.model.events import BookSnapshot, BookUpdate, RecentTrades, Trade
from ledgerflux.venues.base import Refused
from ledgerflux.venues.coinbase_advanced import CoinbaseAdvanced
from ledgerflux.venues.coinbase_advanced_market import Envelope
from ledgerflux.venues.coinbase_advanced_messages import MESSAGE

VENUE = CoinbaseAdvanced()
AT_NS = 1786253022000000000


def frame_of(channel, *contents, **more):
    envelope = {"channel": channel, "timestamp": "2026-08-09T05:23:42Z", "sequence_num": 5}
    return json.dumps(envelope | {"events": contents} | more).encode()


def book(kind, product, *levels):
    keys = ("side", "price_level", "new_quantity")
    return {
        "type": kind,
        "product_id": product,
        "updates": [dict(zip(keys, level, strict=True)) for level in levels],
    }


def trade(trade_id, product="BTC-USD", side="BUY", **more):
    fields = {"product_id": product, "trade_id": trade_id, "price": "1", "size": "2", "side": side}
    return fields | more


def trades(kind, *items):
    return {"type": kind, "trades": items}


def events(frame):
    return VENUE.parse(frame).events


def reason_of(frame):
    with pytest.raises(Refused) as caught:
        VENUE.parse(frame)
    return caught.value.reason


def test_an_update_holds_its_changes_in_order_at_the_time_of_the_frame():
    changes = [("buy", "64699.5", "0.00000033"), ("sell", "64763.21", "0")]
    assert VENUE.parse(ADVANCED["l2_data update"]).sequence == 1
    assert events(ADVANCED["l2_data update"]) == [
        BookUpdate("BTC-USD", changes, AT_NS + 223_540_862)
    ]


def test_a_snapshot_holds_bids_and_offers_apart():
    assert events(ADVANCED["l2_data snapshot"]) == [
        BookSnapshot("BTC-USD", [("68900.00", "2.0")], [("68901.00", "0.5")], AT_NS)
    ]


def test_a_frame_may_hold_several_events_of_several_products():
    frame = frame_of(
        "l2_data",
        book("snapshot", "ETH-USD", ("bid", "2", "1"), ("offer", "3", "1"), ("bid", "1", "1")),
        book("update", "BTC-USD", ("offer", "9", "0")),
        book("update", "ETH-USD"),
    )
    assert events(frame) == [
        BookSnapshot("ETH-USD", [("2", "1"), ("1", "1")], [("3", "1")], AT_NS),
        BookUpdate("BTC-USD", [("sell", "9", "0")], AT_NS),
        BookUpdate("ETH-USD", [], AT_NS),
    ]


@pytest.mark.parametrize("timestamp", [None, "", "0001-01-01T00:00:00Z", "soon"])
def test_a_frame_without_a_readable_time_has_none(timestamp):
    (event,) = events(frame_of("l2_data", book("update", "BTC-USD"), timestamp=timestamp))
    assert event.exchange_ns is None


def test_a_frame_without_events_says_nothing():
    assert events(frame_of("l2_data")) == events(frame_of("market_trades")) == []


@pytest.mark.parametrize("kind", ["l2_data", "market_trades"])
@pytest.mark.parametrize("contents", ["update", "snapshot"])
def test_the_messages_of_the_hot_path_account_for_each_of_their_quotes(kind, contents):
    frame = ADVANCED[f"{kind} {contents}"]
    value = json.loads(frame)
    untimed = {key: item for key, item in value.items() if key != "timestamp"}
    for message in (value, value | {"client_id": ""}, untimed, value | {"events": []}):
        text = json.dumps(message).encode()
        assert MESSAGE.decode(text).quotes() == text.count(b'"')


def test_an_envelope_whose_contents_nobody_counts_asks_for_the_strict_reader():
    assert Envelope(sequence_num=0).quotes() == -1


@given(
    st.lists(
        st.lists(st.sampled_from(["side", "price_level", "new_quantity", "event_time"])),
        min_size=1,
        max_size=4,
    )
)
def test_levels_with_a_key_twice_are_refused_even_where_another_key_is_missing(again):
    level = {"side": '"bid"', "price_level": '"1"', "new_quantity": '"1"'}
    texts = ["{" + ",".join(f'"{key}":{text}' for key, text in level.items()) for _ in again]
    rows = [
        text
        + "".join(f',"{key}":{level.get(key, repr("x"))}' for key in keys).replace("'", '"')
        + "}"
        for text, keys in zip(texts, again, strict=True)
    ]
    frame = frame_of("l2_data", book("update", "BTC-USD")).replace(
        b'"updates": []', f'"updates": [{",".join(rows)}]'.encode()
    )
    twice = any(keys.count(key) > (key == "event_time") for keys in again for key in keys)
    if twice:
        assert reason_of(frame) == "limits"
    else:
        assert len(events(frame)[0].changes) == len(again)


@pytest.mark.parametrize("text", BAD_DECIMALS, ids=lambda text: text[:20])
@pytest.mark.parametrize("key", ["price_level", "new_quantity"])
@pytest.mark.parametrize("kind", ["update", "snapshot"])
def test_a_level_with_a_bad_number_is_refused(kind, key, text):
    level = book(kind, "BTC-USD", ("bid", "1", "1"), ("offer", "1", "1"))
    level["updates"][1][key] = "HERE"
    frame = frame_of("l2_data", level).replace(b'"HERE"', text.encode())
    assert reason_of(frame) == "number"


@pytest.mark.parametrize("text", GOOD_DECIMALS)
def test_any_plain_decimal_is_kept_as_it_is(text):
    (update,) = events(frame_of("l2_data", book("update", "BTC-USD", ("bid", text, text))))
    assert update.changes == [("buy", text, text)]


@pytest.mark.parametrize("text", BAD_PRODUCTS, ids=lambda text: text[:20])
def test_an_id_outside_the_allow_list_is_refused(text):
    for frame in (
        frame_of("l2_data", book("update", "HERE")),
        frame_of("l2_data", book("snapshot", "HERE")),
        frame_of("market_trades", trades("update", trade("1"), trade("2", "HERE"))),
        frame_of("market_trades", trades("snapshot", trade("2", "HERE"))),
    ):
        assert reason_of(frame.replace(b'"HERE"', text.encode())) == "subject"


def test_new_trades_come_by_ascending_id_with_the_taker_as_side():
    at_ns = AT_NS + 800_000_000
    assert events(ADVANCED["market_trades update"]) == [
        Trade("BTC-USD", 11, "65028.17", "0.1", "buy", "SELL", at_ns),
        Trade("BTC-USD", 12, "65028.16", "0.2", "sell", "BUY", at_ns + 100_000_000),
    ]


def test_the_first_trades_are_recent_ones_of_each_product():
    frame = frame_of(
        "market_trades",
        trades("snapshot", trade("9"), trade("3", "ETH-USD", "SELL"), trade("8")),
    )
    assert events(frame) == [
        RecentTrades("ETH-USD", [Trade("ETH-USD", 3, "1", "2", "buy", "SELL", None)]),
        RecentTrades(
            "BTC-USD",
            [
                Trade("BTC-USD", 8, "1", "2", "sell", "BUY", None),
                Trade("BTC-USD", 9, "1", "2", "sell", "BUY", None),
            ],
        ),
    ]


@given(st.lists(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["A-USD", "B-USD"])))))
def test_ids_rise_within_a_product_however_they_are_listed(listed):
    frame = frame_of(
        "market_trades",
        *(
            trades("update", *(trade(str(number), product) for number, product in items))
            for items in listed
        ),
    )
    said = [(event.trade_id, event.product) for event in events(frame)]
    assert sorted(said) == sorted(pair for items in listed for pair in items)
    for product in ("A-USD", "B-USD"):
        ids = [number for number, of in said if of == product]
        assert ids == sorted(ids)


def test_recent_trades_come_before_new_ones_of_the_same_frame():
    frame = frame_of("market_trades", trades("update", trade("9")), trades("snapshot", trade("8")))
    assert [type(event) for event in events(frame)] == [RecentTrades, Trade]


@pytest.mark.parametrize(
    ("trade_id", "number"), [("7", 7), (7, 7), ("0", 0), (2**63 - 1, 2**63 - 1)]
)
def test_a_trade_id_is_a_number_or_its_digits(trade_id, number):
    (event,) = events(frame_of("market_trades", trades("update", trade(trade_id))))
    assert event.trade_id == number


@pytest.mark.parametrize("trade_id", ["", "x", "-1", -1, 2**63, str(2**63), 1.5, True, None, []])
def test_a_trade_id_that_is_no_count_is_refused(trade_id):
    assert reason_of(frame_of("market_trades", trades("update", trade(trade_id)))) == "number"


@pytest.mark.parametrize("text", BAD_DECIMALS, ids=lambda text: text[:20])
@pytest.mark.parametrize("key", ["price", "size"])
def test_a_trade_with_a_bad_number_is_refused(key, text):
    frame = frame_of("market_trades", trades("update", trade("1", **{key: "HERE"})))
    assert reason_of(frame.replace(b'"HERE"', text.encode())) == "number"


@pytest.mark.parametrize(
    "frame",
    [
        frame_of("l2_data", book("delta", "BTC-USD")),
        frame_of("l2_data", book("update", "BTC-USD", ("ask", "1", "1"))),
        frame_of("l2_data", {"type": "update", "product_id": "BTC-USD"}),
        frame_of("l2_data", {"type": "update", "updates": []}),
        frame_of("l2_data", {"product_id": "BTC-USD", "updates": []}),
        frame_of("l2_data", {"type": "update", "product_id": "BTC-USD", "updates": [{}]}),
        frame_of("l2_data", events={}),
        frame_of("l2_data", client_id=5),
        frame_of("market_trades", trades("delta")),
        frame_of("market_trades", trades("update", trade("1", side="buy"))),
        frame_of("market_trades", trades("update", trade("1", side="UNKNOWN_ORDER_SIDE"))),
        frame_of("market_trades", trades("update", {"trade_id": "1"})),
    ],
)
def test_a_message_of_another_shape_is_malformed(frame):
    assert reason_of(frame) == "malformed"


# A frame as the venue writes it is decoded with all its fields; the general decoder must
# make the same of it, and take over where a field is missing.

COMPACT = (
    '{"channel":"l2_data","timestamp":"2026-08-09T05:23:42Z","sequence_num":5,"events":'
    '[{"type":"KIND","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"T",'
    '"price_level":"1.5","new_quantity":"0"},{"side":"offer","event_time":"T",'
    '"price_level":"2","new_quantity":"1"}]}]}'
)


@pytest.mark.parametrize("kind", ["update", "snapshot"])
@pytest.mark.parametrize(
    ("cut", "put"),
    [
        ("", ""),
        ('"event_time":"T",', ""),
        ('"timestamp":"2026-08-09T05:23:42Z",', ""),
        ('"sequence_num":5', '"client_id":"","sequence_num":5'),
        ('"side":"bid"', '"note":7,"side":"bid"'),
        ('"1.5"', '"1\\u002e5"'),
    ],
)
def test_a_book_with_all_its_fields_is_read_as_any_other(kind, cut, put):
    frame = COMPACT.replace("KIND", kind).replace(cut, put).encode()
    message = MESSAGE.decode(frame)
    parsed = VENUE.parse(frame)
    assert (parsed.sequence, parsed.events) == (5, message.read())
    assert len(parsed.events) == 1


@pytest.mark.parametrize(
    ("cut", "put", "reason"),
    [
        ('"side":"bid"', '"side":"offer","side":"bid"', "limits"),
        ('"event_time":"T"', '"side":"bid"', "limits"),
        ('"event_time":"T"', '"price_level":"9"', "limits"),
        ('"new_quantity":"0"', '"new_quantity":"1e3"', "number"),
        ('"new_quantity":"0"', '"new_quantity":0', "number"),
        ('"bid"', '"ask"', "malformed"),
        ('"BTC-USD"', '"*"', "subject"),
    ],
)
def test_a_book_with_all_its_fields_is_refused_as_any_other(cut, put, reason):
    with pytest.raises(Refused) as refused:
        VENUE.parse(COMPACT.replace("KIND", "update").replace(cut, put, 1).encode())
    assert refused.value.reason == reason
