"""The role gateway: a NORM log in, messages of clients out."""

import asyncio
import json

import msgspec
import pytest
from gateway_support import VENUE, NormLog, Stack, conf, running, served_log, until
from streams import Numbered

from ledgerflux.adapters.ws_listener import PING_S
from ledgerflux.core.limits import Limits
from ledgerflux.errors import FeedError
from ledgerflux.ports import Response
from ledgerflux.roles.gateway_health import KEYS_MAX, HealthBoard
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.clock import ManualClock
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.health import Health, ServiceHealth, SupervisorHealth


async def test_a_client_gets_the_book_and_every_update_in_order():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot()
        await log.write()
        client = await stack.client()
        await until(lambda: stack.served(log))
        await client.subscribe("level2")
        await client.next_of("snapshot")
        for _ in range(20):
            log.source.update()
            await log.write()
        while (message := await client.next()).seq < 21:
            assert message.type == "update"
        mirror = client.follower.mirrors["level2", "BTC-USD"]
        assert mirror.live
        assert mirror.book.bids() == log.source.book.bids()


async def test_the_welcome_says_venue_source_and_limits():
    async with running() as stack:
        await stack.ready()
        client = await stack.client("/ws")
        welcome = client.messages[0]
        assert (welcome.venue, welcome.source) == (VENUE, "synthetic:1")
        assert welcome.connection_id == "c1"
        assert welcome.limits["subscriptions_max"] == 200
        assert json.loads(welcome.raw)["system"] == "degraded", "no other role was heard of"
        assert json.loads(welcome.raw)["ping_interval_ms"] == PING_S * 1000


async def test_a_gateway_starts_from_the_checkpoint_and_what_follows_it():
    stack_limits = Limits()
    stack = Stack(stack_limits)
    log = await NormLog(stack.bus).open()
    log.source.snapshot().trade()
    await log.write()
    log.source.update()
    await log.write()
    await log.save()
    log.source.update(("buy", "98", "1")).trade()
    await log.write()
    await write_feed(stack.bus, conf())
    task = asyncio.create_task(stack.gateway.run())
    try:
        await stack.ready()
        client = await stack.client()
        await client.subscribe("level2")
        snapshot = await client.next_of("snapshot")
        assert (snapshot.epoch, snapshot.seq, snapshot.state) == ("run1", 3, "live")
        assert client.follower.mirrors["level2", "BTC-USD"].book.bids() == log.source.book.bids()
        answer = await client.subscribe("trades")
        assert answer.streams["BTC-USD"].seq == 2
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_every_message_a_gateway_can_send_is_as_described():
    limits = Limits(requests_per_s=1000, requests_burst=1000)
    async with running(limits) as stack:
        log = await NormLog(stack.bus).open()
        client = await stack.client()
        await stack.ready()
        for channel in ("level2", "trades", "ticker", "status"):
            await client.subscribe(channel)
        await client.subscribe("heartbeats")
        await client.ask("subscribe", channel="system")
        await client.ask("ping", nonce="n")
        log.source.status("syncing").snapshot().trade().ticker().update()
        log.source.gap(missing=3).snapshot().trades_missing()
        await log.write()
        log.source.begin("run2").snapshot()
        await log.write()
        await client.next_of("heartbeat")
        while (await client.next()).channel != "system":
            pass
        await client.ask("subscriptions")
        await client.ask("snapshot", channel="level2", product_ids=["*"])
        await client.ask("unsubscribe", channel="system")
        await client.ask("subscribe", channel="nonsense")
        await client.ask("nonsense")
        seen = {(message.channel, message.type) for message in client.messages}
    assert seen >= {
        ("", "welcome"),
        ("level2", "subscribed"),
        ("system", "unsubscribed"),
        ("", "pong"),
        ("", "subscriptions"),
        ("level2", "requested"),
        ("", "error"),
        ("level2", "snapshot"),
        ("level2", "update"),
        ("level2", "gap"),
        ("trades", "trade"),
        ("trades", "gap"),
        ("ticker", "ticker"),
        ("ticker", "gap"),
        ("status", "status"),
        ("status", "gap"),
        ("heartbeats", "heartbeat"),
        ("system", "status"),
    }


async def test_trades_begin_where_the_answer_says():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.trade().trade()
        await log.write()
        await until(lambda: stack.served(log))
        client = await stack.client()
        answer = await client.subscribe("trades")
        assert (answer.streams["BTC-USD"].epoch, answer.streams["BTC-USD"].seq) == ("run1", 2)
        log.source.trade()
        await log.write()
        trade = await client.next_of("trade")
        assert (trade.prev_seq, trade.seq) == (2, 3)


async def test_the_last_ticker_and_the_state_are_sent_at_once():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.status("syncing").ticker("1").ticker("2")
        await log.write()
        await until(lambda: stack.served(log))
        client = await stack.client()
        await client.subscribe("ticker")
        assert (await client.next_of("ticker")).tickers()[0].price == "2"
        await client.subscribe("status")
        assert (await client.next_of("status")).statuses()[0].state == "syncing"


async def test_another_run_is_another_epoch_for_clients():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        client = await stack.client()
        await stack.ready()
        log.source.snapshot()
        await log.write()
        await until(lambda: stack.served(log))
        await client.subscribe("level2")
        await client.next_of("snapshot")
        await write_feed(stack.bus, conf(run="run2"))
        log.source.begin("run2").snapshot([("5", "5")], [])
        await log.write()
        gap = await client.next_of("gap")
        assert (gap.cause, gap.epoch, gap.to_seq) == ("epoch", "run2", 0)
        snapshot = await client.next_of("snapshot")
        assert (snapshot.reason, snapshot.epoch, snapshot.prev_seq) == ("epoch", "run2", 0)


async def test_other_products_in_the_feed_are_served_and_old_ones_are_not():
    async with running() as stack:
        eth = await NormLog(stack.bus, "ETH-USD").open()
        client = await stack.client()
        await stack.ready()
        await client.subscribe("trades", "*")
        await write_feed(stack.bus, conf("ETH-USD"))
        gone = await client.next_of("unsubscribed")
        assert gone.product_ids == ["BTC-USD"]
        joined = await client.next_of("subscribed")
        assert (joined.product_ids, joined.req_id) == (["ETH-USD"], None)
        eth.source.trade()
        await eth.write()
        await client.next_of("trade")
        assert [item["product_id"] for item in stack.get("/v1/products")["products"]] == ["ETH-USD"]


async def test_new_products_join_by_the_pattern_they_match():
    async with running(feed=conf("BTC-USD", "ETH-EUR")) as stack:
        await stack.ready()
        client = await stack.client()
        answer = json.loads((await client.subscribe("trades", "*-USD", "SOL-*")).raw)
        assert (answer["product_ids"], answer["patterns"]) == (["BTC-USD"], ["*-USD", "SOL-*"])
        assert answer["warnings"] == ['no product matches "SOL-*" yet']
        beats = await client.subscribe("heartbeats", "*-EUR", "SOL-*")
        assert beats.product_ids == ["ETH-EUR"]
        await write_feed(stack.bus, conf("BTC-USD", "ETH-EUR", "SOL-EUR", "ADA-EUR"))
        joined = await client.next_of("subscribed")
        assert (joined.product_ids, json.loads(joined.raw)["pattern"]) == (["SOL-EUR"], "SOL-*")
        log = await NormLog(stack.bus, "SOL-EUR").open()
        log.source.trade()
        await log.write()
        assert (await client.next_of("trade")).product_id == "SOL-EUR"
        assert set((await client.next_of("heartbeat")).heads) == {"ETH-EUR", "SOL-EUR", "ADA-EUR"}
        left = await client.ask("unsubscribe", channel="trades", product_ids=["SOL-*"])
        assert left.product_ids == ["SOL-EUR"]


async def test_a_client_may_ask_what_it_follows_and_for_its_books_again():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot().update()
        await log.write()
        await until(lambda: stack.served(log))
        client = await stack.client()
        await client.subscribe("level2", "BTC-*")
        await client.next_of("snapshot")
        told = json.loads((await client.ask("subscriptions")).raw)
        assert [(item["product_id"], item["place"]["seq"]) for item in told["subscriptions"]] == [
            ("BTC-USD", 2)
        ]
        answer = await client.ask("snapshot", channel="level2", product_ids=["BTC-USD"])
        assert (answer.type, answer.product_ids) == ("requested", ["BTC-USD"])
        assert (await client.next_of("snapshot")).reason == "requested"
        answer = await client.ask("snapshot", channel="level2", product_ids=["BTC-USD"])
        assert (answer.code, answer.retryable) == ("throttled", True)
        assert 0 < answer.retry_after_ms <= 1_000
        answer = await client.ask("snapshot", channel="level2", product_ids=["*"], venue="other")
        assert answer.code == "unknown_venue"


async def test_another_venue_begins_anew():
    async with running() as stack:
        await stack.ready()
        client = await stack.client()
        await client.subscribe("level2")
        await client.next_of("snapshot")
        await write_feed(stack.bus, conf(venue="coinbase-advanced"))
        await client.next_of("unsubscribed")
        log = await NormLog(stack.bus, venue="coinbase-advanced").open()
        log.source.snapshot()
        await log.write()
        await until(lambda: stack.served(log))
        await client.subscribe("level2", venue="coinbase-advanced")
        snapshot = await client.next_of("snapshot")
        assert (snapshot.venue, snapshot.integrity) == ("coinbase-advanced", "sequence")


async def test_unsubscribed_means_no_more_of_it():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        await stack.ready()
        client = await stack.client()
        await client.subscribe("trades")
        await client.subscribe("level2")
        await client.ask("unsubscribe", channel="trades", product_ids=["BTC-USD"])
        log.source.trade().snapshot()
        await log.write()
        await client.next_of("snapshot")
        assert not [message for message in client.messages if message.type == "trade"]


async def test_heartbeats_tell_heads_for_the_products_asked_for():
    async with running(feed=conf("BTC-USD", "ETH-USD")) as stack:
        await served_log(stack)
        everything, one = await stack.client(), await stack.client()
        await everything.ask("subscribe", channel="heartbeats")
        await one.subscribe("heartbeats", "BTC-USD")
        assert set((await everything.next_of("heartbeat")).heads) == {"BTC-USD", "ETH-USD"}
        beat = await one.next_of("heartbeat")
        assert beat.heads == {
            "BTC-USD": {
                "epoch": "run1",
                "level2": 1,
                "trades": 0,
                "state": "live",
                "integrity": "none",
            }
        }
        assert (await one.next_of("heartbeat")).counter == beat.counter + 1


async def test_the_status_sums_what_roles_report():
    async with running() as stack:
        await stack.ready()
        now_ns = stack.gateway._clock.now_ns()
        ingest = Health("ingest", "0", 7, "degraded", now_ns, now_ns, reason="no venue")
        child = ServiceHealth("nats", 8, "ready", 0.1, 1, 0, now_ns)
        boss = SupervisorHealth(9, now_ns, "synthetic:1", "process", 4, 77, [child])
        await stack.bus.put("LF_HEALTH", "ingest.0", msgspec.json.encode(ingest))
        await stack.bus.put("LF_HEALTH", "supervisor.local", msgspec.json.encode(boss))
        await until(lambda: stack.get("/v1/status")["disk_bytes"] == 77)
        status = stack.get("/v1/status")
        assert status["schema"] == "lf.status/1"
        assert "ingest is degraded: no venue" in status["problems"]
        assert [item["name"] for item in status["services"]] == ["nats"]
        assert status["source"] == "synthetic:1"


async def test_health_records_that_cannot_be_read_are_counted_and_old_ones_forgotten():
    board = HealthBoard(MemoryBus(), ManualClock())
    board.hear("ingest.0", b"nonsense")
    assert (board.unreadable_total, board.healths) == (1, {})
    for number in range(KEYS_MAX + 3):
        record = Health("ingest", str(number), 7, "ready", 0, 0)
        board.hear(record.key, msgspec.json.encode(record))
    assert len(board.healths) == KEYS_MAX
    assert "ingest.2" not in board.healths


async def test_products_are_listed_with_where_they_stand():
    async with running() as stack:
        log = await served_log(stack)
        assert stack.get("/v1/products") == {
            "schema": "lf.products/1",
            "venue": VENUE,
            "products": [
                {
                    "product_id": "BTC-USD",
                    "partition": log.partition,
                    "integrity_rule": "none",
                    "epoch": "run1",
                    "level2": 1,
                    "trades": 0,
                    "state": "live",
                    "integrity": "none",
                }
            ],
        }


async def test_mounted_routes_are_answered_too():
    stack = Stack(Limits())
    stack.gateway.mount({"/ready": lambda _: Response(200, "text/plain", b"yes")})
    task = asyncio.create_task(stack.gateway.run())
    try:
        await until(lambda: stack.gateway.port)
        assert stack.listener.get("/ready").body == b"yes"
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_before_a_source_is_known_the_gateway_is_starting():
    stack = Stack(Limits())
    assert stack.gateway.vitals().reason == "not listening yet"
    task = asyncio.create_task(stack.gateway.run())
    try:
        await until(lambda: stack.gateway.port)
        assert stack.gateway.vitals()[:2] == ("starting", "waiting for a source")
        assert stack.gateway.status().problems == [
            "no feed is configured yet: ingest has not started"
        ]
        client = await stack.client()
        assert client.messages[0].venue == ""
        answer = await client.ask("subscribe", channel="trades", product_ids=["BTC-USD"])
        assert (answer.code, answer.retryable) == ("not_ready", True)
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_the_end_of_the_role_closes_clients_with_1012():
    async with running() as stack:
        draws = iter([0.1, 0.5, 0.9])
        stack.gateway._random = lambda: next(draws)
        clients = [await stack.client() for _ in range(3)]
        await stack.ready()
        for client in clients[:2]:
            await client.subscribe("trades")
    told = []
    for client in clients:
        assert await client.closed() == (1012, "restart")
        goodbye = client.messages[-1]
        told.append((goodbye.type, goodbye.code, goodbye.reconnect, goodbye.reconnect_after_ms))
    assert told == [("goodbye", 1012, True, delay_ms) for delay_ms in (500, 2500, 4500)]
    with pytest.raises(FeedError):
        stack.listener.connect("/v1/ws")


async def test_a_client_that_does_not_read_holds_up_no_stop():
    async with running() as stack:
        await stack.ready()
        reads, never = await stack.client(), await stack.client(window_bytes=1)
        await never.memory.ask('{"method":"ping"}')
        await until(lambda: never.memory._unread)
    assert await reads.closed() == (1012, "restart")
    assert reads.messages[-1].type == "goodbye"
    assert never.memory.closed == (1012, "restart")


async def test_a_gateway_that_stops_lets_nobody_in():
    async with running() as stack:
        await stack.ready()
        stack.gateway._door.shut()
        with pytest.raises(FeedError, match="503"):
            await stack.client()


async def test_several_products_of_one_partition_are_one_stream_each():
    async with running(feed=conf("BTC-USD", "ETH-USD")) as stack:
        log = await NormLog(stack.bus).open()
        stranger = Numbered("NOT-SERVED")
        log.source.snapshot()
        stranger.snapshot()
        await log.write(stranger)
        await until(lambda: stack.served(log))
        client = await stack.client()
        assert (await client.subscribe("level2", "*")).product_ids == ["BTC-USD", "ETH-USD"]
        answer = await client.ask("subscribe", channel="trades", product_ids=["NOT-SERVED"])
        assert json.loads(answer.raw)["product_ids"] == ["NOT-SERVED"]
