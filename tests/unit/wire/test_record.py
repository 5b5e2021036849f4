import contextlib
import struct
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledgerflux.errors import LogError
from ledgerflux.wire import record
from ledgerflux.wire.record import (
    COMPRESS_FROM_BYTES,
    EXPANDED_BYTES_MAX,
    PREFIX_BYTES,
    Kind,
    Record,
    chained_crc,
    decode,
    draft,
    encode,
    expand,
    pack_frames,
    unpack_frames,
)

U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)
kinds = st.sampled_from(Kind)
frame_lists = st.lists(st.tuples(I64, st.binary(max_size=60)), max_size=12)


def written(body=b"body", number=7, previous_crc=0):
    item = draft(Kind.EVENTS, 2, body, a=3, b=5)
    return encode(item, number=number, term=4, publish_ns=9, previous_crc=previous_crc)


# -- prefix and body --------------------------------------------------------------------


@given(kinds, U32, U64, U64, I64, U64, U64, U32, st.binary(max_size=200), U64)
def test_what_was_written_is_what_is_read(
    kind, items, number, term, publish_ns, a, b, previous_crc, body, sequence
):
    payload, crc = encode(
        draft(kind, items, body, a=a, b=b),
        number=number, term=term, publish_ns=publish_ns, previous_crc=previous_crc,
    )  # fmt: skip
    read = decode(payload, sequence)
    assert read == Record(kind, items, number, term, publish_ns, a, b, crc, body, sequence)
    assert chained_crc(payload, previous_crc) == crc


def test_the_bytes_are_those_that_the_format_draws():
    payload, crc = written(b'{"x":1}', previous_crc=0xABCD)
    head = bytes([1, 4]) + struct.pack(">HIQQqQQ", 0, 2, 7, 4, 9, 3, 5)
    assert crc == zlib.crc32(head + b'{"x":1}', 0xABCD)
    assert payload == head + struct.pack(">I", crc) + b'{"x":1}'
    assert PREFIX_BYTES == len(head) + 4 == 52


def test_a_record_that_nobody_placed_has_no_sequence():
    assert decode(written()[0]).sequence == 0


@pytest.mark.parametrize("size", [COMPRESS_FROM_BYTES - 1, COMPRESS_FROM_BYTES, 300_000])
def test_large_bodies_are_compressed_and_come_back_whole(size):
    body = bytes(index * 7 % 251 for index in range(size))
    item = draft(Kind.FRAMES, 1, body)
    assert item.compressed is (size >= COMPRESS_FROM_BYTES)
    payload, crc = encode(item, number=1, term=1, publish_ns=1, previous_crc=0)
    assert (len(payload) < size) is item.compressed
    assert decode(payload).body == body
    assert chained_crc(payload, 0) == crc


# -- what is no record ------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"body", bytes(COMPRESS_FROM_BYTES)])
def test_the_chain_detects_every_flipped_bit(body):
    payload, crc = written(body, previous_crc=123)
    assert chained_crc(payload, 123) == crc
    for index in range(len(payload)):
        for bit in range(8):
            bad = bytearray(payload)
            bad[index] ^= 1 << bit
            assert not continues(bytes(bad), 123)


def continues(payload, previous_crc):
    """Say whether a reader would take `payload`: it can be read, and the chain holds."""
    try:
        return chained_crc(payload, previous_crc) == decode(payload).crc
    except LogError:
        return False


@given(st.lists(st.binary(max_size=20), min_size=2, max_size=6, unique=True), st.data())
def test_the_chain_detects_records_left_out_or_swapped(bodies, data):
    payloads, crc = [], 0
    for number, body in enumerate(bodies, 1):
        payload, crc = written(body, number=number, previous_crc=crc)
        payloads.append(payload)
    order = data.draw(st.permutations(payloads)) if len(bodies) > 2 else payloads[::-1]
    order = order[: data.draw(st.integers(1, len(order)))]
    if order == payloads[: len(order)]:
        return
    crc, held = 0, True
    for payload in order:
        held &= continues(payload, crc)
        crc = decode(payload).crc
    assert not held


@given(st.integers(0, 51))
def test_a_prefix_cut_short_is_refused(size):
    with pytest.raises(LogError, match="not a record of version 1"):
        decode(written()[0][:size])


@given(st.integers(0, 255).filter(lambda version: version != 1))
def test_another_version_is_refused(version):
    with pytest.raises(LogError, match="not a record of version 1"):
        decode(bytes([version]) + written()[0][1:])


@given(st.integers(0, 255).filter(lambda kind: kind not in list(Kind)))
def test_an_unknown_kind_is_refused(kind):
    payload = written()[0]
    with pytest.raises(LogError, match=f"record 7 has an unknown kind {kind}"):
        decode(payload[:1] + bytes([kind]) + payload[2:])


@given(st.binary(max_size=200))
@example(b"\x01" + bytes(60))
def test_no_bytes_do_anything_but_be_read_or_be_refused(payload):
    for start in (b"", b"\x01", written()[0][:52], b"\x01\x04\x00\x01"):
        with contextlib.suppress(LogError):
            assert isinstance(decode(start + payload), Record)


# -- compressed bodies ------------------------------------------------------------------


@given(st.integers(1, 400))
def test_a_compressed_body_cut_short_is_refused(cut):
    payload, _ = written(bytes(COMPRESS_FROM_BYTES) + bytes(range(256)))
    with pytest.raises(LogError):
        decode(payload[:-cut] if cut < len(payload) - PREFIX_BYTES else payload[:PREFIX_BYTES])


def test_a_body_that_never_was_compressed_is_refused():
    payload = written(b"plain")[0]
    flagged = payload[:2] + b"\x00\x01" + payload[4:]
    with pytest.raises(LogError, match="does not expand"):
        decode(flagged)


def test_bytes_behind_a_compressed_body_are_refused():
    with pytest.raises(LogError, match="more follows"):
        expand(zlib.compress(b"x") + b"y")


def test_a_body_may_expand_to_the_limit_and_not_a_byte_further():
    assert expand(zlib.compress(b"x" * 100), 100) == b"x" * 100
    with pytest.raises(LogError, match="more than 100 bytes"):
        expand(zlib.compress(b"x" * 101), 100)


def test_of_too_much_not_a_byte_more_is_made_than_tells_so(monkeypatch):
    made, begin = [], zlib.decompressobj

    class Watched:
        def __init__(self):
            self.inner = begin()

        def decompress(self, *arguments):
            made.append(self.inner.decompress(*arguments))
            return made[-1]

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    with pytest.raises(LogError, match="more than 100 bytes"):
        expand(zlib.compress(bytes(100_000)), 100)
    assert [len(piece) for piece in made] == [101]


def test_a_zip_bomb_is_refused_before_it_goes_off():
    squeezer = zlib.compressobj(9)
    chunk = bytes(1024 * 1024)
    bomb = b"".join(squeezer.compress(chunk) for _ in range(96)) + squeezer.flush()
    assert len(bomb) < 120_000
    payload, _ = written(b"")
    with pytest.raises(LogError, match=f"more than {EXPANDED_BYTES_MAX} bytes"):
        decode(payload[:2] + b"\x00\x01" + payload[4:] + bomb)


# -- frames -----------------------------------------------------------------------------


@given(frame_lists)
def test_frames_come_back_as_they_were(frames):
    assert unpack_frames(pack_frames(frames)) == frames


@given(frame_lists.filter(bool), st.data())
def test_a_frames_body_cut_inside_a_frame_is_refused(frames, data):
    body = pack_frames(frames)
    cut = data.draw(st.integers(0, len(body) - 1))
    ends = [len(pack_frames(frames[:count])) for count in range(len(frames) + 1)]
    if cut in ends:
        assert unpack_frames(body[:cut]) == frames[: ends.index(cut)]
        return
    with pytest.raises(LogError, match="cut short"):
        unpack_frames(body[:cut])


@pytest.mark.parametrize("body", [bytes(11), struct.pack(">Iq", 5, 1) + b"four"])
def test_a_frame_without_its_end_is_refused(body):
    with pytest.raises(LogError, match="cut short"):
        unpack_frames(body)


def test_one_large_frame_still_fits_a_message_of_the_bus():
    frame = bytes(range(256)) * 20_000
    item = draft(Kind.FRAMES, 1, pack_frames([(1, frame)]))
    assert len(item.body) < 8 * 1024 * 1024
    assert record.RECORD_BYTES_MAX < len(frame) < EXPANDED_BYTES_MAX
