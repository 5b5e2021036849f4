"""Refused bytes in MD_DLQ: each once, exactly as it came, whatever the bus does meanwhile."""

import asyncio
import random

import pytest
from gateway_support import until
from roles_support import Pipeline

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.core.sharding import partition_of
from ledgerflux.errors import AppendInDoubt
from ledgerflux.roles.ingest import Ingest
from ledgerflux.roles.normalize import Normalize
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.dead_letter import decode_letter
from ledgerflux.wire.record import Kind, decode, unpack_frames
from ledgerflux.wire.subjects import DLQ, RAW, dlq_subject

VENUE, BTC = "coinbase-exchange", "BTC-USD"
REFUSED = {b"\xff\n\0 no text": "encoding", b"": "malformed", b' {"type":"match"} ': "malformed"}


async def letters_of(frames):
    """Return the subject, head and content of each letter, and the frames by their place in RAW."""
    pipeline = Pipeline(VENUE, [BTC], frames)
    await pipeline.run()
    streams = pipeline.bus.shared.streams
    raw = [decode(stored.payload) for stored in streams[RAW].messages]
    places = {
        (record.number, place): frame
        for record in raw
        if record.kind is Kind.FRAMES
        for place, (_, frame) in enumerate(unpack_frames(record.body))
    }
    letters = [(stored.subject, *decode_letter(stored.payload)) for stored in streams[DLQ].messages]
    return letters, places


async def test_refused_bytes_stand_in_md_dlq_exactly_as_they_came():
    letters, places = await letters_of(list(REFUSED))
    assert {content: head.reason for _, head, content in letters} == REFUSED
    for subject, head, content in letters:
        assert subject == dlq_subject(partition_of(BTC), head.reason)
        assert (head.venue, head.partition) == (VENUE, partition_of(BTC))
        assert places[head.raw_number, head.frame] == content
        assert head.detail
        assert head.receive_ns > 0


@pytest.mark.parametrize("stored_first", [False, True])
async def test_a_letter_whose_answer_is_lost_is_kept_once(monkeypatch, stored_first):
    append, faults = MemoryBus.append, [1, 1, 1]

    async def failing(self, stream, *place, **more):
        fault = stream == DLQ and faults and faults.pop()
        if fault and not stored_first:
            raise AppendInDoubt("no answer")
        sequence = await append(self, stream, *place, **more)
        if fault:
            raise AppendInDoubt("no answer")
        return sequence

    monkeypatch.setattr(MemoryBus, "append", failing)
    letters, _ = await letters_of(list(REFUSED))
    assert [content for _, _, content in letters] == list(REFUSED)
    assert not faults


LARGE = {
    "that shrinks in RAW": b"x" + b" " * 9_000_000,
    "that shrinks nowhere": random.Random(7).randbytes(9_000_000),
}


@pytest.mark.slow
@pytest.mark.parametrize("frame", LARGE.values(), ids=LARGE)
async def test_a_frame_larger_than_a_message_of_the_bus_holds_nothing_up(own_nats, frame):
    """Whatever a socket takes must fit into a message, also where it does not shrink."""
    pipeline = Pipeline(VENUE, [BTC], [frame, b"{bad"])
    async with own_nats.open() as bus:
        await write_feed(bus, pipeline.conf)
        roles = (
            Ingest(bus, SystemClock(), pipeline.feed, writer="i", random=lambda: 0.5),
            Normalize(bus, SystemClock(), shard=0, shards=1, writer="n"),
        )
        tasks = [asyncio.create_task(role.run()) for role in roles]
        try:
            last = dlq_subject(partition_of(BTC), "malformed")
            async with asyncio.timeout(20):
                letter = None
                while letter is None or not letter.payload.endswith(b"{bad"):
                    await asyncio.sleep(0.05)
                    letter = await bus.last(DLQ, last)
            await until(lambda: roles[0].vitals().state == "ready")
            assert roles[0].vitals().counts["append_doubts"] == 0
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
