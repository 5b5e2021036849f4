import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from ledgerflux.loadtest import frames
from ledgerflux.loadtest.frames import cut, inflated

texts = st.one_of(st.binary(max_size=300), st.sampled_from([b"x" * 125, b"x" * 126, b"y" * 65_536]))


def taken(data, *, compressed=False):
    """Return the frames in `data`, and what is left of it."""
    found, end = cut(data, 0, 100, compressed=compressed)
    return found, data[end:]


def frame(opcode, payload, **more):
    return Frame(opcode, payload, **more).serialize(mask=False, extensions=[])


@given(st.lists(texts, max_size=6), st.data())
def test_messages_come_out_however_the_bytes_arrive(payloads, data):
    sent = b"".join(frame(Opcode.TEXT, payload) for payload in payloads)
    places = data.draw(st.lists(st.integers(0, len(sent)), max_size=4).map(sorted))
    found, rest = [], b""
    for start, end in zip([0, *places], [*places, len(sent)], strict=True):
        cut_out, rest = taken(rest + sent[start:end])
        found += cut_out
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
    assert taken(text + other + text) == ([(b"{}", True), (other, False), (b"{}", True)], b"")


def test_a_masked_frame_is_handed_on_with_what_follows():
    masked = Frame(Opcode.TEXT, b"{}").serialize(mask=True, extensions=[])
    assert taken(masked + b"rest") == ([(masked + b"rest", False)], b"")


def test_a_frame_too_large_to_wait_for_is_handed_on():
    endless = b"\x81\x7f" + (2**62).to_bytes(8, "big")
    text = frame(Opcode.TEXT, b"{}")
    assert taken(text + endless) == ([(b"{}", True), (endless, False)], b"")


def test_the_beginning_of_a_frame_waits_for_the_rest():
    assert taken(b"\x81\x7e\x00") == ([], b"\x81\x7e\x00")


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


def test_no_more_frames_are_cut_than_asked_for():
    text = frame(Opcode.TEXT, b"{}")
    assert cut(text * 5, len(text), 2) == ([(b"{}", True)] * 2, 3 * len(text))
