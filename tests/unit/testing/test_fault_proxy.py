"""The fault proxy before an echo server, over real sockets."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from ledgerflux.testing.fault_proxy import FaultProxy

LIMIT_S = 5.0


@asynccontextmanager
async def echoing():
    async def echo(reader, writer):
        try:
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    try:
        async with FaultProxy.to("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
            yield proxy
    finally:
        server.close()


class Peer:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def at(cls, proxy):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        try:
            yield cls(reader, writer)
        finally:
            writer.transport.abort()

    async def ask(self, words, limit_s=LIMIT_S):
        self.writer.write(words)
        async with asyncio.timeout(limit_s):
            return await self.reader.readexactly(len(words))

    async def write_without_end(self):
        while True:
            self.writer.write(bytes(65536))
            await self.writer.drain()

    async def hears_nothing(self):
        try:
            async with asyncio.timeout(0.05):
                return not await self.reader.read(1)
        except TimeoutError:
            return True


async def until(condition):
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0.005)


async def test_bytes_pass_unchanged_and_are_counted():
    words = bytes(range(256)) * 2000
    async with echoing() as proxy, Peer.at(proxy) as peer:
        assert await peer.ask(words) == words
        assert proxy.bytes_up == proxy.bytes_down == len(words)
        assert (proxy.connections, proxy.connections_total) == (1, 1)
    assert proxy.connections == 0


async def test_an_end_is_passed_on_after_everything_before_it():
    async with echoing() as proxy, Peer.at(proxy) as peer:
        peer.writer.write(b"last")
        peer.writer.write_eof()
        async with asyncio.timeout(LIMIT_S):
            assert await peer.reader.read() == b"last"


async def test_what_is_stalled_waits_and_passes_when_healed():
    async with echoing() as proxy, Peer.at(proxy) as peer:
        proxy.stall()
        peer.writer.write(b"late")
        assert await peer.hears_nothing()
        assert proxy.connections == 1
        proxy.heal()
        async with asyncio.timeout(LIMIT_S):
            assert await peer.reader.readexactly(4) == b"late"


async def test_who_does_not_pass_bytes_on_does_not_take_them_without_end():
    async with echoing() as proxy, Peer.at(proxy) as peer:
        proxy.stall("up")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(peer.write_without_end(), 0.2)
        assert proxy.bytes_up == 0


@pytest.mark.parametrize(("direction", "arrived"), [("up", 0), ("down", 4)])
async def test_a_one_way_blackhole_loses_bytes_in_its_direction_only(direction, arrived):
    async with echoing() as proxy, Peer.at(proxy) as peer:
        proxy.blackhole(direction)
        peer.writer.write(b"lost")
        assert await peer.hears_nothing()
        assert (proxy.bytes_up, proxy.bytes_down) == (arrived, 0)
        proxy.heal()
        assert await peer.ask(b"next") == b"next"


async def test_a_cut_resets_both_ends_and_lets_new_ones_in():
    async with echoing() as proxy, Peer.at(proxy) as peer:
        await peer.ask(b"x")
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            async with asyncio.timeout(LIMIT_S):
                await peer.reader.read()
        await until(lambda: proxy.connections == 0)
        async with Peer.at(proxy) as again:
            assert await again.ask(b"y") == b"y"


async def test_a_cut_without_reset_is_an_end_without_a_word():
    async with echoing() as proxy, Peer.at(proxy) as peer:
        await peer.ask(b"x")
        proxy.cut(reset=False)
        async with asyncio.timeout(LIMIT_S):
            assert await peer.reader.read() == b""


async def test_refusing_is_as_where_nothing_listens_until_it_accepts_at_the_same_port():
    async with echoing() as proxy:
        async with Peer.at(proxy) as peer:
            await proxy.refuse()
            assert await peer.ask(b"open") == b"open", "open connections are left alone"
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", proxy.port)
        await proxy.accept()
        async with Peer.at(proxy) as peer:
            assert await peer.ask(b"x") == b"x"


async def test_where_the_server_is_away_the_client_is_reset():
    async with FaultProxy.to("127.0.0.1", 1) as proxy, Peer.at(proxy) as peer:
        with pytest.raises(ConnectionResetError):
            async with asyncio.timeout(LIMIT_S):
                await peer.reader.read()


@pytest.mark.parametrize(
    "slow", [lambda proxy: proxy.delay(0.1), lambda proxy: proxy.throttle(100, "up")]
)
async def test_delay_and_throttle_cost_time_and_no_bytes(slow):
    async with echoing() as proxy, Peer.at(proxy) as peer:
        slow(proxy)
        before = time.monotonic()
        assert await peer.ask(bytes(10)) == bytes(10)
        assert time.monotonic() - before >= 0.09
