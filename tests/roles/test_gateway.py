"""The role gateway: a NORM log in, messages of clients out, whatever happens between."""

import asyncio
import json

import msgspec
import pytest
from gateway_support import VENUE, NormLog, Stack, conf, followed, running, until
from streams import Numbered

from ledgerflux.core.limits import Limits
from ledgerflux.core.sharding import partition_of
from ledgerflux.errors import FeedError
from ledgerflux.ports import Response
from ledgerflux.roles.gateway import Gateway
from ledgerflux.roles.gateway_health import KEYS_MAX, HealthBoard
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.clock import ManualClock
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.testing.memory_listener import MemoryListener
from ledgerflux.wire.health import Health, PartitionHealth, ServiceHealth, SupervisorHealth
from ledgerflux.wire.record import Kind, draft
from ledgerflux.wire.subjects import NORM


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
        await client.ask("unsubscribe", channel="system")
        await client.ask("subscribe", channel="nonsense")
        await client.ask("nonsense")
        seen = {(message.channel, message.type) for message in client.messages}
    assert seen >= {
        ("", "welcome"),
        ("level2", "subscribed"),
        ("system", "unsubscribed"),
        ("", "pong"),
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
        assert stack.gateway.vitals().counts["fell_behind"] >= 2


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
        assert client.messages[-1].code == "idle"


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
        assert client.messages[-1].code == "protocol_error"


async def test_binary_messages_end_the_connection():
    async with running() as stack:
        client = await stack.client()
        await client.memory.ask(b"\x00")
        assert await client.closed() == (1003, "text messages only")
        assert client.messages[-1].code == "bad_request"


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
        log = await NormLog(stack.bus).open()
        log.source.snapshot()
        await log.write()
        await until(lambda: stack.served(log))
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


def at_work(role, *, away=False) -> bytes:
    part = PartitionHealth(partition_of("BTC-USD"), ["BTC-USD"], away=away)
    return msgspec.json.encode(Health(role, "0", 7, "ready", 0, 0, partitions=[part]))


async def test_a_book_that_nobody_keeps_right_is_stale_until_somebody_does(monkeypatch):
    async with running() as stack:
        log, client = await followed(stack)
        mirror = client.follower.mirrors["level2", "BTC-USD"]
        await until_live(client, mirror)
        monkeypatch.setattr("ledgerflux.core.attendance.SILENCE_NS", 400_000_000)
        gap = await client.next_of("gap")
        assert (gap.cause, gap.state, gap.to_seq) == ("store", "stale", gap.from_seq - 1)
        assert "no ingest of partition" in gap.detail
        assert not mirror.live
        assert stack.gateway.vitals().state == "degraded"
        assert stack.gateway.status().heads["BTC-USD"].state == "stale"
        for role, away in (("ingest", False), ("normalize", True)):
            stack.gateway._board.hear(f"{role}.0", at_work(role, away=away))
        part, _ = stack.gateway._followers[log.partition]
        part.judge()
        stale = stack.gateway.status().heads["BTC-USD"].state == "stale"
        assert stale, "one that reads its past keeps nothing right"
        for role in ("ingest", "normalize"):
            stack.gateway._board.hear(f"{role}.0", at_work(role))
        part.judge()
        monkeypatch.setattr("ledgerflux.core.attendance.SILENCE_NS", 60_000_000_000)
        await until_live(client, mirror)
        log.source.update()
        await log.write()
        assert (await client.next_of("update")).seq == 2
        assert mirror.live


async def test_events_that_come_are_told_from_a_book_that_is_live_again(monkeypatch):
    monkeypatch.setattr("ledgerflux.core.attendance.SILENCE_NS", 400_000_000)
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot()
        await log.write()
        await until(lambda: stack.gateway.status().heads["BTC-USD"].state == "stale")
        client = await stack.client()
        await client.subscribe("level2")
        mirror = client.follower.mirrors["level2", "BTC-USD"]
        assert (await client.next_of("snapshot")).state == "stale"
        monkeypatch.setattr("ledgerflux.core.attendance.SILENCE_NS", 60_000_000_000)
        log.source.update()
        await log.write()
        while not (mirror.live and mirror.position.seq == 2):
            await client.next()


async def until_live(client, mirror):
    while not mirror.live:
        await client.next()


async def test_a_bus_that_is_silent_is_told_in_the_status_of_the_stack():
    clock = ManualClock()
    gateway = Gateway(
        MemoryBus(), clock, MemoryListener(), host="127.0.0.1", port=0, new_identity=lambda: "c"
    )
    told = [text for text in gateway.status().problems if "NATS" in text]
    assert not told
    clock.advance(3)
    assert "NATS has been silent for 3 s: the rest is from before" in gateway.status().problems
    gateway._board.hear("ingest.0", b"{}")
    assert not [text for text in gateway.status().problems if "NATS" in text]


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
        (served,) = stack.gateway._clients
        await until(lambda: served._waiting_for_room and not served.session.takes_requests)
        assert 500 <= stack.gateway.vitals().counts["queued_bytes"] < 2_400
        assert len(client.memory._requests) > 150
        for _ in range(200):
            assert (await client.next()).type == "pong"


async def test_products_are_listed_with_where_they_stand():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot()
        await log.write()
        await until(lambda: stack.served(log))
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


async def test_records_gone_from_the_log_are_told_and_a_checkpoint_mends_it():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot().trade()
        await log.write()
        await until(lambda: stack.served(log))
        client = await stack.client()
        await client.subscribe("level2")
        await client.next_of("snapshot")
        await client.subscribe("trades")
        stack.bus.shared.republish = {}  # the gateway hears nothing of what follows
        for _ in range(3):
            log.source.update().trade()
            await log.write()
        stack.bus.truncate(NORM, keep_last=1)
        gap = await client.next_of("gap")
        assert (gap.cause, gap.state, gap.to_seq) == ("store", "stale", gap.from_seq - 1)
        assert stack.gateway.vitals().state == "degraded"
        assert stack.get("/v1/status")["heads"]["BTC-USD"]["state"] == "stale"
        await log.save()
        mended = client.follower.mirrors["level2", "BTC-USD"]
        while not mended.live:
            await client.next()
        assert mended.book.bids() == log.source.book.bids()
        await until(lambda: stack.gateway.vitals().state == "ready")
        assert stack.gateway.vitals().counts["losses"] == 1


async def test_a_lost_record_makes_stale_whose_streams_do_not_show_it():
    names = (f"A{number}-USD" for number in range(1000))
    other = next(name for name in names if partition_of(name) == partition_of("BTC-USD"))
    async with running(feed=conf("BTC-USD", other)) as stack:
        log, neighbour = await NormLog(stack.bus).open(), Numbered(other)
        log.source.snapshot()
        neighbour.snapshot()
        await log.write(neighbour)
        await until(lambda: stack.served(log))
        stack.bus.shared.republish = {}  # the gateway hears nothing of what follows
        log.source.update()
        await log.write()
        neighbour.update()
        await log.write(neighbour)
        stack.bus.truncate(NORM, keep_last=1)
        await until(lambda: stack.gateway.vitals().state == "degraded")
        heads = stack.get("/v1/status")["heads"]
        assert {heads[name]["state"] for name in ("BTC-USD", other)} == {"stale"}


async def test_a_record_that_can_not_be_served_waits_for_a_checkpoint_past_it():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot()
        await log.write()
        await until(lambda: stack.served(log))
        await log.writer.append(draft(Kind.EVENTS, 1, b"no index", a=1, b=2))
        await until(lambda: stack.gateway.vitals().state == "degraded")
        assert "record 3 can't be served: a NORM body has no index" in stack.gateway.vitals().reason
        assert stack.get("/v1/status")["heads"]["BTC-USD"]["state"] == "stale"
        await log.save()
        await until(lambda: stack.gateway.vitals().state == "ready")
        assert stack.get("/v1/status")["heads"]["BTC-USD"]["state"] == "live"


async def test_the_end_of_the_role_closes_clients_with_1012():
    async with running() as stack:
        client = await stack.client()
        await stack.ready()
    assert await client.closed() == (1012, "restart")
    with pytest.raises(FeedError):
        stack.listener.connect("/v1/ws")


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
