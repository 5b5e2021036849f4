"""Venues that answer or send what none should: classified, closed, never believed."""

import asyncio
import base64
import hashlib
import socket
import ssl
from contextlib import asynccontextmanager, suppress

import pytest
from hostile import made, rows
from websockets.asyncio.server import serve

from ledgerflux.adapters.ws_feed import WsFeed
from ledgerflux.core.feed_refusal import floor_s
from ledgerflux.errors import FeedError

TLS_HELLO = b"\x16"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@asynccontextmanager
async def venue(answer):
    """Serve `answer(request bytes)` to every socket, then hang up; yield the port."""

    async def serve(reader, writer):
        try:
            request = await reader.readexactly(1)
            if request != TLS_HELLO:
                request += await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(request))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def silent(answer, then=None):
    """Answer a request, do `then`, and hold the socket without another word; yield the port."""
    over = asyncio.Event()

    async def serve(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(request) if callable(answer) else answer)
        with suppress(ConnectionError):
            if then is not None:
                await then(writer)
        await over.wait()
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        over.set()


def upgraded(sent):
    """Answer a good handshake, then `sent`."""

    def answer(request):
        key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        return head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + sent

    return answer


async def refused(url):
    """Return the error with which connecting ends."""
    with pytest.raises(FeedError) as caught:
        async with asyncio.timeout(10):
            await WsFeed(connect_timeout_s=5).connect(url)
    return caught.value


@pytest.mark.parametrize("row", rows("venue", "answers"))
async def test_an_answer_that_is_no_handshake_is_classified(row):
    async with venue(lambda _: made(row["answer"])) as port:
        error = await refused(f"ws://127.0.0.1:{port}")
    assert (error.code, error.retryable) == (row["code"], True)
    assert row.get("says", str(port)) in error.message
    assert len(error.message) < 500
    assert floor_s(error.code, error.retry_after_s) == row["least_s"]


async def test_a_venue_that_speaks_no_tls_is_not_trusted():
    async with venue(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        error = await refused(f"wss://127.0.0.1:{port}")
    assert error.code == "feed_tls"


@pytest.mark.parametrize(
    "problem",
    [
        ssl.SSLCertVerificationError(1, "certificate verify failed: Hostname mismatch"),
        ssl.SSLError(1, "WRONG_VERSION_NUMBER"),
    ],
)
async def test_a_certificate_of_somebody_else_is_not_trusted(problem, monkeypatch):
    asked = []

    async def fail(*_, **options):
        asked.append(options["ssl"])
        raise problem

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", fail, raising=False)
    error = await refused("wss://127.0.0.1:1")
    assert error.code == "feed_tls"
    assert "no trusted connection" in error.message
    assert asked == [True]  # asyncio's own context: certificate and name are verified


async def test_a_venue_that_never_answers_is_not_waited_for():
    async with silent(b"") as port:
        with pytest.raises(FeedError) as caught:
            async with asyncio.timeout(10):
                await WsFeed(connect_timeout_s=0.1).connect(f"ws://127.0.0.1:{port}")
    assert caught.value.code == "feed_refused"


async def test_a_venue_that_answers_no_ping_is_gone():
    async with silent(upgraded(b"")) as port:
        connection = await WsFeed(ping_s=0.1).connect(f"ws://127.0.0.1:{port}")
        with pytest.raises(FeedError) as caught:
            async with asyncio.timeout(10):
                await connection.receive()
        await connection.close()
    assert caught.value.code == "feed_lost"


async def test_a_socket_that_is_not_read_is_not_emptied_into_memory():
    """The venue has to wait: what is unread here fills the kernel's buffers and no more."""
    frame = b"\x82\x7f" + (64 * 1024).to_bytes(8) + bytes(64 * 1024)
    went = []

    async def flood(writer):
        for number in range(1024):
            writer.write(frame)
            await writer.drain()
            went.append(number)

    async with silent(upgraded(b""), then=flood) as port:
        connection = await WsFeed().connect(f"ws://127.0.0.1:{port}")
        await connection.receive()
        seen = -1
        while seen != len(went):  # until a second brings nothing more
            seen = len(went)
            await asyncio.sleep(1)
        assert len(went) < 1000
        for _ in range(500):
            await connection.receive()
        assert len(went) > seen
        await connection.close()


async def test_an_end_that_we_asked_for_proves_nothing_of_what_came_before():
    """What the venue sent while our close was on its way was never read."""
    async with serve(lambda socket: socket.wait_closed(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = await WsFeed().connect(f"ws://127.0.0.1:{port}")
        await connection.close()
        with pytest.raises(FeedError, match="1000") as caught:
            await connection.receive()
    assert caught.value.code == "feed_lost"


async def test_nobody_at_the_address_is_a_refusal():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = await refused(f"ws://127.0.0.1:{taken.getsockname()[1]}")
    assert error.code == "feed_refused"


@pytest.mark.parametrize("row", rows("venue", "frames"))
async def test_frames_are_taken_as_received_and_every_end_is_told(row):
    async with venue(upgraded(made(row["sent"]))) as port:
        connection = await WsFeed().connect(f"ws://127.0.0.1:{port}")
        received = []
        with pytest.raises(FeedError, match=row["ends"]) as caught:
            async with asyncio.timeout(10):
                await read_all(connection, received)
        await connection.close()
    goodbye = caught.value.message.startswith("closed with ")
    assert caught.value.code == ("feed_closed" if goodbye else "feed_lost")
    assert received == [text.encode() for text in row["frames"]]


async def read_all(connection, received):
    while True:
        received.append(await connection.receive())


async def test_a_frame_that_drips_is_not_waited_for():
    """One byte a while is no frame: the reader's patience ends, whatever trickles in."""
    async with venue(upgraded(b"\x81\x7e\xff\xff{")) as port:
        connection = await WsFeed().connect(f"ws://127.0.0.1:{port}")
        with pytest.raises((TimeoutError, FeedError)):
            async with asyncio.timeout(0.2):
                await connection.receive()
        await connection.close()
