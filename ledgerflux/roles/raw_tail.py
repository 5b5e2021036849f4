"""What a partition's socket brought, on its way into RAW: frames verbatim, losses declared."""

import asyncio

from ledgerflux.core.inbox import Frames, Inbox, Lost, Note
from ledgerflux.core.latency import LatencyWindow
from ledgerflux.ports import Clock
from ledgerflux.roles.partition_writer import PartitionWriter
from ledgerflux.wire.record import Draft, Kind, draft, pack_frames
from ledgerflux.wire.session import FrameGap, encode_note

ROOM_WAIT_S = 5.0
"""A crowded inbox holds its socket back this long, once; then it is read into the room left."""
COMPRESS_ELSEWHERE_BYTES = 1024 * 1024
DRAIN_S = 4.0


class RawTail:
    """Appends what its inbox holds, in order; `connection` names where the frames come from.

    `latency` is told, for each record's frames, how long its oldest took from its receipt
    into the log.
    """

    def __init__(self, inbox: Inbox, writer: PartitionWriter, clock: Clock) -> None:
        self.connection = ""
        self.latency = LatencyWindow()
        self.stored_total = 0
        self._clock = clock
        self._inbox = inbox
        self._writer = writer
        self._held_back = False
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._idle = asyncio.Event()

    async def put(self, receive_ns: int, frame: bytes) -> bool:
        """Queue a frame, after a wait where too many are queued; return False if it is lost."""
        if self._held_back or self._inbox.crowded:
            await self._hold_back()
        taken = self._inbox.put(receive_ns, frame)
        self._wake()
        return taken

    def note(self, kind: Kind, body: bytes) -> None:
        """Queue a note of the session."""
        self._inbox.note(kind, body)
        self._wake()

    async def run(self) -> None:
        """Append what is queued, until cancelled.

        Raises:
            Fenced: Another ingest took the partition.
        """
        while True:
            while self._inbox:
                item = self._inbox.take()
                await self._writer.append(await self._record(item))
                self._room.set()
                if isinstance(item, Frames):
                    self._note_stored(item.frames)
            self._idle.set()
            self._arrived.clear()
            await self._arrived.wait()

    async def drain(self) -> None:
        """Wait until all that was received is in the log, as long as that can be hoped for."""
        try:
            async with asyncio.timeout(DRAIN_S):
                await self._idle.wait()
        except TimeoutError:
            return  # the bus is away; what is left was never acknowledged to anybody

    def close(self) -> None:
        """Give up what is still queued."""
        self._inbox.close()

    async def _hold_back(self) -> None:
        """Leave a crowded inbox time to empty before the next frame: once, until it has."""
        if not self._inbox.crowded:
            self._held_back = False
        elif not self._held_back:
            try:
                async with asyncio.timeout(ROOM_WAIT_S):
                    while self._inbox.crowded:
                        self._room.clear()
                        await self._room.wait()
            except TimeoutError:
                self._held_back = True  # the bus is away: what comes now goes into the room left

    def _note_stored(self, frames: list[tuple[int, bytes]]) -> None:
        self.stored_total += len(frames)
        self.latency.add(self._clock.now_ns() - frames[0][0], len(frames))

    async def _record(self, item: Frames | Lost | Note) -> Draft:
        match item:
            case Frames(frames):
                body = pack_frames(frames)
                if len(body) < COMPRESS_ELSEWHERE_BYTES:
                    return draft(Kind.FRAMES, len(frames), body)
                return await asyncio.to_thread(draft, Kind.FRAMES, len(frames), body)
            case Lost(count, from_ns, to_ns):
                note = FrameGap("overflow", count, from_ns, to_ns, self.connection)
                return draft(Kind.GAP, count, encode_note(note))
            case Note(kind, body):
                return draft(Kind(kind), 0, body)

    def _wake(self) -> None:
        self._idle.clear()
        self._arrived.set()
