import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.errors import LogError
from ledgerflux.model.checkpoint import PartitionCheckpoint, ProductCheckpoint
from ledgerflux.wire import checkpoint
from ledgerflux.wire.checkpoint import PartHead, decode, encode, head, split

PRODUCT = ProductCheckpoint(
    product="BTC-USD",
    epoch="r1",
    state="live",
    seqs={"level2": 4, "trades": 2, "ticker": 0, "status": 3},
    last_trade_id=12,
    last_price="1.50",
    last_size="2",
    top=(("1.4", "1"), None),
    bids=[("1.4", "1"), ("1.30", "7")],
    asks=[],
    book_exchange_ns=None,
    book_receive_ns=99,
)
SAVED = PartitionCheckpoint(
    partition=7,
    venue="coinbase-advanced",
    run="r1",
    connection="07-1",
    channels=["level2", "trades"],
    expected=41,
    raw_number=10,
    raw_crc=2**32 - 1,
    raw_sequence=200,
    norm_number=11,
    norm_crc=5,
    norm_sequence=300,
    counts={"raw_frames": 40},
    products=[PRODUCT],
)


def test_what_was_saved_is_what_is_read():
    assert decode(encode(SAVED)) == SAVED


def test_a_fresh_machine_can_be_saved_too():
    empty = msgspec.structs.replace(SAVED, expected=None, products=[], counts={})
    assert decode(encode(empty)) == empty


@given(st.binary(min_size=1, max_size=50), st.integers(1, 20), st.text(max_size=10))
def test_parts_fit_their_size_and_give_back_the_whole(body, size, identity):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "PART_BYTES_MAX", size)
        messages = split(body, identity)
    heads = [head(message) for message in messages]
    assert [found for found, _ in heads] == [
        PartHead(identity, part, len(messages)) for part in range(len(messages))
    ]
    assert all(len(piece) <= size for _, piece in heads)
    assert b"".join(piece for _, piece in heads) == body


def test_a_usual_checkpoint_is_one_part():
    assert len(split(encode(SAVED), "10-11-5")) == 1


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\npiece",
        b'{"id":"x","part":0}\npiece',
        b'{"id":1,"part":0,"parts":1}\npiece',
        b'{"id":"\xff","part":0,"parts":1}\npiece',
        b'{"id":"x","part":0,"parts":1,"more":' + b"[" * 200_000 + b"\npiece",
    ],
)
def test_a_message_that_is_no_part_is_refused(message):
    with pytest.raises(LogError, match="part can't be read"):
        head(message)


@pytest.mark.parametrize(
    "body",
    [b"", b"plain", encode(SAVED)[:-1], encode(SAVED) + b"x", zlib.compress(b"x" * 2000)],
)
def test_bytes_that_do_not_expand_are_refused(body, monkeypatch):
    monkeypatch.setattr(checkpoint, "EXPANDED_BYTES_MAX", 1999)
    with pytest.raises(LogError, match="body"):
        decode(body)


@pytest.mark.parametrize("text", [b"", b"{}", b'{"partition":"7"}', b'{"venue":"\xff"}'])
def test_bytes_that_are_no_checkpoint_are_refused(text):
    with pytest.raises(LogError, match="checkpoint can't be read"):
        decode(zlib.compress(text))
