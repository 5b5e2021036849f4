import json
import time

import msgspec
import pytest
from data.hostile_frames import beat
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.venues import frames
from ledgerflux.venues.base import Refused
from ledgerflux.venues.frames import (
    UNREADABLE,
    Flat,
    examine,
    quotes_of,
    refusal,
    settle,
    too_long,
)


class Note(Flat, tag_field="type", tag="note"):
    price: str
    trade_id: int | None = None
    product_id: str | None = None


NOTE = msgspec.json.Decoder(Note)


def reason_of(frame, check=examine):
    try:
        check(frame)
    except Refused as refused:
        return refused.reason
    return None


def typed_reason_of(frame):
    with pytest.raises(UNREADABLE) as caught:
        NOTE.decode(frame)
    return refusal(frame, caught.value).reason


def test_a_frame_that_is_too_long_is_refused_with_its_length():
    refused = too_long(bytes(12))
    assert (refused.reason, refused.detail) == ("limits", "12 bytes")


@pytest.mark.parametrize(
    ("frame", "quotes"),
    [
        (b'{"type":"note","price":"1"}', 8),
        (b'{"type":"note","price":"1","trade_id":5}', 10),
        (b'{ "price" : "1" ,\n "product_id" : "A-B" , "type":"note"}', 12),
    ],
)
def test_a_flat_message_accounts_for_each_quote_of_its_fields(frame, quotes):
    assert NOTE.decode(frame).quotes() == quotes == frame.count(b'"')


def test_null_accounts_for_nothing():
    assert quotes_of((None, "text", 5)) == 6


def test_a_frame_that_its_fields_account_for_is_not_read_again(monkeypatch):
    frame = b'{"type":"note","price":"1"}'
    monkeypatch.setattr(frames, "examine", lambda frame: pytest.fail("read again"))
    settle(frame, 8)


@pytest.mark.parametrize(
    "frame",
    [
        b'{"type":"note","price":"1","price":"2"}',
        b'{"type":"note","type":"note","price":"1"}',
        b'{"type":"note","price":"1","x":{"a":1,"a":1}}',
        rb'{"type":"note","price":"\u0000"}',
    ],
)
def test_a_frame_that_holds_more_than_its_fields_is_read_strictly(frame):
    with pytest.raises(Refused):
        settle(frame, NOTE.decode(frame).quotes())


def test_an_unknown_field_is_no_reason_to_refuse():
    frame = b'{"type":"note","price":"1","x":[{"a":1},{"a":1}]}'
    settle(frame, NOTE.decode(frame).quotes())
    settle(frame, -1)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["1", '"x"', "null"]))))
def test_the_strict_reader_refuses_exactly_the_objects_with_a_key_twice(pairs):
    frame = ("{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}").encode()
    twice = len({key for key, _ in pairs}) < len(pairs)
    assert reason_of(frame) == ("limits" if twice else None)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"5", None),
        (b"[]", None),
        (b'{"a":"b"}', None),
        (b'{"a":' + b"1" * 64 + b"}", None),
        (b'{"a":' + b"1" * 65 + b"}", "limits"),
        (b'{"a":' + b"1." + b"1" * 63 + b"}", "limits"),
        (b'{"' + b"k" * 256 + b'":1}', None),
        (b'{"' + b"k" * 257 + b'":1}', "limits"),
        (b"[" * 64 + b"]" * 64, None),
        (b"[" * 64 + b"1" + b"]" * 64, None),
        (b"[" * 65 + b"]" * 65, "limits"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "limits"),
        (b"[" + b"[]," * 100 + b"[]]", None),
        (b"[" + b"1," * 400_000 + b"1]", None),
        (b"[" + b"1," * 400_001 + b"1]", "limits"),
        (b"[" * 100_000, "limits"),
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"NaN", "number"),
        (b"\xff", "encoding"),
        (b'"a\0"', "encoding"),
        (rb'"\u0000"', "encoding"),
        (rb'"\\u0000"', None),
        (rb'"\\\\\u0000"', "encoding"),
        (rb'"\\\\" "\\u0000', "malformed"),
    ],
)
def test_the_strict_reader_refuses_for_these_reasons(frame, reason):
    assert reason_of(frame) == reason


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b'{"type":"note","price":1.5}', "number"),
        (b'{"type":"note","price":null}', "number"),
        (b'{"type":"note","price":"1","trade_id":"5"}', "number"),
        (b'{"type":"note","price":"1","trade_id":1' + b"0" * 5_000 + b"}", "limits"),
        (b'{"type":"note","price":"1","product_id":5}', "subject"),
        (b'{"type":"note"}', "malformed"),
        (b'{"type":".price`","price":"1"}', "malformed"),
        (b"[]", "malformed"),
        (b"{", "malformed"),
        (b"\xff", "encoding"),
        (b'{"type":"note","price":"\xff"}', "encoding"),
        (rb'{"type":"note","price":"\ud83d"}', "encoding"),
        (b'{"type":"note","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "limits"),
        (b'{"type":"note","price":5,"price":"5","price":6}', "limits"),
    ],
)
def test_what_a_typed_decoder_says_becomes_a_reason(frame, reason):
    assert typed_reason_of(frame) == reason


def test_the_detail_of_a_refusal_is_short():
    frame = b'{"type":"' + b"x" * 100_000 + b'"}'
    with pytest.raises(UNREADABLE) as caught:
        NOTE.decode(frame)
    assert len(refusal(frame, caught.value).detail) <= 200


@pytest.mark.parametrize("frame", [beat(b',"a":"' + b"\\\\" * 2_000_000 + rb'\u0000"')])
def test_a_frame_of_backslashes_is_refused_in_linear_time(frame):
    start = time.perf_counter()
    assert reason_of(frame) == "encoding"
    assert time.perf_counter() - start < 2


@given(st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=4)
                    | st.dictionaries(st.text(max_size=5), inner, max_size=4)))  # fmt: skip
def test_the_strict_reader_takes_every_honest_value(value):
    frame = json.dumps(value).encode()
    hostile = "\\u0000" in frame.decode() or any("\ud800" <= c <= "\udfff" for c in str(value))
    assert hostile or reason_of(frame) is None
