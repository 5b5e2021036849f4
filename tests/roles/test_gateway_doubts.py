"""Books that a gateway can't keep right: who keeps them is silent, or the log has lost them."""

import msgspec
from gateway_support import NormLog, conf, followed, running, served_log, until
from streams import Numbered

from ledgerflux.core.sharding import partition_of
from ledgerflux.roles.gateway import Gateway
from ledgerflux.testing.clock import ManualClock
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.testing.memory_listener import MemoryListener
from ledgerflux.wire.health import Health, PartitionHealth
from ledgerflux.wire.record import Kind, draft
from ledgerflux.wire.subjects import NORM


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
        log = await served_log(stack)
        await log.writer.append(draft(Kind.EVENTS, 1, b"no index", a=1, b=2))
        await until(lambda: stack.gateway.vitals().state == "degraded")
        assert "record 3 can't be served: a NORM body has no index" in stack.gateway.vitals().reason
        assert stack.get("/v1/status")["heads"]["BTC-USD"]["state"] == "stale"
        await log.save()
        await until(lambda: stack.gateway.vitals().state == "ready")
        assert stack.get("/v1/status")["heads"]["BTC-USD"]["state"] == "live"
