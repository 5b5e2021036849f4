"""A venue's socket: whole text frames taken as they come, everything else left to the library."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from venue_sockets import silent, upgraded
from websockets.frames import Frame, Opcode

from ledgerflux.adapters.feed_socket import UNREAD_FRAMES_MAX
from ledgerflux.adapters.ws_feed import WsFeed
from ledgerflux.errors import FeedError


def frame(opcode, payload, *, fin=True):
    return Frame(opcode, payload, fin=fin).serialize(mask=False, extensions=[])


def text(payload):
    return frame(Opcode.TEXT, payload)


def closed():
    return frame(Opcode.CLOSE, b"\x03\xe8bye")


async def received(port):
    """Return everything a socket brings before its end, and how that is told."""
    connection, frames = await WsFeed().connect(f"ws://127.0.0.1:{port}"), []
    async with asyncio.timeout(10):
        try:
            while True:
                frames += await connection.receive()
        except FeedError as error:
            await connection.close()
            return frames, error


def in_pieces(data, sizes):
    """Return what writes `data` in pieces, each on its way before the next, and hangs up."""

    async def write(writer):
        start = 0
        for size in [*sizes, len(data)]:
            writer.write(data[start : start + size])
            await writer.drain()
            await asyncio.sleep(0)
            start += size
        writer.close()

    return write


kinds = st.one_of(
    st.binary(max_size=200).map(lambda payload: (text(payload), [payload])),
    st.sampled_from([b"a" * 126, b"b" * 70_000]).map(lambda payload: (text(payload), [payload])),
    st.just((frame(Opcode.PING, b"?"), [])),
    st.just((frame(Opcode.TEXT, b"in ", fin=False) + frame(Opcode.CONT, b"two"), [b"in two"])),
    st.just((frame(Opcode.BINARY, b"bytes"), [b"bytes"])),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(kinds, max_size=12), st.integers(0, 60), st.lists(st.integers(1, 90_000), max_size=8)
)
def test_every_message_comes_once_and_in_order_however_it_is_sent(sent, with_answer, sizes):
    data = b"".join(raw for raw, _ in sent) + closed()

    async def run():
        write = in_pieces(data[with_answer:], sizes)
        async with silent(upgraded(data[:with_answer]), then=write) as port:
            return await received(port)

    frames, error = asyncio.run(run())
    assert frames == [payload for _, payloads in sent for payload in payloads]
    assert (error.code, error.message) == ("feed_closed", "closed with 1000 bye")


async def test_what_came_together_is_taken_together():
    sent = b"".join(text(b"%d" % number) for number in range(20))
    async with silent(upgraded(sent)) as port:
        connection = await WsFeed().connect(f"ws://127.0.0.1:{port}")
        frames = await connection.receive()
        await connection.close()
    assert frames == [b"%d" % number for number in range(20)]


async def test_a_ping_between_frames_is_answered():
    answered = asyncio.Event()

    async def listen(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(
            upgraded(text(b"a") + frame(Opcode.PING, b"still there") + text(b"b"))(request)
        )
        head = await reader.readexactly(2)
        assert head[0] & 0x0F == Opcode.PONG
        answered.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        connection = await WsFeed().connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with asyncio.timeout(10):
            await answered.wait()
            frames = await connection.receive()
        await connection.close()
    assert frames == [b"a", b"b"]


async def test_a_frame_over_the_bound_ends_the_socket_before_it_is_here(monkeypatch):
    monkeypatch.setattr("ledgerflux.adapters.ws_feed.FRAME_BYTES_MAX", 1000)
    monkeypatch.setattr("ledgerflux.adapters.ws_feed._Socket.frame_bytes_max", 1000)
    sent = text(b"x" * 1000) + text(b"y" * 1001)[:20]
    async with silent(upgraded(b""), then=in_pieces(sent, [])) as port:
        frames, error = await received(port)
    assert frames == [b"x" * 1000]
    assert error.code == "feed_lost"


async def test_text_that_is_not_read_is_not_emptied_into_memory():
    went = []

    async def flood(writer):
        for number in range(4096):
            writer.write(text(bytes(16 * 1024)))
            await writer.drain()
            went.append(number)

    async with silent(upgraded(b""), then=flood) as port:
        connection = await WsFeed().connect(f"ws://127.0.0.1:{port}")
        seen = -1
        while seen != len(went):  # until a second brings nothing more
            seen = len(went)
            await asyncio.sleep(1)
        assert len(went) < 4000
        taken = 0
        async with asyncio.timeout(30):
            while taken < 2000:
                taken += len(await connection.receive())
        assert len(went) > seen
        await connection.close()


async def test_more_frames_than_may_be_unread_come_in_turns():
    count = 3 * UNREAD_FRAMES_MAX
    sent = b"".join(text(b"%d" % number) for number in range(count)) + closed()
    async with silent(upgraded(b""), then=in_pieces(sent, [50] * 20)) as port:
        frames, _ = await received(port)
    assert frames == [b"%d" % number for number in range(count)]
