import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from ledgerflux.loadtest.frames import cut

texts = st.one_of(st.binary(max_size=300), st.sampled_from([b"x" * 125, b"x" * 126, b"y" * 65_536]))


def frame(opcode, payload, **more):
    return Frame(opcode, payload, **more).serialize(mask=False, extensions=[])


@given(st.lists(texts, max_size=6), st.data())
def test_messages_come_out_however_the_bytes_arrive(payloads, data):
    sent = b"".join(frame(Opcode.TEXT, payload) for payload in payloads)
    places = data.draw(st.lists(st.integers(0, len(sent)), max_size=4).map(sorted))
    found, rest = [], b""
    for start, end in zip([0, *places], [*places, len(sent)], strict=True):
        frames, rest = cut(rest + sent[start:end])
        found += frames
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
    assert cut(text + other + text) == ([(b"{}", True), (other, False), (b"{}", True)], b"")


def test_a_masked_frame_is_handed_on_with_what_follows():
    masked = Frame(Opcode.TEXT, b"{}").serialize(mask=True, extensions=[])
    assert cut(masked + b"rest") == ([(masked + b"rest", False)], b"")


def test_a_frame_too_large_to_wait_for_is_handed_on():
    endless = b"\x81\x7f" + (2**62).to_bytes(8, "big")
    text = frame(Opcode.TEXT, b"{}")
    assert cut(text + endless) == ([(b"{}", True), (endless, False)], b"")


def test_the_beginning_of_a_frame_waits_for_the_rest():
    assert cut(b"\x81\x7e\x00") == ([], b"\x81\x7e\x00")
