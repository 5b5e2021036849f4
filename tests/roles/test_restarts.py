"""Restarts of ingest and normalize over one log: the events are as without them."""

import asyncio

import msgspec
import pytest
from roles_support import Pipeline, advanced_frames, digest_of

from ledgerflux.roles.ingest import Ingest
from ledgerflux.roles.normalize import Normalize
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.record import Kind, decode
from ledgerflux.wire.subjects import RAW


async def drive(pipeline, stop_after):
    """Run both roles until `stop_after` NORM appends, then kill normalize; repeat to the end."""
    await write_feed(pipeline.bus, pipeline.conf)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        ingest = group.create_task(pipeline.ingest.run())
        kills = 0
        while True:
            normalize = Normalize(
                pipeline.bus.connect(), pipeline.clock, shard=0, shards=1, writer=f"n{kills}"
            )
            pipeline.normalize = normalize
            task = asyncio.ensure_future(normalize.run())
            while not (pipeline.feed.done.is_set() and pipeline.through()):
                await asyncio.sleep(0)
                appended = sum(p.writer.appended_total for p in normalize._partitions)
                if stop_after and appended >= stop_after and kills < 5:
                    break
            else:
                task.cancel()
                break
            kills += 1
            await abandon(task, normalize)
        ingest.cancel()
    return kills


async def abandon(task, normalize):
    """End a role the way a kill does: nothing more of it reaches the bus."""
    for part in normalize._partitions:
        part._bus.down = True
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("stop_after", [1, 3, 10])
async def test_a_killed_normalizer_goes_on_where_the_log_ends(stop_after, monkeypatch):
    monkeypatch.setattr("ledgerflux.roles.normalize_partition.DRAIN_S", 0.01)
    plain = Pipeline("coinbase-advanced", ["BTC-USD", "ETH-USD"], advanced_frames(120))
    await plain.run()
    broken = Pipeline("coinbase-advanced", ["BTC-USD", "ETH-USD"], advanced_frames(120))
    kills = await drive(broken, stop_after)
    assert kills > 0
    for product in ("BTC-USD", "ETH-USD"):
        assert digest_of(broken, product) == digest_of(plain, product)


async def test_a_drained_normalizer_leaves_a_checkpoint_and_goes_on_from_it():
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], advanced_frames(50))
    await pipeline.run()
    again = Normalize(pipeline.bus.connect(), pipeline.clock, shard=0, shards=1, writer="again")
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(again.run())
        while again.vitals().state != "ready":
            await asyncio.sleep(0)
        books = {p: s.book.bids() for p, s in again._partitions[0].machine.products.items()}
        task.cancel()
    before = pipeline.normalize._partitions[0].machine.products["BTC-USD"].book.bids()
    assert books == {"BTC-USD": before}
    assert before


async def test_what_a_checkpoint_counted_is_no_part_of_a_rate():
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], advanced_frames(50))
    await pipeline.run()
    again = Normalize(pipeline.bus.connect(), pipeline.clock, shard=0, shards=1, writer="again")
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(again.run())
        told = [again.vitals()]
        while told[-1].state != "ready":
            await asyncio.sleep(0)
            told.append(again.vitals())
        task.cancel()
    assert told[-1].counts["raw_frames"] > 0
    assert {vitals.rate for vitals in told} == {0.0}
    made = sum(vitals.out_rate for vitals in told) / 1000  # a look here is a millisecond
    assert made < 5, "what the end of the session makes of two books, and none of before"


async def test_another_run_of_the_source_is_another_epoch():
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], advanced_frames(20))
    await pipeline.run()
    pipeline.conf = msgspec.structs.replace(pipeline.conf, run="r2")
    pipeline.feed.frames = advanced_frames(20)
    pipeline.feed.done.clear()
    pipeline.ingest = Ingest(
        pipeline.bus.connect(), pipeline.clock, pipeline.feed, writer="i2", random=lambda: 0.5
    )
    pipeline.normalize = Normalize(
        pipeline.bus.connect(), pipeline.clock, shard=0, shards=1, writer="n2"
    )
    await pipeline.run()
    level2 = [b for b in pipeline.batches("BTC-USD") if b.channel == "level2"]
    first_of_second = next(b for b in level2 if b.epoch == "r2")
    assert first_of_second.first_seq == 1
    assert {b.epoch for b in level2} == {"r1", "r2"}


async def test_what_does_not_fit_is_declared_as_a_gap(monkeypatch):
    monkeypatch.setattr("ledgerflux.roles.ingest.ROOM_BYTES_MAX", 2_000)
    monkeypatch.setattr("ledgerflux.roles.raw_tail.ROOM_WAIT_S", 0.01)
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], advanced_frames(200))
    pipeline.hold_ingest_after = 10
    await pipeline.run()
    counts = pipeline.normalize.vitals().counts
    assert counts["raw_gap_frames"] > 0
    assert counts["raw_frames"] + counts["raw_gap_frames"] == 201
    assert counts["sequence_holes"] == 0  # counted frames are no second hole
    gaps = [b for b in pipeline.batches("BTC-USD") if b.type == "gap" and b.channel == "level2"]
    assert len(gaps) == 1


async def test_while_the_bus_is_away_a_crowded_socket_is_held_back_once_and_nothing_is_lost(
    monkeypatch,
):
    monkeypatch.setattr("ledgerflux.roles.ingest.CROWDED_BYTES", 2_000)
    monkeypatch.setattr("ledgerflux.roles.raw_tail.ROOM_WAIT_S", 0.5)
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], advanced_frames(200))
    pipeline.hold_ingest_after = 10
    async with asyncio.timeout(30):  # held back at every frame, it would take longer
        await pipeline.run()
    counts = pipeline.normalize.vitals().counts
    assert (counts["raw_frames"], counts["raw_gap_frames"]) == (201, 0)
    assert not [b for b in pipeline.batches("BTC-USD") if b.type == "gap" and b.channel == "trades"]


async def test_an_append_that_waits_is_told(monkeypatch):
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], advanced_frames(20))
    await write_feed(pipeline.bus, pipeline.conf)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(pipeline.ingest.run())
        await pipeline.feed.done.wait()
        while pipeline.ingest.vitals().state != "ready":
            await asyncio.sleep(0)
        pipeline.ingest_bus.down = True
        (part,) = pipeline.ingest._partitions
        part.tail.note(Kind.SESSION, b"{}")
        while "NATS takes nothing for" not in pipeline.ingest.vitals().reason:
            await asyncio.sleep(0)
        assert pipeline.ingest.vitals().state == "degraded"
        pipeline.ingest_bus.down = False
        while pipeline.ingest.vitals().state != "ready":
            await asyncio.sleep(0)
        task.cancel()


async def test_a_shard_whose_session_the_log_has_lost_says_so_until_a_new_one_mends_it():
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], advanced_frames(50))
    await pipeline.run()
    bus = MemoryBus()  # the same RAW, but for its beginning; no checkpoint, no NORM
    held = pipeline.bus.shared.streams[RAW].messages
    kept = [message for message in held if decode(message.payload).kind is Kind.FRAMES][5:]
    for message in kept:
        await bus.append(RAW, message.subject, message.payload, expected_last=None)
    await write_feed(bus, pipeline.conf)
    normalize = Normalize(bus, pipeline.clock, shard=0, shards=1, writer="late")
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(normalize.run())
        while normalize.vitals().state != "degraded":
            await asyncio.sleep(0)
        assert "session" in normalize.vitals().reason
        pipeline.feed.frames = advanced_frames(20)
        ingest = Ingest(
            bus.connect(), pipeline.clock, pipeline.feed, writer="late", random=lambda: 0.5
        )
        tasks = [task, group.create_task(ingest.run())]
        while normalize.vitals().partitions[0].states != {"BTC-USD": "live"}:
            await asyncio.sleep(0)
        assert normalize.vitals().state == "ready"
        for task in tasks:
            task.cancel()


async def test_an_ingest_in_whose_session_the_log_lost_its_beginning_makes_a_new_one():
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], advanced_frames(5)[:3])
    await write_feed(pipeline.bus, pipeline.conf)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        ingest = group.create_task(pipeline.ingest.run())
        await pipeline.feed.done.wait()
        raw = pipeline.bus.shared.streams[RAW]
        while len(raw.messages) < 4:
            await asyncio.sleep(0)
        raw.messages[:] = [m for m in raw.messages if decode(m.payload).kind is Kind.FRAMES][-1:]
        pipeline.feed.frames = advanced_frames(5)[:4]  # of the next connection
        tasks = [ingest, group.create_task(pipeline.normalize.run())]
        while not pipeline.normalize.vitals().partitions:
            await asyncio.sleep(0)
        while pipeline.normalize.vitals().partitions[0].states != {"BTC-USD": "live"}:
            await asyncio.sleep(0)
        assert pipeline.normalize.vitals().state == "ready"
        for task in tasks:
            task.cancel()
