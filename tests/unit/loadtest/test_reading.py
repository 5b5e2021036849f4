import json
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from ledgerflux.adapters.ws_deflate import SharedDeflate
from ledgerflux.errors import GatewayError
from ledgerflux.loadtest import reading
from ledgerflux.loadtest.reading import (
    HEAD_BYTES,
    KEPT_BYTES_MAX,
    KEPT_MAX,
    PIECE_FRAMES_MAX,
    PIECES_MAX,
    Reader,
)
from ledgerflux.model.units import rfc3339
from ledgerflux.wire.gateway_packing import pack

SECOND = 1_000_000_000


@pytest.fixture
def reader():
    return Reader(planned=True)


def frame(payload, opcode=Opcode.TEXT):
    return Frame(opcode, payload).serialize(mask=False, extensions=[])


def update(seq, *times, padding=""):
    events = [{"ts_exchange": rfc3339(time), "ts_receive": rfc3339(time + 5_000)} for time in times]
    message = {"type": "update", "channel": "level2", "product_id": "BTC-USD", "seq": seq}
    return json.dumps({**message, "data": events, "message": padding}).encode()


def number(seq, size):
    return b'{"type":"pong","message":"%b","seq":%d}' % (b"x" * size, seq)


def alike(payloads):
    """Return what is known of a stream's messages: the seqs in order, and the codes of others."""
    seqs, codes = [], []
    reader = Reader(planned=True)
    for payload in payloads:
        try:
            seqs.append(reader.read(payload).seq)
        except GatewayError as error:
            codes.append(error.code)
    return seqs, codes


messages = st.one_of(
    st.builds(number, st.integers(0, 3), st.sampled_from([0, 50, HEAD_BYTES, 70_000])),
    st.builds(update, st.integers(0, 3), st.integers(0, 9).map(lambda ms: ms * SECOND)),
    st.just(b"not json"),
)
frames = st.one_of(
    messages.map(lambda payload: (Opcode.TEXT, payload)),
    st.sampled_from([(Opcode.PING, b"a"), (Opcode.BINARY, b"b" * 200)]),
)
places = st.lists(st.floats(0, 1), max_size=6)


def cut_at(sent, shares):
    ends = sorted(int(share * len(sent)) for share in shares)
    return [sent[start:end] for start, end in zip([0, *ends], [*ends, len(sent)], strict=True)]


@given(st.lists(frames, max_size=40), st.lists(st.tuples(st.integers(0, 40), places), min_size=1))
def test_a_stream_says_the_same_however_it_and_those_of_others_are_cut(stream, clients):
    reader = Reader(planned=True)
    for first, shares in clients:
        followed = stream[first:]
        heard, codes, control, rest = [], [], [], b""
        for chunk in cut_at(b"".join(frame(data, opcode) for opcode, data in followed), shares):
            pieces, rest = reader.pieces(rest + chunk)
            heard += [told for piece in pieces for told in piece.told]
            codes += [code for piece in pieces for code in piece.unreadable]
            control += [data for piece in pieces for data in piece.control]
        assert rest == b""
        texts = [data for opcode, data in followed if opcode is Opcode.TEXT]
        assert ([told.seq for told in heard], codes) == alike(texts)
        others = [frame(data, opcode) for opcode, data in followed if opcode is not Opcode.TEXT]
        assert control == others


def test_a_piece_is_read_once_for_all_who_get_it(reader):
    sent = b"".join(frame(number(seq, 0)) for seq in range(2 * PIECE_FRAMES_MAX + 1))
    first, rest = reader.pieces(sent)
    assert [len(piece.told) for piece in first] == [PIECE_FRAMES_MAX, PIECE_FRAMES_MAX, 1]
    assert rest == b""
    with patch.object(reading, "cut", side_effect=AssertionError("it is known")):
        again, _ = reader.pieces(sent)
    assert all(piece is known for piece, known in zip(again, first, strict=True))


def test_pieces_that_begin_alike_are_not_mixed_up(reader):
    alike = b'{"type":"pong","message":"%b","seq":' % (b"x" * HEAD_BYTES)
    for seq in (1, 2, 1):
        [piece], _ = reader.pieces(frame(alike + b"%d}" % seq))
        assert [told.seq for told in piece.told] == [seq]


def test_the_beginning_of_a_message_is_left_for_the_next_bytes(reader):
    sent = frame(number(1, 0)) + frame(number(2, 0))
    [piece], rest = reader.pieces(sent[:-1])
    assert [told.seq for told in piece.told] == [1]
    assert rest == sent[len(piece.data) : -1]
    assert reader.pieces(rest) == ([], rest)
    assert reader.pieces(b"") == ([], b"")


def test_a_piece_knows_the_times_of_all_its_events(reader):
    sent = frame(update(1, 3 * SECOND, 2 * SECOND)) + frame(update(2, 4 * SECOND + 1_999))
    [piece], _ = reader.pieces(sent)
    assert piece.plain
    assert piece.times_us == [3_000_000, 2_000_000, 4_000_001]
    assert (piece.oldest_us, piece.newest_us) == (2_000_000, 4_000_001)
    assert {told.key for told in piece.told} == {("level2", "BTC-USD")}


@pytest.mark.parametrize("other", [number(1, 0), b"not json", update(2)])
def test_a_piece_with_anything_but_times_is_not_plain(reader, other):
    [piece], _ = reader.pieces(frame(update(1, SECOND)) + frame(other))
    assert not piece.plain
    assert piece.times_us == [1_000_000]


def test_control_frames_are_handed_on_and_hide_nothing(reader):
    ping = frame(b"hello", Opcode.PING)
    [piece], _ = reader.pieces(ping + frame(update(1, SECOND)) + ping)
    assert piece.control == [ping, ping]
    assert piece.plain
    [alone], _ = reader.pieces(ping)
    assert (alone.told, alone.times_us, alone.oldest_us, alone.newest_us) == ([], [], 0, 0)


@pytest.mark.parametrize(("planned", "time_ns"), [(True, SECOND), (False, SECOND + 5_000)])
def test_times_are_by_the_clock_asked_for(planned, time_ns):
    assert Reader(planned=planned).read(update(1, SECOND)).times_ns == (time_ns,)


def test_an_event_without_a_time_is_counted(reader):
    told = reader.read(b'{"type":"trade","data":[{"ts_exchange":null},{}]}')
    assert told.times_ns == ()
    assert reader.untimed_total == 2


@pytest.mark.parametrize("payload", [b"not json", b'{"type":1}', b'{"type":"update","data":7}'])
def test_what_is_no_message_is_told_by_its_code(reader, payload):
    with pytest.raises(GatewayError) as caught:
        reader.read(payload)
    assert caught.value.code == "protocol_error"


def test_messages_are_remembered_up_to_a_bound(reader):
    first = reader.read(number(0, 0))
    assert reader.read(number(0, 0)) is first
    for seq in range(1, KEPT_MAX + 1):
        reader.read(number(seq, 0))
    assert reader.read(number(0, 0)) is not first
    long = number(0, KEPT_BYTES_MAX)
    assert reader.read(long) is not reader.read(long)


def test_pieces_are_remembered_up_to_a_bound(reader):
    def piece_of(payload):
        [piece], _ = reader.pieces(frame(payload))
        return piece

    first = piece_of(number(0, 0))
    assert piece_of(number(0, 0)) is first
    for seq in range(1, PIECES_MAX + 1):
        piece_of(number(seq, 0))
    assert len(reader._pieces) <= PIECES_MAX
    assert piece_of(number(0, 0)) is not first
    long = number(0, KEPT_BYTES_MAX)
    assert piece_of(long) is not piece_of(long)


def level2(seq):
    event = {"ts_exchange": "2026-01-02T03:04:05.000000000Z"}
    head = {"channel": "level2", "type": "update", "product_id": "BTC-USD", "epoch": "e"}
    return json.dumps({**head, "prev_seq": seq - 1, "seq": seq, "data": [event]}).replace(" ", "")


BATCH = [level2(seq).encode() for seq in range(1, 40)]


def test_an_array_is_read_as_its_messages_and_only_once_for_all_clients():
    sent = SharedDeflate(pack).frames(BATCH)
    reader = Reader(planned=True, compressed=True)
    (piece,), rest = reader.pieces(sent)
    assert [told.seq for told in piece.told] == list(range(1, 40))
    assert len(piece.times_us) == 39
    assert (piece.control, piece.unreadable, rest) == ([], [], b"")
    assert reader.pieces(sent)[0][0] is piece


def test_compressed_messages_are_whole_however_they_arrive():
    sent = b"".join(SharedDeflate(pack).frames(BATCH[at : at + 3]) for at in range(0, 39, 3))
    reader = Reader(planned=True, compressed=True)
    for size in (1, 7, 100, 1000):
        rest, found = b"", []
        for start in range(0, len(sent), size):
            pieces, rest = reader.pieces(rest + sent[start : start + size])
            found += [told.seq for piece in pieces for told in piece.told]
        assert found == list(range(1, 40))


def test_an_array_that_cannot_be_read_is_counted_and_nothing_after_it_is_lost():
    extension = PerMessageDeflate(True, True, 15, 12)
    broken = Frame(Opcode.TEXT, b"[" + BATCH[0] + b",{").serialize(
        mask=False, extensions=[extension]
    )
    reader = Reader(planned=True, compressed=True)
    pieces, _ = reader.pieces(broken + SharedDeflate(pack).frames(BATCH[1:3]))
    assert [code for piece in pieces for code in piece.unreadable] == ["protocol_error"]
    assert [told.seq for piece in pieces for told in piece.told] == [2, 3]
