"""Sockets that speak no WebSocket, or the wrong one, or nothing: closed, and nobody else waits."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from gateway_support import NormLog, conf, on_sockets, until
from hostile import made, rows
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ledgerflux.adapters import ws_listener
from ledgerflux.core import doorkeeper
from ledgerflux.core.limits import Limits
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus

UPGRADE = (
    b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CLOSE = 0x88


@asynccontextmanager
async def serving(limits=None, **options):
    """Run a gateway with one product and a client that must not notice anything."""
    bus = MemoryBus()
    await write_feed(bus, conf())
    log = await NormLog(bus).open()
    log.source.snapshot().trade()
    await log.write()
    async with on_sockets(bus, limits=limits, **options) as gateway:
        url = f"ws://127.0.0.1:{gateway.port}/v1/ws"
        async with connect(url, compression=None) as good:
            params = {"channel": "trades", "product_ids": ["BTC-USD"]}
            await good.send(json.dumps({"method": "subscribe", "params": params}))
            yield gateway
            log.source.trade()
            await log.write()
            async with asyncio.timeout(10):
                while json.loads(await good.recv()).get("seq") != 2:
                    pass
            await until(lambda: gateway.vitals().counts["clients"] == 1)
            assert gateway._door._keeper.statistics().inside == 1
            assert gateway._door._keeper.statistics().shaking_hands == 0


async def said(port, payload, *, upto=4096):
    """Send bytes on a socket of its own; return what is answered until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(payload)
        async with asyncio.timeout(10):
            return await _until_closed(reader, upto)
    finally:
        writer.close()


async def _until_closed(reader, upto):
    answer = b""
    try:
        while len(answer) < upto and (piece := await reader.read(upto)):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


async def upgraded(port, payload):
    """Send bytes after a good handshake; return all that comes after it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(UPGRADE)
        async with asyncio.timeout(10):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            writer.write(payload)
            return await _until_closed(reader, 1 << 20)
    finally:
        writer.close()


def ended(reader):
    """Say whether the other side closed its socket, politely or not."""
    return reader.at_eof() or reader.exception() is not None


@pytest.mark.parametrize("row", rows("sockets", "frames"))
async def test_a_client_that_breaks_the_protocol_is_closed_with_the_code_for_it(row):
    async with serving() as gateway:
        answer = await upgraded(gateway.port, made(row["sent"]))
        at = answer.rindex(row["closed"].to_bytes(2, "big"))
        assert answer[at - 2] == CLOSE


@pytest.mark.parametrize("row", rows("sockets", "requests"))
async def test_a_request_that_is_none_is_refused_and_its_socket_closed(row):
    async with serving() as gateway:
        answer = await said(gateway.port, made(row["sent"]))
        status = int(answer.split(b" ")[1]) if answer else None
        assert status in row["status"]
        assert b"root:" not in answer


async def test_headers_that_come_slowly_are_not_waited_for(monkeypatch):
    assert ws_listener.OPEN_TIMEOUT_S == 5, "docs/bad-input.md says so"
    monkeypatch.setattr(ws_listener, "OPEN_TIMEOUT_S", 0.2)
    async with serving() as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(b"GET /v1/ws HTTP/1.1\r\nHost: x\r\n")
        async with asyncio.timeout(10):
            assert await _until_closed(reader, 10) == b""
        writer.close()


async def test_sockets_that_say_nothing_are_so_many_and_those_who_speak_are_served(monkeypatch):
    monkeypatch.setattr(doorkeeper, "HANDSHAKES_PER_ADDRESS", 8)
    async with serving(shared_networks=()) as gateway:
        idle = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(12)]
        await until(lambda: gateway.vitals().counts["hung_up"] == 4)
        assert gateway.vitals().counts["handshakes"] == 8
        await until(lambda: sum(ended(reader) for reader, _ in idle) == 4)
        for _, writer in idle:
            writer.close()
        await until(lambda: gateway.vitals().counts["handshakes"] == 0)
        answer = await said(gateway.port, b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", upto=12)
        assert b"200" in answer


async def test_one_address_opens_so_many_sockets_and_is_told_when_to_come_again():
    limits = Limits(connects_per_s=1, connects_burst=3, connections_per_address=50)
    async with serving(limits, shared_networks=()) as gateway:
        url = f"ws://127.0.0.1:{gateway.port}/v1/ws"
        held = [await connect(url, compression=None) for _ in range(2)]
        with pytest.raises(InvalidStatus) as caught:
            await connect(url, compression=None)
        response = caught.value.response
        assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
        error = json.loads(response.body)["error"]
        assert (error["code"], error["retryable"]) == ("throttled", True)
        assert 0 < error["retry_after_ms"] <= 1000
        assert gateway.vitals().counts["turned_away"] == 1
        for client in held:
            await client.close()


async def test_plain_requests_of_one_address_come_so_often_too():
    limits = Limits(address_requests_per_s=1, address_requests_burst=3)
    async with serving(limits, shared_networks=()) as gateway:
        ask = b"GET /v1/products HTTP/1.1\r\nHost: x\r\n\r\n"
        answers = [await said(gateway.port, ask) for _ in range(4)]
        assert b" 429 " in answers[-1].partition(b"\r\n")[0]
        assert b"Retry-After: 1\r\n" in answers[-1]


async def test_what_a_proxy_says_of_an_address_is_not_believed():
    limits = Limits(connections_per_address=2)
    async with serving(limits, shared_networks=()) as gateway:
        url = f"ws://127.0.0.1:{gateway.port}/v1/ws"
        held = await connect(url, compression=None)
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            with pytest.raises(InvalidStatus):
                await connect(url, compression=None, additional_headers={header: "192.0.2.7"})
        await held.close()


async def test_who_connects_and_subscribes_nothing_is_closed():
    async with serving(Limits(first_subscribe_s=0)) as gateway:
        async with connect(f"ws://127.0.0.1:{gateway.port}/v1/ws", compression=None) as client:
            await client.wait_closed()
        assert client.close_code == 4505
