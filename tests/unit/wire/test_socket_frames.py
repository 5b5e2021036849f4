import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from ledgerflux.wire import socket_frames as frames
from ledgerflux.wire.socket_frames import cut, inflated

MANY = 100
texts = st.one_of(st.binary(max_size=300), st.sampled_from([b"x" * 125, b"x" * 126, b"y" * 65_536]))


def frame(opcode, payload, **more):
    return Frame(opcode, payload, **more).serialize(mask=False, extensions=[])


@given(st.lists(texts, max_size=6), st.integers(1, 7), st.data())
def test_messages_come_out_however_the_bytes_arrive(payloads, frames_max, data):
    sent = b"".join(frame(Opcode.TEXT, payload) for payload in payloads)
    places = data.draw(st.lists(st.integers(0, len(sent)), max_size=4).map(sorted))
    found, rest = [], b""
    for start, end in zip([0, *places], [*places, len(sent)], strict=True):
        arrived, begin, cut_out = rest + sent[start:end], 0, [None]
        while cut_out:
            cut_out, begin = cut(arrived, begin, frames_max)
            assert len(cut_out) <= frames_max
            found += cut_out
        rest = arrived[begin:]
    assert found == [(payload, True) for payload in payloads]
    assert rest == b""


@pytest.mark.parametrize(
    "other",
    [
        frame(Opcode.PING, b"hello"),
        frame(Opcode.CLOSE, b"\x03\xe8"),
        frame(Opcode.TEXT, b"half", fin=False),
        b"\xc1\x06packed",
        frame(Opcode.BINARY, b"b" * 200),
    ],
)
def test_every_other_frame_is_left_whole(other):
    text = frame(Opcode.TEXT, b"{}")
    sent = text + other + text
    assert cut(sent, 0, MANY) == ([(b"{}", True), (other, False), (b"{}", True)], len(sent))


def test_a_masked_frame_is_handed_on_with_what_follows():
    masked = Frame(Opcode.TEXT, b"{}").serialize(mask=True, extensions=[])
    text = frame(Opcode.TEXT, b"{}")
    sent = text + masked + b"rest"
    assert cut(sent, len(text), MANY) == ([(masked + b"rest", False)], len(sent))
    assert cut(sent, 0, MANY) == ([(b"{}", True), (masked + b"rest", False)], len(sent))


def test_a_frame_too_large_to_wait_for_is_handed_on():
    endless = b"\x81\x7f" + (2**62).to_bytes(8, "big")
    text = frame(Opcode.TEXT, b"{}")
    sent = text + endless + b"rest"
    assert cut(sent, 0, MANY) == ([(b"{}", True), (endless + b"rest", False)], len(sent))


@pytest.mark.parametrize("beginning", [b"", b"\x81", b"\x81\x7e\x00", b"\x81\x03ab"])
def test_the_beginning_of_a_frame_waits_for_the_rest(beginning):
    text = frame(Opcode.TEXT, b"{}")
    assert cut(text + beginning, len(text), MANY) == ([], len(text))


def test_no_more_frames_than_asked_for_are_cut():
    text = frame(Opcode.TEXT, b"{}")
    assert cut(text * 3, 0, 2) == ([(b"{}", True)] * 2, 2 * len(text))
    assert cut(text * 3, 2 * len(text), 2) == ([(b"{}", True)], 3 * len(text))


def taken(data, *, compressed=False):
    """Return the frames in `data`, and what is left of it."""
    found, end = cut(data, 0, 100, compressed=compressed)
    return found, data[end:]


@given(st.lists(texts, max_size=4))
def test_compressed_messages_come_out_as_they_were(payloads):
    sent = b"".join(packed(payload) for payload in payloads)
    assert taken(sent, compressed=True) == ([(payload, True) for payload in payloads], b"")
    assert not any(is_text for _, is_text in taken(sent)[0])


def packed(payload):
    extension = PerMessageDeflate(True, True, 15, 12)
    return Frame(Opcode.TEXT, payload).serialize(mask=False, extensions=[extension])


def test_what_cannot_be_unpacked_is_left_to_the_library():
    broken = b"\xc1\x04\xff\xff\xff\xff"
    assert inflated(broken[2:]) is None
    assert taken(broken, compressed=True) == ([(broken, False)], b"")


def test_a_message_too_long_once_it_is_unpacked_is_left_to_the_library(monkeypatch):
    monkeypatch.setattr(frames, "BYTES_MAX", 1000)
    long, short = packed(b"x" * 1001), packed(b"x" * 1000)
    assert taken(long + short, compressed=True) == ([(long, False), (b"x" * 1000, True)], b"")
