"""Control of the stack through a gateway: who may, what is handed over, and what comes back."""

import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest
from gateway_support import RoleClient, conf, on_sockets, running
from websockets.asyncio.client import connect

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.client import connect as client_of
from ledgerflux.core.credentials import Keyring, StoredKey, hashed
from ledgerflux.core.limits import Limits
from ledgerflux.core.remote_control import ControlRules
from ledgerflux.errors import GatewayError
from ledgerflux.roles import gateway_remote
from ledgerflux.roles.gateway_guard import GatewayGuard
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.replay import Refused, ReplayAnswer, ReplayHealth, decode_order
from ledgerflux.wire.service_order import RestartAnswer
from ledgerflux.wire.subjects import RESTART_SUBJECT, exchange_subject

NOW = ReplayHealth("replay:day.lfr", "paused", True, 1.0, None, False, 3, 7_000_000, 8)


@asynccontextmanager
async def exchange(bus, answer=None):
    """Answer orders on `bus`; yield those that came."""
    orders = []

    async def hear(payload):
        orders.append(decode_order(payload))
        return msgspec.json.encode(answer or ReplayAnswer(replay=NOW))

    async with bus.answer(exchange_subject("order"), hear):
        yield orders


def closed_guard(*channels):
    keys = {"desk": StoredKey("salt", hashed("secret", "salt"), channels=channels)}
    return GatewayGuard(SystemClock(), authority=Keyring(keys))


async def test_orders_reach_the_exchange_and_its_place_comes_back():
    async with running() as stack, exchange(stack.bus) as orders:
        client = await stack.client()
        told = await client.ask("control", action="pause")
        assert (told.type, told.action) == ("controlled", "pause")
        assert (told.replay["state"], told.replay["at_ms"]) == ("paused", 7)
        await client.ask("control", action="speed", speed="max")
        await client.ask("control", action="speed", speed=2.5)
        await client.ask("control", action="step")
        await client.ask("control", action="step", count=9)
        await client.ask("control", action="seek", by_ms=-10_000)
        assert [(o.action, o.speed, o.count, o.by_ms) for o in orders] == [
            ("pause", None, 1, None),
            ("speed", "max", 1, None),
            ("speed", 2.5, 1, None),
            ("step", None, 1, None),
            ("step", None, 9, None),
            ("seek", None, 1, -10_000),
        ]
        assert stack.gateway.vitals().counts["controls"] == 6


async def test_a_restart_reaches_the_supervisor():
    async def restart(payload):
        name = msgspec.json.decode(payload)["service"]
        if name == "nats":
            return msgspec.json.encode(RestartAnswer(error=Refused("unknown_service", "there")))
        return msgspec.json.encode(RestartAnswer(name, 7))

    async with running() as stack, stack.bus.answer(RESTART_SUBJECT, restart):
        client = await stack.client()
        told = await client.ask("control", action="restart", service="ingest")
        assert (told.type, told.service, told.pid) == ("controlled", "ingest", 7)
        assert (await client.ask("control", action="restart", service="nats")).code == (
            "unknown_service"
        )


@pytest.mark.parametrize(
    "params",
    [
        {"action": "fly"},
        {"action": "pause", "speed": 1.0},
        {"action": "speed"},
        {"action": "speed", "speed": 0.01},
        {"action": "speed", "speed": 1001},
        {"action": "speed", "speed": "fast"},
        {"action": "step", "count": 0},
        {"action": "seek"},
        {"action": "seek", "to_ms": 1, "by_ms": 1},
        {"action": "seek", "by_ms": 10**15},
        {"action": "restart"},
        {"action": "restart", "service": ""},
        {"action": "restart", "service": "a" * 65},
        {"action": "restart", "service": "a", "count": 1},
    ],
)
async def test_nonsense_is_refused_before_anybody_is_asked(params):
    async with running() as stack, exchange(stack.bus) as orders:
        client = await stack.client()
        assert (await client.ask("control", **params)).code == "invalid_param"
        assert not orders


@pytest.mark.parametrize(
    ("guard", "options", "why"),
    [
        (None, {"address": "192.0.2.7"}, "own machine"),
        (None, {"origin": "http://127.0.0.1"}, "pages"),
        (ControlRules(read_only=True), {}, "read-only"),
        (ControlRules(public=True), {}, "token"),
        (("*",), {"bearer": "lfk.desk.secret"}, "does not grant control"),
    ],
)
async def test_who_may_not_is_refused_counted_and_told(guard, options, why, caplog):
    if isinstance(guard, ControlRules):
        guard = GatewayGuard(SystemClock(), control=guard)
    elif guard is not None:
        guard = closed_guard(*guard)
    async with running(guard=guard) as stack, exchange(stack.bus) as orders:
        client = RoleClient(stack.listener.connect("/v1/ws", **options))
        for action in ({"action": "pause"}, {"action": "restart", "service": "ingest"}):
            answer = await client.ask("control", **action)
            assert (answer.code, answer.retryable) == ("control_refused", False)
            assert why in answer.message
        assert not orders
        counts = stack.gateway.vitals().counts
        assert (counts["controls"], counts["controls_refused"]) == (0, 2)
    assert [r.msg for r in caplog.records if r.msg == "control.refused"] == ["control.refused"] * 2


async def test_a_token_that_grants_control_lets_its_holder():
    async with running(guard=closed_guard("control", "*")) as stack, exchange(stack.bus) as orders:
        options = {"address": "192.0.2.7", "bearer": "lfk.desk.secret"}
        client = RoleClient(stack.listener.connect("/v1/ws", **options))
        assert (await client.ask("control", action="pause")).type == "controlled"
        nobody = RoleClient(stack.listener.connect("/v1/ws"))
        assert (await nobody.ask("control", action="pause")).code == "auth_required"
        assert len(orders) == 1


async def test_orders_are_requests_that_the_rate_limit_counts():
    async with running(Limits(requests_per_s=1, requests_burst=2)) as stack, exchange(stack.bus):
        client = await stack.client()
        codes = [(await client.ask("control", action="pause")).code for _ in range(4)]
        assert codes[-1] == "throttled"


async def test_where_nobody_answers_that_is_said_in_time(monkeypatch):
    monkeypatch.setattr(gateway_remote, "ANSWER_S", 0.05)
    async with running() as stack:
        client = await stack.client()
        assert (await client.ask("control", action="pause")).code == "no_exchange"
        answer = await client.ask("control", action="restart", service="ingest")
        assert answer.code == "unavailable"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ReplayAnswer(error=Refused("cannot_seek", "no")), "cannot_seek"),
        (ReplayAnswer(error=Refused("bad_argument", "no")), "invalid_param"),
        (ReplayAnswer(), "unavailable"),
    ],
)
async def test_what_the_exchange_refuses_is_refused(answer, code):
    async with running() as stack:
        await write_feed(stack.bus, conf())

        async def hear(_):
            return msgspec.json.encode(answer) if answer.error or code else b"?"

        async with stack.bus.answer(exchange_subject("order"), hear):
            client = await stack.client()
            assert (await client.ask("control", action="seek", at_ms=0)).code == code


async def test_an_answer_that_can_not_be_read_is_none():
    async def hear(_):
        return b"?"

    async with running() as stack, stack.bus.answer(exchange_subject("order"), hear):
        client = await stack.client()
        assert (await client.ask("control", action="pause")).code == "unavailable"


async def test_so_many_orders_wait_and_no_more(monkeypatch):
    monkeypatch.setattr(gateway_remote, "AT_ONCE_MAX", 1)
    asked, held = asyncio.Event(), asyncio.Event()

    async def hear(_):
        asked.set()
        await held.wait()
        return msgspec.json.encode(ReplayAnswer(replay=NOW))

    async with running() as stack, stack.bus.answer(exchange_subject("order"), hear):
        first, second = await stack.client(), await stack.client()
        waiting = asyncio.create_task(first.ask("control", action="pause"))
        await asyncio.wait_for(asked.wait(), 5)
        answer = await second.ask("control", action="pause")
        assert (answer.code, answer.retryable) == ("throttled", True)
        held.set()
        assert (await waiting).type == "controlled"


async def test_over_sockets_a_page_and_a_proxy_are_told_from_a_program():
    bus = MemoryBus()
    await write_feed(bus, conf())
    async with exchange(bus), on_sockets(bus) as gateway:
        url = f"ws://127.0.0.1:{gateway.port}/v1/ws"
        async with client_of(url) as client:
            assert (await client.control("pause")).replay["state"] == "paused"
            with pytest.raises(GatewayError) as caught:
                await client.control("seek")
            assert caught.value.code == "invalid_param"
        page = {"origin": f"http://127.0.0.1:{gateway.port}"}
        proxy = {"additional_headers": {"X-Forwarded-For": "192.0.2.7"}}
        for options in (page, proxy):
            async with connect(url, **options) as socket:
                await socket.recv()
                await socket.send('{"method":"control","params":{"action":"pause"}}')
                assert b"control_refused" in await socket.recv(decode=False)
