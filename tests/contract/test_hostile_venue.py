"""Venues that answer or send what none should: classified, closed, never believed."""

import asyncio
import socket
import ssl

import pytest
from hostile import made, rows
from venue_sockets import silent, upgraded, venue
from websockets.asyncio.server import serve

from ledgerflux.adapters.ws_feed import WsFeed
from ledgerflux.core.feed_refusal import floor_s
from ledgerflux.errors import FeedError


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
        received += await connection.receive()


async def test_a_frame_that_drips_is_not_waited_for():
    """One byte a while is no frame: the reader's patience ends, whatever trickles in."""
    async with venue(upgraded(b"\x81\x7e\xff\xff{")) as port:
        connection = await WsFeed().connect(f"ws://127.0.0.1:{port}")
        with pytest.raises((TimeoutError, FeedError)):
            async with asyncio.timeout(0.2):
                await connection.receive()
        await connection.close()
