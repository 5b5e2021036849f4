"""Clients that come back: to the same gateway, or to another one of the stack."""

import asyncio
import json
from contextlib import asynccontextmanager
from itertools import count

import pytest
from gateway_support import NormLog, RoleClient, conf, followed, on_sockets, running, until

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.client import Reconnected, connect
from ledgerflux.core.limits import Limits
from ledgerflux.roles.gateway import Gateway
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.testing.memory_listener import MemoryListener


@asynccontextmanager
async def another(stack):
    """Run one more gateway on the bus of `stack`; yield what opens clients of it."""
    listener, identities = MemoryListener(), count(1)
    gateway = Gateway(
        stack.bus.connect(),
        SystemClock(),
        listener,
        host="127.0.0.1",
        port=0,
        new_identity=lambda: f"d{next(identities)}",
        limits=Limits(),
    )
    task = asyncio.create_task(gateway.run())
    await until(lambda: gateway.vitals().state == "ready")

    async def client() -> RoleClient:
        made = RoleClient(listener.connect("/v1/ws"))
        await made.next_of("welcome")
        return made

    try:
        yield client
    finally:
        task.cancel()
        await asyncio.wait([task])


def raws(client, *kinds):
    return [message.raw for message in client.messages if message.type in kinds]


async def seen(client, channel, seq):
    while not any(m.channel == channel and m.seq == seq for m in client.messages):
        await client.next()


def resume_of(answer) -> dict:
    return json.loads(answer.raw)["resume"]


@pytest.mark.parametrize("token", [True, False])
async def test_a_client_moves_to_another_gateway_and_misses_nothing(token):
    async with running() as stack:
        log, stays = await followed(stack)
        leaves = await stack.client()
        answer = await leaves.subscribe("level2")
        await seen(leaves, "level2", 1)
        place = resume_of(answer)["BTC-USD"] if token else {"epoch": "run1", "seq": 1}
        await leaves.memory.leave()
        for _ in range(5):
            log.source.update()
            await log.write()
        async with another(stack) as client:
            comes = await client()
            answer = await comes.subscribe("level2", resume={"BTC-USD": place})
            assert (answer.recovered, answer.via) == ({"BTC-USD": True}, {"BTC-USD": "replay"})
            assert (answer.streams["BTC-USD"].epoch, answer.streams["BTC-USD"].seq) == ("run1", 1)
            log.source.update(("buy", "100.5", "9"))
            await log.write()
            await seen(comes, "level2", 7)
            await seen(stays, "level2", 7)
            assert raws(comes, "update") == raws(stays, "update")
            assert raws(comes, "snapshot", "gap") == []


async def test_what_can_not_be_gone_on_with_is_refused_and_the_connection_stays():
    async with running() as stack:
        _, client = await followed(stack)
        asks = await stack.client()
        token = resume_of(await client.ask("subscribe", channel="trades", product_ids=["*"]))
        good = token["BTC-USD"]
        bad = [
            {"BTC-USD": good[:-1] + ("A" if good[-1] != "A" else "B")},
            {"BTC-USD": good[:10]},
            {"BTC-USD": "\u00e9" * 40},
            {"BTC-USD": "A" * 5000},
            {"BTC-USD": {"epoch": "run1", "seq": -1}},
            {"BTC-USD": {"epoch": "run1", "seq": 2**53}},
            {"BTC-USD": {"epoch": "run1"}},
            {"BTC-USD": 7},
            {"ETH-USD": {"epoch": "run1", "seq": 1}},
        ]
        for resume in bad:
            answer = await asks.ask(
                "subscribe", channel="trades", product_ids=["BTC-USD"], resume=resume
            )
            assert (answer.type, answer.code) == ("error", "invalid_param"), resume
        other = await asks.ask(
            "subscribe", channel="ticker", product_ids=["BTC-USD"], resume={"BTC-USD": good}
        )
        assert (other.code, other.message) == (
            "invalid_param",
            "resume: BTC-USD: this is no token of this stream",
        )
        answer = await asks.subscribe("trades", resume={"BTC-USD": good})
        assert answer.recovered == {"BTC-USD": True}


@pytest.mark.parametrize(
    ("place", "follows"),
    [
        ({"epoch": "other", "seq": 3}, ["gap", "snapshot"]),
        ({"epoch": "run1", "seq": 0}, ["gap", "snapshot"]),
        ({"epoch": "run1", "seq": 3}, ["gap", "snapshot"]),
        ({"epoch": "run1", "seq": 2**53 - 1}, ["snapshot"]),
    ],
)
async def test_a_place_that_is_not_kept_is_told_as_not_recovered(place, follows):
    async with running() as stack:
        log, _ = await followed(stack)
        log.source.update().update().update()
        await log.write()
        await until(lambda: stack.served(log))
        client = await stack.client()
        answer = await client.subscribe("level2", resume={"BTC-USD": place})
        assert (answer.recovered, answer.via) == ({"BTC-USD": False}, {})
        await client.next_of("snapshot")
        assert [m.type for m in client.messages[2:]] == follows
        log.source.update()
        await log.write()
        await client.next_of("update")


async def test_a_goodbye_says_where_everything_sent_took_the_client():
    async with running() as stack:
        log, client = await followed(stack)
        await seen(client, "level2", 1)
        log.source.update()
        await log.write()
        await seen(client, "level2", 2)
        await client.subscribe("trades")
        await client.memory.ask(b"\x00")
        told = json.loads((await client.next_of("goodbye")).raw)["resume"]
        back = await stack.client()
        answer = await back.subscribe("level2", resume=told["level2"])
        assert answer.streams["BTC-USD"].seq == 2
        assert answer.via == {"BTC-USD": "replay"}
        assert set(told) == {"level2", "trades"}


async def test_the_client_library_goes_on_at_the_next_address_with_its_book_whole():
    bus = MemoryBus()
    await write_feed(bus, conf())
    log = await NormLog(bus).open()
    log.source.snapshot().trade()
    await log.write()
    trades, gaps, notices = [], [], []
    async with on_sockets(bus) as second:
        async with on_sockets(bus) as first:
            ports = [first.port, second.port]
            client = connect([f"http://127.0.0.1:{port}" for port in ports], on_gap=gaps.append)
            await client.__aenter__()
            await client.subscribe("trades", ["*"])
            await client.subscribe("level2", ["*"])
            async with asyncio.timeout(10):
                while not client.books["BTC-USD"].live:
                    await anext(client)
        for _ in range(20):
            log.source.update(("buy", "99.5", str(log.number))).trade()
            await log.write()
        async with asyncio.timeout(10):
            while client.position("trades", "BTC-USD").seq < 21 or (
                client.position("level2", "BTC-USD").seq < 21
            ):
                message = await anext(client)
                if isinstance(message, Reconnected):
                    notices.append(message.missed)
                    continue
                assert message.type != "snapshot"
                if message.type == "trade":
                    trades += [trade.seq for trade in message.trades()]
        book = client.books["BTC-USD"]
        assert book.live
        assert book.book.bids() == log.source.book.bids()
        assert (trades, gaps, notices) == (list(range(2, 22)), [], [()])
        assert client.violations_total == 0
        await client.__aexit__()


async def test_gateways_of_a_stack_have_one_key_and_make_it_once():
    async with running() as stack:
        _, client = await followed(stack)
        one = resume_of(await client.subscribe("trades"))
        async with another(stack) as enter:
            assert resume_of(await (await enter()).subscribe("trades")) == one
