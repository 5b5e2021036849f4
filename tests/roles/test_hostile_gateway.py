"""Clients that ask what nobody may: each is answered with its code, and nobody else notices."""

import asyncio
import json

import pytest
from gateway_support import NormLog, conf, running, until
from hostile import made, rows
from hypothesis import HealthCheck, given, settings
from strategies.gateway import messages

from ledgerflux.core.limits import Limits
from ledgerflux.errors import FeedError
from ledgerflux.wire.gateway_messages import check

OPEN = Limits(requests_per_s=1000, requests_burst=1000)


async def ready(stack):
    """Return a log with a book, a well-behaved client and the one that is to misbehave."""
    log = await NormLog(stack.bus).open()
    log.source.snapshot().trade()
    await log.write()
    await until(lambda: stack.served(log))
    good, bad = [await stack.client() for _ in range(2)]
    for client in (good, bad):
        await client.subscribe("trades")
    return log, good, bad


async def next_trade(log, *clients):
    """Assert that each of `clients` gets the next trade."""
    log.source.trade()
    await log.write()
    for client in clients:
        assert (await client.next_of("trade")).seq == log.source.seqs["trades"]


@pytest.mark.parametrize("row", rows("gateway"))
async def test_a_message_that_can_not_be_granted_is_answered_with_its_code(row):
    async with running(OPEN, conf("BTC-USD", "ETH-USD")) as stack:
        log, good, bad = await ready(stack)
        before = dict(bad.follower.mirrors)
        await bad.memory.ask(made(row["message"]).decode())
        answer = await bad.next_of("error")
        assert answer.code == row["code"]
        assert len(answer.raw) < 8_000
        assert (await bad.ask("ping")).type == "pong"
        assert bad.follower.mirrors.keys() == before.keys()
        await next_trade(log, good, bad)
        counts = stack.gateway.vitals().counts
        assert (counts["bad_requests"], counts["throttled"]) == (1, 0)


async def test_subscribing_and_leaving_a_thousand_times_a_second_ends_in_4002():
    async with running() as stack:
        log, good, bad = await ready(stack)
        flip = [
            json.dumps({"method": method, "params": {"channel": "level2", "product_ids": ["*"]}})
            for method in ("subscribe", "unsubscribe")
        ]
        for turn in range(1000):
            await bad.memory.ask(flip[turn % 2])
        assert await bad.closed() == (4002, "rate_limited")
        throttled = [m for m in bad.messages if m.type == "error" and m.code == "throttled"]
        assert throttled
        assert all(message.retry_after_ms is not None for message in throttled[:-1])
        counts = stack.gateway.vitals().counts
        assert (counts["throttled"], counts["closed_4002"]) == (len(throttled) - 1, 1)
        await next_trade(log, good)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=messages)
def test_whatever_a_client_sends_it_is_answered_by_the_book(texts):
    async def send():
        async with running(OPEN) as stack:
            log, good, bad = await ready(stack)
            await bad.memory.ask(texts)
            await bad.memory.ask('{"method":"ping","req_id":"last"}')
            while (message := await bad.next()).req_id != "last":
                check(message.raw)
            await next_trade(log, good)

    asyncio.run(send())


async def test_who_was_closed_for_abuse_may_not_come_back_without_end():
    limits = Limits(requests_per_s=1, requests_burst=1, refusals_max=1, connects_burst=3)
    async with running(limits) as stack:
        for _ in range(3):
            client = await stack.client(address="192.0.2.9")
            for _ in range(3):
                await client.memory.ask('{"method":"ping"}')
            assert await client.closed() == (4002, "rate_limited")
        with pytest.raises(FeedError, match="429"):
            await stack.client(address="192.0.2.9")
        assert (await stack.client()).memory.closed is None
