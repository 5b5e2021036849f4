"""A checkpoint is loaded whole or not at all, whatever its writer died of."""

import msgspec
import pytest

from ledgerflux.errors import AppendInDoubt, BusError, LogError
from ledgerflux.model.checkpoint import PartitionCheckpoint, ProductCheckpoint
from ledgerflux.roles import checkpoints
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire import checkpoint
from ledgerflux.wire.subjects import SNAP, snap_subject

VENUE = "coinbase-advanced"


def made(raw_number, *, levels=60):
    """A checkpoint whose bytes take several parts of `small_parts`."""
    product = ProductCheckpoint(
        product="BTC-USD",
        epoch="r1",
        state="live",
        seqs={"level2": raw_number, "trades": 0, "ticker": 0, "status": 1},
        last_trade_id=None,
        last_price=None,
        last_size=None,
        top=(None, None),
        bids=[(f"{raw_number * 7919 * n % 99991}.5", f"{n * n}") for n in range(1, levels)],
        asks=[],
        book_exchange_ns=None,
        book_receive_ns=0,
    )
    return PartitionCheckpoint(
        partition=7,
        venue=VENUE,
        run="r1",
        connection="c1",
        channels=["level2"],
        expected=0,
        raw_number=raw_number,
        raw_crc=1,
        raw_sequence=2,
        norm_number=raw_number,
        norm_crc=4,
        norm_sequence=5,
        counts={},
        products=[product],
    )


@pytest.fixture
def bus():
    return MemoryBus()


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(checkpoint, "PART_BYTES_MAX", 200)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(checkpoints, "LOAD_WAIT_S", 0)
    monkeypatch.setattr(checkpoints, "LOAD_TRIES", 3)


def parts_of(saved):
    return len(checkpoint.split(checkpoint.encode(saved), "x"))


async def load(bus):
    return await checkpoints.load(bus, 7, VENUE)


async def test_where_nothing_was_saved_there_is_none(bus):
    assert await load(bus) is None


async def test_what_was_saved_is_loaded(bus):
    await checkpoints.save(bus, made(3))
    assert await load(bus) == made(3)
    assert await checkpoints.load(bus, 8, VENUE) is None
    assert await checkpoints.load(bus, 7, "coinbase-exchange") is None


@pytest.mark.usefixtures("small_parts")
async def test_the_newest_of_many_is_loaded_however_many_parts_each_has(bus):
    for raw_number, levels in ((1, 60), (2, 200), (3, 20), (4, 60)):
        saved = made(raw_number, levels=levels)
        assert parts_of(saved) > 1
        await checkpoints.save(bus, saved)
        assert await load(bus) == saved


@pytest.mark.usefixtures("small_parts", "impatient")
async def test_a_writer_that_dies_anywhere_leaves_the_one_before_whole(bus):
    await checkpoints.save(bus, made(1))
    parts = parts_of(made(2))
    assert parts >= 3
    for survived in range(parts):
        dying = bus.connect()
        for _ in range(survived):
            dying.fail_append()
        await save_until(dying, made(2), survived)
        assert await load(bus) == made(1)
    await checkpoints.save(bus, made(3))
    assert await load(bus) == made(3)


async def save_until(bus, saved, appends):
    """Save over a connection that is lost after `appends` of them."""
    append = bus.append

    async def limited(*args, **kwargs):
        bus.down = bus.appends_total >= appends
        return await append(*args, **kwargs)

    bus.append = limited
    with pytest.raises(BusError):
        await checkpoints.save(bus, saved)


@pytest.mark.usefixtures("small_parts")
async def test_a_lost_answer_is_an_error_and_the_checkpoint_may_stand(bus):
    dying = bus.connect()
    await checkpoints.save(bus, made(1))
    for fault in ("lose-ack", "lose-append"):
        dying.fail_append(fault)
        with pytest.raises(AppendInDoubt):
            await checkpoints.save(dying, made(2))
        assert await load(bus) == made(1)


@pytest.mark.usefixtures("small_parts")
async def test_a_reader_in_the_middle_of_a_save_gets_the_one_before_or_the_new_one(bus):
    await checkpoints.save(bus, made(1))
    parts = checkpoint.split(checkpoint.encode(made(2)), "2-2")
    seen = []
    for part in range(len(parts) - 1, -1, -1):
        await bus.append(SNAP, snap_subject(7, VENUE, part), parts[part], expected_last=None)
        seen.append((await load(bus)).raw_number)
    assert seen == [1] * (len(parts) - 1) + [2]


@pytest.mark.usefixtures("small_parts", "impatient")
async def test_a_checkpoint_whose_parts_are_gone_is_an_error_not_a_wrong_book(bus):
    await checkpoints.save(bus, made(1))
    held = bus.shared.streams[SNAP]
    lost = snap_subject(7, VENUE, 1)
    held.messages = [stored for stored in held.messages if stored.subject != lost]
    with pytest.raises(LogError, match="partition 07 of coinbase-advanced is not whole"):
        await load(bus)


@pytest.mark.usefixtures("small_parts")
async def test_a_reader_whose_parts_were_pushed_out_meanwhile_looks_again(bus, monkeypatch):
    await checkpoints.save(bus, made(1))
    old = bus.shared.streams[SNAP].messages[:]
    found = checkpoints._piece

    async def pushed_out(*args):
        monkeypatch.setattr(checkpoints, "_piece", found)
        await checkpoints.save(bus, made(2))
        held = bus.shared.streams[SNAP]
        held.messages = [stored for stored in held.messages if stored not in old]
        return await found(*args)

    monkeypatch.setattr(checkpoints, "_piece", pushed_out)
    monkeypatch.setattr(checkpoints, "LOAD_WAIT_S", 0)
    assert await load(bus) == made(2)


async def test_bytes_that_are_no_checkpoint_stop_the_load(bus):
    await bus.append(SNAP, snap_subject(7, VENUE, 0), b"junk", expected_last=None)
    with pytest.raises(LogError, match="part can't be read"):
        await load(bus)


async def test_without_the_bus_nothing_is_known(bus):
    bus.down = True
    with pytest.raises(BusError):
        await load(bus)
    with pytest.raises(BusError):
        await checkpoints.save(bus, made(1))


async def test_saving_twice_what_is_the_same_is_one_checkpoint(bus):
    await checkpoints.save(bus, made(1))
    await checkpoints.save(bus, msgspec.structs.replace(made(1)))
    assert await load(bus) == made(1)
