from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions import Extension
from websockets.frames import Frame, Opcode

from ledgerflux.adapters.ws_frames import COMPRESSED_TEXT, frame_head, joined

SIZES = (0, 1, 125, 126, 2047, 2048, 65_535, 65_536, 70_000)


class Marked(Extension):
    """Sets RSV1, as an extension that compresses would."""

    def encode(self, frame):
        return replace(frame, rsv1=True)


def librarys(payload, *extensions):
    return Frame(Opcode.TEXT, payload).serialize(mask=False, extensions=extensions)


@pytest.mark.parametrize("size", SIZES)
def test_a_frame_of_any_size_is_the_librarys(size):
    payload = b"x" * size
    assert joined([payload]) == librarys(payload)
    assert frame_head(size, COMPRESSED_TEXT) + payload == librarys(payload, Marked())


@given(st.lists(st.binary(max_size=300)))
def test_frames_come_one_after_the_other(payloads):
    assert joined(payloads) == b"".join(map(librarys, payloads))
