"""Records that nobody of ours wrote: the partition stops and says so, the others go on."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from gateway_support import NormLog, Stack, conf, followed, running, until
from hostile import made, rows
from raw_records import AT_NS, WRITE, opening

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.core.limits import Limits
from ledgerflux.core.sharding import partition_of
from ledgerflux.errors import Fenced, LogError
from ledgerflux.roles import gateway_partition, keeper
from ledgerflux.roles.keeper import Keeper
from ledgerflux.roles.normalize import Normalize
from ledgerflux.roles.partition_writer import PartitionWriter
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.clock import ManualClock
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.record import Kind, decode, draft, encode, pack_frames
from ledgerflux.wire.session import encode_note
from ledgerflux.wire.subjects import (
    NORM,
    RAW,
    SNAP,
    live_subject,
    norm_subject,
    raw_subject,
    snap_subject,
)

SECOND = 1_000_000_000
VENUE = "coinbase-exchange"
BOOK = [("buy", "3", "1"), ("sell", "6", "1")]


def spoiled(spoil, tail, kind, body):
    """The record that would follow `tail`, spoiled as the row says."""
    if "replace" in spoil:
        return made(spoil["replace"])
    item = draft(kind, 1, body, a=tail.b, b=tail.b + 1)
    payload, _ = encode(
        item,
        number=tail.number + spoil.get("number", 1),
        term=tail.term + spoil.get("term", 0),
        publish_ns=AT_NS,
        previous_crc=spoil.get("previous_crc", tail.crc),
    )
    payload = bytearray(payload[: spoil.get("keep", len(payload))])
    for place, value in spoil.get("bytes", ()):
        payload[place] = payload[place] ^ 1 if value == "flip" else value
    return bytes(payload)


def removed(bus, stream, sequence):
    """Take one message out of a stream, as an operator would."""
    messages = bus.shared.streams[stream].messages
    messages[:] = [stored for stored in messages if stored.sequence != sequence]


# -- what the gateway reads --------------------------------------------------------------


@pytest.mark.parametrize("row", rows("records"))
async def test_a_gateway_stops_at_a_record_that_was_never_written(row, monkeypatch):
    monkeypatch.setattr(gateway_partition, "RELOAD_S", 0.1)
    async with running(feed=conf("BTC-USD", "ETH-USD")) as stack:
        btc, eth = [await NormLog(stack.bus, product).open() for product in ("BTC-USD", "ETH-USD")]
        for log in (btc, eth):
            log.source.snapshot()
            await log.write()
        await until(lambda: stack.served(btc) and stack.served(eth))
        client = await stack.client()
        await client.subscribe("level2", "BTC-USD", "ETH-USD")
        while not all(mirror.live for mirror in client.follower.mirrors.values()):
            await client.next()

        bad = spoiled(row["spoil"], btc.writer.tail, Kind.EVENTS, b"\n" * 8)
        subject = norm_subject(btc.partition, VENUE)
        sequence = await stack.bus.append(NORM, subject, bad, expected_last=None)
        gap = await client.next_of("gap")
        assert (gap.product_id, gap.state, gap.cause) == ("BTC-USD", "stale", "store")
        vitals = stack.gateway.vitals()
        assert vitals.state == "degraded"
        assert row["code"] in vitals.reason or row["code"] == "follows"
        heads = stack.get("/v1/status")["heads"]
        assert (heads["BTC-USD"]["state"], heads["ETH-USD"]["state"]) == ("stale", "live")
        eth.source.update()
        await eth.write()
        assert (await client.next_of("update")).product_id == "ETH-USD"
        for _ in range(3):  # as long as the record stands there, that is told, and told once
            await asyncio.sleep(gateway_partition.RELOAD_S)
            assert stack.gateway.vitals().counts["losses"] == 1
            assert stack.gateway.vitals().reason == vitals.reason

        removed(stack.bus, NORM, sequence)
        if row["code"] == "follows":
            await btc.save()
            return
        mirror = client.follower.mirrors["level2", "BTC-USD"]
        while not mirror.live:
            await client.next()
        assert mirror.book.bids() == btc.source.book.bids()
        await until(lambda: stack.gateway.vitals().state == "ready")


@pytest.mark.parametrize("row", rows("records"))
async def test_a_gateway_that_starts_behind_a_record_that_was_never_written_serves_the_others(row):
    stack = Stack(Limits())
    await write_feed(stack.bus, conf("BTC-USD", "ETH-USD"))
    btc, eth = [await NormLog(stack.bus, product).open() for product in ("BTC-USD", "ETH-USD")]
    for log in (btc, eth):
        log.source.snapshot()
        await log.write()
    bad = spoiled(row["spoil"], btc.writer.tail, Kind.EVENTS, b"\n" * 8)
    await stack.bus.append(NORM, norm_subject(btc.partition, VENUE), bad, expected_last=None)
    task = asyncio.create_task(stack.gateway.run())
    try:
        await until(lambda: task.done() or stack.gateway.vitals().state == "degraded")
        assert not task.done(), task.exception()
        await until(lambda: task.done() or stack.served(eth))
        heads = stack.get("/v1/status")["heads"]
        assert (heads["BTC-USD"]["state"], heads["ETH-USD"]["state"]) == ("stale", "live")
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_gateway_survives_a_checkpoint_that_was_never_written_and_tells_it_once(
    monkeypatch,
):
    monkeypatch.setattr(gateway_partition, "RELOAD_S", 0.01)
    stack = Stack(Limits())
    await write_feed(stack.bus, conf("BTC-USD", "ETH-USD"))
    eth = await NormLog(stack.bus, "ETH-USD").open()
    eth.source.snapshot()
    await eth.write()
    subject = snap_subject(partition_of("BTC-USD"), VENUE, 0)
    await stack.bus.append(SNAP, subject, b"hello from another program", expected_last=None)
    task = asyncio.create_task(stack.gateway.run())
    try:
        await until(lambda: task.done() or stack.served(eth))
        assert not task.done(), task.exception()
        assert stack.gateway.vitals().state == "degraded"
        await asyncio.sleep(10 * gateway_partition.RELOAD_S)
        assert stack.gateway.vitals().counts["losses"] == 1
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_what_anybody_says_on_the_live_subject_changes_nothing():
    async with running() as stack:
        log, client = await followed(stack)
        await client.next_of("snapshot")
        for row in rows("records"):
            bad = spoiled(row.values[0]["spoil"], log.writer.tail, Kind.EVENTS, b"\n")
            await stack.bus.publish(live_subject(log.partition, VENUE), bad)
        log.source.update()
        await log.write()
        assert (await client.next_of("update")).seq == 2
        assert [message.type for message in client.messages].count("gap") == 0
        counts = stack.gateway.vitals().counts
        assert counts["foreign"] + counts["live_holes"] == len(rows("records"))


# -- what a normalizer reads -------------------------------------------------------------


class Raw:
    """One product's RAW partition, and the events made of it."""

    def __init__(self, bus, clock, product):
        self.product, self.bus = product, bus
        self.partition = partition_of(product)
        self.subject = raw_subject(self.partition, VENUE)
        self.writer = PartitionWriter(bus, clock, RAW, self.subject, writer=f"w{product}")

    async def open(self):
        await self.writer.open()
        note = encode_note(opening(products=[self.product]))
        await self.writer.append(draft(Kind.SESSION, 0, note))
        await self.say("snapshot", BOOK)
        return self

    async def say(self, kind, what):
        frame = WRITE[VENUE](0, (kind, self.product, what))
        await self.writer.append(draft(Kind.FRAMES, 1, pack_frames([(AT_NS, frame)])))

    def covered(self):
        """The last RAW number that NORM holds the events of."""
        subject = norm_subject(self.partition, VENUE)
        records = (
            decode(stored.payload)
            for stream, held in self.bus.shared.streams.items()
            for stored in held.messages
            if stream == NORM and stored.subject == subject
        )
        return max((record.b for record in records), default=0)


@asynccontextmanager
async def normalizing(monkeypatch):
    monkeypatch.setattr(keeper, "RETRY_S", 0.05)
    monkeypatch.setattr(keeper, "SETTLED_NS", 100_000_000)
    bus, clock = MemoryBus(), SystemClock()
    await write_feed(bus, conf("BTC-USD", "ETH-USD"))
    btc, eth = [await Raw(bus, clock, product).open() for product in ("BTC-USD", "ETH-USD")]
    role = Normalize(bus.connect(), clock, shard=0, shards=1, writer="n")
    task = asyncio.create_task(role.run())
    try:
        yield bus, role, btc, eth
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()


@pytest.mark.parametrize("row", rows("records"))
async def test_a_normalizer_stops_one_partition_at_a_record_that_was_never_written(
    row, monkeypatch
):
    async with normalizing(monkeypatch) as (bus, role, btc, eth):
        for log in (btc, eth):
            await until(lambda log=log: log.covered() == log.writer.tail.number)
        frame = WRITE[VENUE](0, ("update", "BTC-USD", [("buy", "4", "1")]))
        bad = spoiled(row["spoil"], btc.writer.tail, Kind.FRAMES, pack_frames([(AT_NS, frame)]))
        sequence = await bus.append(RAW, btc.subject, bad, expected_last=None)
        await until(lambda: role.vitals().counts["stops"], 20)
        vitals = role.vitals()
        assert vitals.state == "degraded"
        assert f"partition {btc.partition:02d} stopped: " in vitals.reason
        assert row["code"] in vitals.reason
        away = {part.partition: part.away for part in vitals.partitions}
        assert away == {btc.partition: True, eth.partition: False}
        await eth.say("update", [("buy", "2", "1")])
        await until(lambda: eth.covered() == eth.writer.tail.number)
        assert btc.covered() == btc.writer.tail.number

        removed(bus, RAW, sequence)
        if row["code"] != "follows":
            await until(lambda: role.vitals().state == "ready", 20)


# -- the keeper --------------------------------------------------------------------------


class _Run:
    def __init__(self, *errors):
        self.errors = list(errors)

    async def __call__(self):
        if self.errors:
            raise self.errors.pop(0)
        await asyncio.Event().wait()


async def test_a_partition_is_opened_again_after_growing_pauses():
    clock = ManualClock()
    kept, start_ns = Keeper(clock, 7), clock.monotonic_ns()
    bad = LogError("record 3 is not the one that was written")
    run = _Run(bad, ExceptionGroup("a", [ExceptionGroup("b", [bad])]), bad)
    task = asyncio.create_task(kept.keep(run))
    await until(lambda: kept.stops_total == 3 and clock.monotonic_ns() - start_ns == 35 * SECOND)
    assert kept.trouble == "partition 07 stopped: record 3 is not the one that was written"
    clock.advance(2)
    assert kept.trouble == ""
    task.cancel()
    await asyncio.wait([task])


async def test_a_partition_that_is_cancelled_while_its_log_stops_it_ends():
    async def run():
        try:
            await asyncio.Event().wait()
        finally:
            raise LogError("bad")

    task = asyncio.create_task(Keeper(ManualClock(), 7).keep(run))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()


@pytest.mark.parametrize(
    "error",
    [
        Fenced("held by another"),
        ExceptionGroup("a", [Fenced("held by another")]),
        ExceptionGroup("a", [LogError("bad"), RuntimeError("a bug")]),
        RuntimeError("a bug"),
    ],
)
async def test_everything_but_a_broken_log_goes_through(error):
    with pytest.raises(type(error)):
        await Keeper(ManualClock(), 7).keep(_Run(error))
