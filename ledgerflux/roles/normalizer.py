"""RAW records in, NORM content out: dialect, machine and encoding put together, no I/O."""

from typing import NamedTuple

from ledgerflux.core.partition_normalizer import PartitionNormalizer
from ledgerflux.core.partition_notes import Resync
from ledgerflux.errors import LogError
from ledgerflux.model.checkpoint import PartitionCheckpoint
from ledgerflux.venues.base import Refused, Venue
from ledgerflux.wire import norm
from ledgerflux.wire.record import Kind, Record, unpack_frames
from ledgerflux.wire.session import FrameGap, SessionClose, SessionOpen, decode_note

UNKNOWN_SAMPLES_MAX = 64
FRAMES = Kind.FRAMES
# Makes a NamedTuple in half the time of calling it.
_new = tuple.__new__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


class DeadLetter(NamedTuple):
    """Refused bytes, where they stand in RAW (record number, frame in it), and why.

    `receive_ns` is when the frame was received.
    """

    number: int
    place: int
    reason: str
    detail: str
    frame: bytes
    receive_ns: int


class Output(NamedTuple):
    """What one RAW record made; `items` is how many events are in `batches`."""

    batches: list[norm.Batch]
    items: int
    resyncs: list[Resync]
    dead: list[DeadLetter]
    newest_receive_ns: int


class Normalizer:
    """One partition of one venue, from RAW record to NORM batches."""

    def __init__(self, venue: Venue, machine: PartitionNormalizer | None = None) -> None:
        self.venue = venue
        self.machine = machine or PartitionNormalizer()
        self._unknown: set[str] = set()

    def take(self, record: Record) -> Output:
        """Return what `record` makes; records must come in order.

        Raises:
            LogError: The record's body can't be read.
        """
        dead: list[DeadLetter] = []
        newest_ns = 0
        if record.kind is FRAMES:
            newest_ns = self._frames(record, dead)
        else:
            self._other(record)
        made, resyncs = self.machine.take()
        if dead:
            self.machine.counts["dlq"] += len(dead)
        return _new(Output, (norm.batches(made), len(made), resyncs, dead, newest_ns))

    def lost(self, first: int, last: int, receive_ns: int) -> Output:
        """RAW records `first` to `last` fell to the stream's limit before they were read."""
        self.machine.lost("store", None, receive_ns)
        self.machine.counts["raw_records_lost"] += last - first + 1
        made, resyncs = self.machine.take()
        return Output(norm.batches(made), len(made), resyncs, [], receive_ns)

    def _frames(self, record: Record, dead: list[DeadLetter]) -> int:
        """Take the frames of a record; return when the last was received."""
        parse, machine = self.venue.parse, self.machine
        receive_ns = 0
        for index, (receive_ns, frame) in enumerate(unpack_frames(record.body)):
            try:
                parsed = parse(frame)
            except Refused as refused:
                why = (refused.reason, refused.detail)
                dead.append(DeadLetter(record.number, index, *why, frame, receive_ns))
                machine.refused(refused.reason, self.venue.sequence(frame), receive_ns)
                continue
            notices = machine.frame(parsed, receive_ns)
            if notices:
                dead += [
                    DeadLetter(record.number, index, *notice, frame, receive_ns)
                    for notice in notices
                    if notice.reason != "unknown" or self._sampled(notice.detail)
                ]
        return receive_ns

    def _sampled(self, kind: str) -> bool:
        """Keep one of each unknown kind or product: the first tells all."""
        if kind in self._unknown or len(self._unknown) >= UNKNOWN_SAMPLES_MAX:
            return False
        self._unknown.add(kind)
        return True

    def _other(self, record: Record) -> None:
        match record.kind:
            case Kind.SESSION | Kind.GAP:
                self._note(record)
            case Kind.TERM:
                pass  # who writes is no matter of what was written
            case _:
                raise LogError(f"RAW record {record.number} is of kind {record.kind.name}")

    def _note(self, record: Record) -> None:
        match decode_note(record.body):
            case SessionOpen(run, connection, _, products, channels, receive_ns):
                self.machine.open(run, connection, products, channels, receive_ns)
            case SessionClose(_, reason, receive_ns, complete):
                self.machine.close(reason, receive_ns, complete=complete)
            case FrameGap(cause, frames, _, to_ns, _):
                self.machine.lost(cause, frames, to_ns)
            case _:
                raise LogError(f"RAW record {record.number} holds a marker's note")

    def checkpoint(
        self, partition: int, *, raw: tuple[int, int, int], norm_end: tuple[int, int, int]
    ) -> PartitionCheckpoint:
        """Return the state after the last record taken.

        `raw` and `norm_end` are (number, crc, stream sequence) of the last RAW record taken
        and of the NORM record that covers it.
        """
        session, expected, counts, products = self.machine.checkpoint()
        return PartitionCheckpoint(
            partition=partition,
            venue=self.venue.name,
            run=session.run,
            connection=session.connection,
            channels=list(session.channels),
            expected=expected,
            raw_number=raw[0],
            raw_crc=raw[1],
            raw_sequence=raw[2],
            norm_number=norm_end[0],
            norm_crc=norm_end[1],
            norm_sequence=norm_end[2],
            counts=counts,
            products=products,
            session_start=session.start,
            session_beat=session.beat,
        )
