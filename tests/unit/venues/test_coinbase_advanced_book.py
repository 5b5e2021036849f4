"""The short way to read a frame of books says what the long way says, or leaves it to that."""

import json

import pytest
from data.hostile_frames import BAD_DECIMALS, BAD_PRODUCTS
from data.venue_frames import ADVANCED
from hypothesis import given
from hypothesis import strategies as st
from recordings import received

from ledgerflux.model.events import BookSnapshot, BookUpdate, Parsed
from ledgerflux.venues.coinbase_advanced_book import BOOK_START, read_book
from ledgerflux.venues.coinbase_advanced_messages import MESSAGE
from ledgerflux.venues.frames import settle

AT_NS = 1786253022223540862
UPDATE, SNAPSHOT = ADVANCED["l2_data update"], ADVANCED["l2_data snapshot"]


def written(value) -> bytes:
    """As the venue writes: no spaces, in this order."""
    return json.dumps(value, separators=(",", ":")).encode()


def frame_of(*events, timestamp="2026-08-09T05:23:42.223540862Z", number=5, **more):
    envelope = {"channel": "l2_data", "timestamp": timestamp, "sequence_num": number}
    return written(envelope | {"events": list(events)} | more)


def level(side="bid", price="1.5", size="2", time="2026-08-09T05:23:42.1Z", **more):
    fields = {"side": side, "event_time": time, "price_level": price, "new_quantity": size}
    return fields | more


def event(*levels, kind="update", product="BTC-USD", **more):
    return {"type": kind, "product_id": product, "updates": list(levels)} | more


ONE = frame_of(event(level()))


def long_way(frame):
    message = MESSAGE.decode(frame)
    settle(frame, message.quotes())
    return Parsed(message.sequence_num, message.read())


def test_updates_and_snapshots_of_several_products_are_read():
    changes = [("buy", "1.5", "2"), ("sell", "2", "0"), ("buy", "1", "0.5")]
    levels = [level(), level("offer", "2", "0"), level("bid", "1", "0.5")]
    frame = frame_of(event(*levels), event(*levels, kind="snapshot", product="ETH-USD"))
    assert read_book(frame) == Parsed(
        5,
        [
            BookUpdate("BTC-USD", changes, AT_NS),
            BookSnapshot("ETH-USD", [("1.5", "2"), ("1", "0.5")], [("2", "0")], AT_NS),
        ],
    )


@pytest.mark.parametrize("frame", [UPDATE, SNAPSHOT, frame_of(event(level()), number=10**18)])
def test_what_the_venue_writes_is_read_the_short_way_and_the_same(frame):
    assert frame.startswith(BOOK_START)
    assert read_book(frame) == long_way(frame)


@pytest.mark.parametrize("recording", ["live", "reconnect", "trades"])
def test_all_books_of_the_recordings_are_read_the_short_way_and_the_same(recording):
    name = f"coinbase-advanced-20260809-btcusd-{recording}"
    frames = [line["raw"].encode() for line in received(name)]
    frames = [frame for frame in frames if frame.startswith(BOOK_START)]
    assert len(frames) > 1000
    for frame in frames:
        assert read_book(frame) == long_way(frame)


@pytest.mark.parametrize(
    "frame",
    [
        frame_of(event(level(more="x"))),
        frame_of(event(level(), more=1)),
        frame_of(event(level()), client_id=5),
        frame_of(event(level()), event()),
        frame_of(event(level()), number=1.0),
        json.dumps(json.loads(UPDATE)).encode(),
        UPDATE[:-1] + b" }",
        UPDATE.replace(b'"sequence_num"', b'"channel":"l2_data","sequence_num"'),
        UPDATE.replace(b'"side":"bid"', b'"side":"offer","side":"bid"', 1),
        UPDATE.replace(b"BTC-USD", b"BTC\\u002dUSD"),
        UPDATE.replace(b"BTC-USD", "BTC-USDÄ".encode()),
        UPDATE.replace(b'"event_time"', b'"other_time"'),
        UPDATE[:-9],
        *(ONE.replace(b'"1.5"', value.encode()) for value in BAD_DECIMALS),
        *(ONE.replace(b'"2"', value.encode()) for value in BAD_DECIMALS),
        *(ONE.replace(b'"BTC-USD"', value.encode()) for value in BAD_PRODUCTS),
        *(frame_of(event(level(size=text))) for text in ("1,2", "1 ", "1e3", "1E3", "1" * 25, "")),
    ],
)
def test_everything_else_is_left_to_the_long_way(frame):
    assert read_book(frame) is None


texts = st.one_of(
    st.from_regex(r"-?[0-9]{1,25}(\.[0-9]{1,25})?", fullmatch=True), st.text(max_size=4)
)
levels = st.builds(level, st.sampled_from(["bid", "offer", "other"]), texts, texts, texts)
events = st.builds(
    lambda items, kind, product: event(*items, kind=kind, product=product),
    st.lists(levels, max_size=3),
    st.sampled_from(["update", "snapshot", "other"]),
    st.sampled_from(["BTC-USD", "ETH-USD", "btc", ""]),
)


@given(st.lists(events, max_size=2), texts, st.integers(-1, 2**63), st.booleans())
def test_the_short_way_never_says_what_the_long_way_does_not(items, timestamp, number, ascii_only):
    value = {"channel": "l2_data", "timestamp": timestamp, "sequence_num": number, "events": items}
    frame = json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only).encode(
        errors="replace"
    )
    found = read_book(frame)
    if found is not None:
        assert found == long_way(frame)


@given(st.sampled_from([UPDATE, frame_of(event(level(), level("offer")))]), st.data())
def test_no_byte_can_be_changed_unnoticed(frame, data):
    place = data.draw(st.integers(0, len(frame) - 1))
    change = data.draw(st.binary(max_size=3))
    damaged = frame[:place] + change + frame[place + data.draw(st.integers(0, 2)) :]
    try:
        expected = long_way(damaged)
    except Exception:  # noqa: BLE001 - refused, in one of many ways
        expected = None
    found = read_book(damaged) if damaged.startswith(BOOK_START) else None
    assert found is None or found == expected
