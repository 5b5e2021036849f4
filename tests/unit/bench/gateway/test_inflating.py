import zlib

import pytest

from ledgerflux.adapters.ws_frames import COMPRESSED_TEXT, frame_head
from ledgerflux.bench.gateway import inflating
from ledgerflux.bench.gateway.inflating import Inflater, Shared, inflater_of

TEXTS = [b"one and one and one", b"one and two", b"x" * 300, b"y" * 70_000]


def frames(*texts, context):
    """Return texts as a server compresses them."""
    made, compressor = [], zlib.compressobj(6, zlib.DEFLATED, -12)
    for text in texts:
        if not context:
            compressor = zlib.compressobj(6, zlib.DEFLATED, -12)
        data = compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH)
        data = data.removesuffix(b"\x00\x00\xff\xff")
        made.append(frame_head(len(data), COMPRESSED_TEXT) + data)
    return b"".join(made)


@pytest.mark.parametrize("context", [True, False])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_messages_are_read_wherever_they_are_cut(context, size):
    inflater = Inflater(Shared(), context=context)
    ping, plain = b"\x89\x00", frame_head(5) + b"plain"
    data = frames(*TEXTS, context=context) + ping + plain
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert b"".join(map(inflater.take, pieces)) == b"".join(TEXTS) + b"plain"


def test_what_is_compressed_once_for_all_is_read_once(monkeypatch):
    monkeypatch.setattr(inflating, "KEPT_MAX", 1)
    shared = Shared()
    data = frames(b"for everybody", b"and this", context=False)
    assert [Inflater(shared, context=False).take(data) for _ in range(2)] == [
        b"for everybodyand this"
    ] * 2


@pytest.mark.parametrize(
    ("line", "context"),
    [
        ("", None),
        ("Sec-WebSocket-Extensions: permessage-deflate\r\n", True),
        ("sec-websocket-extensions: permessage-deflate; Server_No_Context_Takeover\r\n", False),
    ],
)
def test_the_handshake_says_how_it_is_compressed(line, context):
    made = inflater_of(f"HTTP/1.1 101 Yes\r\n{line}Upgrade: websocket".encode(), Shared())
    assert (made is None) == (context is None)
    if made is not None:
        data = frames(b"abcabcabc", b"abcabcabc", context=context)
        assert made.take(data) == b"abcabcabcabcabcabc"
