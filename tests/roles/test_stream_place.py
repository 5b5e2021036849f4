"""Where a stream goes on in a log in which others are too."""

import asyncio

import pytest
from gateway_support import NormLog
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import Numbered

from ledgerflux.core.snapshot import Position
from ledgerflux.roles import stream_place
from ledgerflux.roles.stream_place import StreamPlace
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.norm import unpack
from ledgerflux.wire.record import Kind, decode
from ledgerflux.wire.subjects import NORM, norm_subject

TRADES = ("trades", "BTC-USD")


async def place_of(log, seq, epoch="run1"):
    subject = norm_subject(log.partition, log.venue)
    return await StreamPlace(log.bus, subject, TRADES).find(Position(epoch, seq))


def ends_of(log) -> dict[int, int]:
    """Return, by the seq that a message of trades continues, the sequence of its record."""
    found = {}
    for stored in log.bus.shared.streams[NORM].messages:
        record = decode(stored.payload, stored.sequence)
        for batch in unpack(record.body) if record.kind is Kind.EVENTS else []:
            if (batch.channel, batch.product) == TRADES and batch.epoch == "run1":
                last = batch.last_seq if batch.type == "gap" else batch.first_seq
                for seq in range(batch.first_seq, last + 1):
                    found[seq - 1] = stored.sequence
    return found


step = st.sampled_from(["trade", "trades_missing", "update", "other", "quiet", "write"])


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(step, max_size=80))
async def test_every_place_at_which_a_message_ended_is_found_and_no_other(steps):
    log, other = await NormLog(MemoryBus()).open(), Numbered("ETH-USD")
    log.source.begin("run0").trade().trade()
    await log.write()
    log.source.begin("run1").snapshot().trade()
    await log.write()
    for what in steps:
        match what:
            case "write":
                await log.write(other)
            case "quiet":
                for _ in range(20):
                    other.update()
                    await log.write(other)
            case "other":
                other.trade()
            case _:
                getattr(log.source, what)()
    await log.write(other)
    held = ends_of(log)
    for seq in range(log.source.seqs["trades"] + 2):
        assert await place_of(log, seq) == held.get(seq), seq


async def test_in_an_empty_log_and_past_what_may_be_looked_at_nothing_is_found(monkeypatch):
    log = NormLog(MemoryBus())
    assert await place_of(log, 0) is None
    await log.open()
    log.source.trade()
    await log.write()
    assert await place_of(log, 0) is not None
    monkeypatch.setattr(stream_place, "LOOKED_MAX", 0)
    assert await place_of(log, 0) is None


async def test_what_fell_to_the_limit_of_the_log_is_not_found():
    log = await NormLog(MemoryBus()).open()
    for _ in range(20):
        log.source.trade()
        await log.write()
    del log.bus.shared.streams[NORM].messages[:10]
    found = [seq for seq in range(20) if await place_of(log, seq) is not None]
    assert found == list(range(found[0], 20))
    assert 5 < found[0] < 12


async def test_the_end_of_a_quiet_log_is_not_waited_for():
    log, other = await NormLog(MemoryBus()).open(), Numbered("ETH-USD")
    log.source.trade()
    await log.write()
    async with asyncio.timeout(5):
        for _ in range(3 * stream_place.SINGLE_MAX):
            other.update()
            await log.write(other)
            assert await place_of(log, 0) == ends_of(log)[0]


@pytest.mark.parametrize("seq", [0, 3])
async def test_between_other_products_records_it_is_found_all_the_same(seq):
    log, other = await NormLog(MemoryBus()).open(), Numbered("ETH-USD")
    for _ in range(4):
        log.source.trade()
        await log.write()
        for _ in range(300):
            other.update()
            await log.write(other)
    assert await place_of(log, seq) == ends_of(log)[seq]
