"""What a gateway takes of its clients, and what those get who ask for more or read too little."""

import json

import pytest
from gateway_support import NormLog, running, until

from ledgerflux.core.limits import Limits
from ledgerflux.errors import FeedError


async def test_a_client_that_does_not_read_misses_and_is_told_and_slows_nobody():
    limits = Limits(outbox_bytes=20_000, outbox_drained_bytes=4_000)
    async with running(limits) as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot()
        await log.write()
        slow = await stack.client(window_bytes=2_000)
        healthy = await stack.client()
        for client in (slow, healthy):
            await client.subscribe("level2")
            await client.next_of("snapshot")
            await client.subscribe("trades")
        for _ in range(300):
            log.source.update().trade()
            await log.write()
            while (message := await healthy.next()).channel != "trades":
                assert message.type == "update"
        mirror = slow.follower.mirrors["level2", "BTC-USD"]
        while mirror.position.seq != 301 or not mirror.live:
            await slow.next()
        while not any((m.type, m.channel) == ("gap", "trades") for m in slow.messages):
            await slow.next()
        gaps = [message for message in slow.messages if message.type == "gap"]
        assert {gap.channel for gap in gaps} == {"level2", "trades"}
        assert {gap.cause for gap in gaps} == {"slow_consumer"}
        assert not [message for message in healthy.messages if message.type == "gap"]
        assert mirror.book.bids() == log.source.book.bids()
        while slow.messages[-1].mode != "ended":
            await slow.next()
        told = [(m.scope, m.mode) for m in slow.messages if m.type == "throttled"]
        assert told[:2] == [("output", "skipping"), ("output", "ended")]
        assert not [message for message in healthy.messages if message.type == "throttled"]
        assert stack.gateway.vitals().counts["fell_behind"] >= 2


async def test_one_that_would_rather_end_than_miss_something_is_closed_and_told():
    limits = Limits(outbox_bytes=4_000, outbox_drained_bytes=1_000)
    async with running(limits) as stack:
        log = await NormLog(stack.bus).open()
        client = await stack.client(window_bytes=2_000)
        await stack.ready()
        answer = await client.subscribe("trades", on_slow="disconnect")
        assert json.loads(answer.raw)["on_slow"] == "disconnect"
        for _ in range(60):
            log.source.trade()
            await log.write()
        assert await client.closed() == (4000, "slow_consumer")
        error, goodbye = client.messages[-2:]
        assert (error.code, goodbye.type, goodbye.reconnect) == ("slow_consumer", "goodbye", True)
        assert stack.gateway.vitals().counts["closed_4000"] == 1


async def test_one_that_never_reads_again_is_closed_with_4000():
    limits = Limits(outbox_bytes=20_000, outbox_drained_bytes=4_000, slow_after_s=1)
    async with running(limits) as stack:
        log = await NormLog(stack.bus).open()
        client = await stack.client(window_bytes=2_000)
        await stack.ready()
        await client.subscribe("trades")
        for _ in range(200):
            log.source.trade()
            await log.write()
        await until(lambda: client.memory.closed, 10)
        assert client.memory.closed == (4000, "slow_consumer")
        await until(lambda: stack.gateway.vitals().counts["clients"] == 0)


async def test_a_client_that_subscribes_nothing_is_closed_with_4505():
    async with running(Limits(first_subscribe_s=0)) as stack:
        client = await stack.client()
        assert await client.closed() == (4505, "idle")
        assert [message.code for message in client.messages[-2:]] == ["idle", 4505]


async def test_requests_over_the_rate_are_refused_then_the_connection():
    limits = Limits(requests_per_s=1, requests_burst=2, refusals_max=3)
    async with running(limits) as stack:
        client = await stack.client()
        answers = [await client.ask("ping") for _ in range(3)]
        assert [answer.type for answer in answers] == ["pong", "pong", "error"]
        assert (answers[2].code, answers[2].retryable) == ("throttled", True)
        assert 0 < answers[2].retry_after_ms <= 1000
        for _ in range(5):
            await client.memory.ask('{"method":"ping"}')
        assert await client.closed() == (4002, "rate_limited")


async def test_ten_messages_in_a_row_that_are_no_requests_end_the_connection():
    async with running() as stack:
        client = await stack.client()
        for _ in range(9):
            await client.memory.ask("?")
        assert (await client.ask("ping")).type == "pong"
        for _ in range(10):
            await client.memory.ask("?")
        assert await client.closed() == (4502, "protocol_error")
        assert [message.code for message in client.messages[-2:]] == ["protocol_error", 4502]


async def test_binary_messages_end_the_connection():
    async with running() as stack:
        client = await stack.client()
        await client.memory.ask(b"\x00")
        assert await client.closed() == (1003, "text messages only")
        assert [message.code for message in client.messages[-2:]] == ["bad_request", 1003]


async def test_one_client_too_many_stays_outside():
    async with running(Limits(clients_max=1)) as stack:
        first = await stack.client()
        with pytest.raises(FeedError, match="503"):
            await stack.client()
        await first.memory.leave()
        await until(lambda: stack.gateway.vitals().counts["clients"] == 0)
        await stack.client()
        assert stack.gateway.vitals().counts["turned_away"] == 1


async def test_an_address_has_so_many_connections_and_others_have_theirs():
    async with running(Limits(connections_per_address=2)) as stack:
        for _ in range(2):
            await stack.client(address="192.0.2.1")
        with pytest.raises(FeedError, match="429"):
            await stack.client(address="192.0.2.1")
        await stack.client(address="192.0.2.2")
        assert stack.gateway.vitals().counts["addresses"] == 2


async def test_clients_of_one_address_share_what_it_may_ask():
    async with running(Limits(address_requests_per_s=1, address_requests_burst=3)) as stack:
        one, two = [await stack.client(address="192.0.2.1") for _ in range(2)]
        other = await stack.client(address="192.0.2.2")
        answers = [await client.ask("ping") for client in (one, two, one, two)]
        assert [answer.type for answer in answers] == ["pong", "pong", "pong", "error"]
        assert answers[3].code == "throttled"
        assert 0 < answers[3].retry_after_ms <= 1000
        assert (await other.ask("ping")).type == "pong"
        assert stack.gateway.vitals().counts["throttled"] == 1


@pytest.mark.parametrize(
    ("request_text", "code"),
    [
        ("{", "bad_json"),
        ('{"type":"subscribe"}', "bad_request"),
        ('{"method":"subscribe","params":{"channel":"trades","product_ids":["X"]}}', None),
        (
            '{"method":"subscribe","params":{"channel":"trades","product_ids":["*"],"venue":"k"}}',
            "unknown_venue",
        ),
        ('{"method":"unsubscribe","params":{"channel":"trades","product_ids":["*"]}}', None),
    ],
)
async def test_what_is_refused_is_answered_and_the_connection_stays(request_text, code):
    async with running() as stack:
        await stack.ready()
        client = await stack.client()
        await client.memory.ask(request_text)
        error = await client.next_of("error")
        assert error.code in (code, "unknown_product", "not_subscribed")
        assert (await client.ask("ping")).type == "pong"


async def test_requests_of_a_client_that_reads_no_answers_wait():
    limits = Limits(
        outbox_bytes=2_000,
        outbox_drained_bytes=500,
        requests_per_s=100_000,
        requests_burst=100_000,
    )
    async with running(limits) as stack:
        client = await stack.client(window_bytes=1_000)
        for _ in range(200):
            await client.memory.ask('{"method":"ping"}')
        (served,) = stack.gateway._clients.values()
        await until(lambda: served._waiting_for_room and not served.session.takes_requests)
        assert 500 <= stack.gateway.vitals().counts["queued_bytes"] < 2_400
        assert len(client.memory._requests) > 150
        for _ in range(200):
            assert (await client.next()).type == "pong"
