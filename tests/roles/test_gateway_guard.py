"""Whose pages may speak to a gateway."""

import asyncio
import json

import pytest
from gateway_support import conf, on_sockets, running
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.core.limits import Limits
from ledgerflux.core.origins import Origins
from ledgerflux.errors import FeedError
from ledgerflux.ports import Visit
from ledgerflux.roles import gateway_guard
from ledgerflux.roles.gateway_guard import GatewayGuard
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.clock import ManualClock
from ledgerflux.testing.memory_bus import MemoryBus


def visit(origin, host="127.0.0.1:8000"):
    return Visit("127.0.0.1", "/v1/ws", websocket=True, host=host, origin=origin)


async def fed():
    bus = MemoryBus()
    await write_feed(bus, conf())
    return bus


async def test_a_page_from_elsewhere_stays_outside_and_others_do_not_notice(caplog):
    async with running() as stack:
        inside = await stack.client()
        with pytest.raises(FeedError, match="403 origin_refused"):
            stack.listener.connect("/v1/ws", origin="https://evil.example")
        assert (await inside.ask("ping", nonce=1)).nonce == 1
        assert stack.listener.connect("/v1/ws", origin="http://127.0.0.1")
    (line,) = [record for record in caplog.records if record.msg == "origin.refused"]
    assert line.fields == {
        "address": "127.0.0.1", "origin": "https://evil.example", "untold": 0,
    }  # fmt: skip


async def test_over_sockets_it_is_403_with_its_code_before_the_upgrade():
    guard = GatewayGuard(SystemClock(), Origins(["https://app.example"]))
    async with on_sockets(await fed(), guard=guard) as gateway:
        here = f"127.0.0.1:{gateway.port}"
        for origin in ("https://evil.example", "null", f"http://127.0.0.1:{gateway.port + 1}"):
            with pytest.raises(InvalidStatus) as caught:
                await connect(f"ws://{here}/v1/ws", origin=origin)
            assert caught.value.response.status_code == 403
            assert json.loads(caught.value.response.body)["error"]["code"] == "origin_refused"
        for origin in (f"http://{here}", "https://app.example", None):
            async with connect(f"ws://{here}/v1/ws", origin=origin) as client:
                assert json.loads(await client.recv())["type"] == "welcome"
        named = f"localhost:{gateway.port}"
        async with connect(
            f"ws://{named}/v1/ws", host="127.0.0.1", origin=f"http://{named}"
        ) as client:
            assert json.loads(await client.recv())["type"] == "welcome"


async def test_two_origins_are_none_that_is_allowed():
    guard = GatewayGuard(SystemClock(), Origins(["https://app.example"]))
    async with on_sockets(await fed(), guard=guard) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(
            b"GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Origin: https://app.example\r\nOrigin: https://evil.example\r\n\r\n"
        )
        assert b" 403 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()


async def test_refused_pages_take_nobodys_place():
    limits = Limits(clients_max=1)
    guard = GatewayGuard(SystemClock())
    async with on_sockets(await fed(), guard=guard, limits=limits) as gateway:
        url = f"ws://127.0.0.1:{gateway.port}/v1/ws"
        for _ in range(5):
            with pytest.raises(InvalidStatus, match="403"):
                await connect(url, origin="https://evil.example")
        async with connect(url) as client:
            assert json.loads(await client.recv())["type"] == "welcome"


def test_a_flood_of_refusals_is_told_in_few_lines_that_say_how_many_they_were(monkeypatch):
    lines = []
    monkeypatch.setattr(
        gateway_guard.log, "warning", lambda event, **fields: lines.append((event, fields))
    )
    clock = ManualClock()
    guard = GatewayGuard(clock)
    for _ in range(100):
        assert guard.judge(visit("https://evil.example" + "x" * 500)).status == 403
    assert len(lines) == gateway_guard.TOLD_BURST
    assert len(lines[0][1]["origin"]) == gateway_guard.SHOWN_MAX
    clock.advance(2)
    guard.judge(visit("https://evil.example"))
    assert lines[-1][1]["untold"] == 80
