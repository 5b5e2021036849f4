import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.errors import LogError
from ledgerflux.wire.session import (
    FrameGap,
    Marker,
    SessionClose,
    SessionOpen,
    decode_note,
    encode_note,
)

texts = st.text(max_size=20)
times = st.integers(-(2**63), 2**63 - 1)
notes = st.one_of(
    st.builds(
        SessionOpen,
        run=texts,
        connection=texts,
        url=texts,
        products=st.lists(texts, max_size=3),
        channels=st.lists(texts, max_size=3),
        receive_ns=times,
    ),
    st.builds(SessionClose, connection=texts, reason=texts, receive_ns=times),
    st.builds(
        FrameGap,
        cause=st.sampled_from(["overflow", "restart", "disconnect", "oversized"]),
        frames=st.none() | st.integers(0, 2**53),
        from_ns=times,
        to_ns=times,
        connection=texts,
    ),
    st.builds(Marker, writer=texts, after=st.integers(0, 2**63 - 1)),
)


@given(notes)
def test_what_was_noted_is_what_is_read(note):
    assert decode_note(encode_note(note)) == note


@pytest.mark.parametrize(
    ("note", "written"),
    [
        (
            SessionOpen("r1", "07-1", "ws://x", ["BTC-USD"], ["level2"], 5),
            {
                "event": "open",
                "run": "r1",
                "connection": "07-1",
                "url": "ws://x",
                "products": ["BTC-USD"],
                "channels": ["level2"],
                "receive_ns": 5,
            },
        ),
        (
            SessionClose("07-1", "silent", 5),
            {
                "event": "close",
                "connection": "07-1",
                "reason": "silent",
                "receive_ns": 5,
                "complete": False,
            },
        ),
        (
            FrameGap("overflow", None, 1, 2, "07-1"),
            {
                "event": "gap",
                "cause": "overflow",
                "frames": None,
                "from_ns": 1,
                "to_ns": 2,
                "connection": "07-1",
            },
        ),
        (Marker("w1", 9), {"event": "marker", "writer": "w1", "after": 9}),
    ],
)
def test_a_note_is_json_that_names_its_event(note, written):
    assert json.loads(encode_note(note)) == written


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"event":"moved"}',
        b'{"event":"marker","writer":"w"}',
        b'{"event":"marker","writer":1,"after":0}',
        b'{"event":"gap","cause":"rain","frames":1,"from_ns":1,"to_ns":1,"connection":""}',
        b'{"event":"close","connection":"\xff","reason":"","receive_ns":1}',
        b'{"event":"marker","x":' + b"[" * 200_000,
    ],
)
def test_bytes_that_are_no_note_are_refused(body):
    with pytest.raises(LogError, match="session record can't be read"):
        decode_note(body)


@given(notes, st.data())
def test_a_note_cut_anywhere_is_refused(note, data):
    body = encode_note(note)
    with pytest.raises(LogError):
        decode_note(body[: data.draw(st.integers(0, len(body) - 1))])
