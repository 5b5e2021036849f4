"""What was refused is kept byte for byte, with the reason in front."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.errors import LogError
from ledgerflux.wire.dead_letter import LetterHead, decode_letter, encode_letter

HEAD = LetterHead("coinbase-exchange", 7, "malformed", "no object", raw_number=3, frame=0)


@given(st.binary(max_size=200))
def test_any_bytes_come_back_as_they_were(content):
    assert decode_letter(encode_letter(HEAD, content)) == (HEAD, content)


def test_the_head_is_one_line_that_people_can_read():
    line, _, content = encode_letter(HEAD, b"\n\x00").partition(b"\n")
    assert content == b"\n\x00"
    assert json.loads(line) == {
        "venue": "coinbase-exchange",
        "partition": 7,
        "reason": "malformed",
        "detail": "no object",
        "raw_number": 3,
        "frame": 0,
    }


@pytest.mark.parametrize(
    "body",
    [b"", b"\n", b"{}\n", b"no json\nbytes", encode_letter(HEAD, b"")[:-1], b'{"venue": "\xff"}\n'],
)
def test_what_is_no_dead_letter_is_refused(body):
    with pytest.raises(LogError, match="MD_DLQ can't be read"):
        decode_letter(body)
