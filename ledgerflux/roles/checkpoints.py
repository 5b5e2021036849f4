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
            stored = await bus.last(SNAP, snap_subject(partition, venue, part))
            other, piece = checkpoint.head(stored.payload) if stored else (None, b"")
            if other is None or other.id != head.id:
                break  # a newer one is being written: its part 0 will follow
            pieces.append(piece)
        if len(pieces) == head.parts:
            return await asyncio.to_thread(checkpoint.decode, b"".join(pieces))
        await asyncio.sleep(LOAD_WAIT_S)
    raise LogError(f"the checkpoint of partition {partition:02d} of {venue} is not whole")
