"""Save and load a partition's checkpoint in MD_SNAP."""

import asyncio

from ledgerflux.errors import LogError
from ledgerflux.model.checkpoint import PartitionCheckpoint
from ledgerflux.ports import Bus
from ledgerflux.wire import checkpoint
from ledgerflux.wire.subjects import SNAP, snap_subject

LOAD_TRIES = 50
LOAD_WAIT_S = 0.1


async def save(bus: Bus, saved: PartitionCheckpoint) -> None:
    """Store `saved`; part 0 is written last and makes it the newest.

    Raises:
        BusError: Not stored, or nobody knows: the one before is still whole.
    """
    body = await asyncio.to_thread(checkpoint.encode, saved)
    identity = f"{saved.raw_number}-{saved.norm_number}-{saved.norm_crc:08x}"
    parts = checkpoint.split(body, identity)
    for part in range(len(parts) - 1, -1, -1):
        subject = snap_subject(saved.partition, saved.venue, part)
        await bus.append(SNAP, subject, parts[part], expected_last=None)


async def load(bus: Bus, partition: int, venue: str) -> PartitionCheckpoint | None:
    """Return the newest whole checkpoint, None where there is none.

    Raises:
        LogError: Parts don't fit each other, however often they are read.
        BusError: The bus does not answer.
    """
    for _ in range(LOAD_TRIES):
        first = await bus.last(SNAP, snap_subject(partition, venue, 0))
        if first is None:
            return None
        head, piece = checkpoint.head(first.payload)
        pieces = [piece]
        for part in range(1, head.parts):
            found = await _piece(bus, snap_subject(partition, venue, part), head.id)
            if found is None:
                break  # newer ones pushed it out: their part 0 will follow
            pieces.append(found)
        if len(pieces) == head.parts:
            return await asyncio.to_thread(checkpoint.decode, b"".join(pieces))
        await asyncio.sleep(LOAD_WAIT_S)
    raise LogError(f"the checkpoint of partition {partition:02d} of {venue} is not whole")


async def _piece(bus: Bus, subject: str, identity: str) -> bytes | None:
    """Return the piece of checkpoint `identity` among the few that `subject` still holds.

    The newest is not always the one: a writer that died before its part 0 leaves parts of a
    checkpoint that never was.
    """
    sequence = 1
    while True:
        stored = await bus.next(SNAP, subject, sequence)
        if stored is None:
            return None
        head, piece = checkpoint.head(stored.payload)
        if head.id == identity:
            return piece
        sequence = stored.sequence + 1
