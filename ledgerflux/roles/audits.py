"""What is checked of a stored log: chains, ranges, numbers, bytes. Pure, record by record."""

from collections import Counter
from hashlib import sha256
from typing import Any

import msgspec

from ledgerflux.errors import LogError
from ledgerflux.model.stream import Gap
from ledgerflux.ports import TradeRow
from ledgerflux.roles.normalizer import Normalizer
from ledgerflux.roles.partition_reader import Chain
from ledgerflux.venues.base import Venue
from ledgerflux.wire import norm
from ledgerflux.wire.record import Kind, Record, decode
from ledgerflux.wire.session import FrameGap, SessionClose, SessionOpen, decode_note

PROBLEMS_MAX = 20

_raw_events = msgspec.json.Decoder(list[msgspec.Raw])
_trades = msgspec.json.Decoder(list[norm.TradeEvent])
_gaps = msgspec.json.Decoder(list[Gap])


class Problems:
    """What was found wrong, the first ones in words, all of them counted."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.total = 0

    def add(self, text: str) -> None:
        """Note one problem."""
        self.total += 1
        if len(self.texts) < PROBLEMS_MAX:
            self.texts.append(text)


class ChainAudit:
    """Checks the numbers and crcs of one subject's records."""

    def __init__(self, subject: str, problems: Problems) -> None:
        self.subject = subject
        self.first_number = 0
        self.records = 0
        self._problems = problems
        self._chain = Chain(0, 0)

    @property
    def last_number(self) -> int:
        """Return the number of the last record seen."""
        return self._chain.number

    def take(self, payload: bytes) -> Record | None:
        """Return the record in `payload`, None for a marker; problems are noted."""
        try:
            return self._checked(payload)
        except LogError as error:
            self._problems.add(f"{self.subject}: {error}")
            return None

    def _checked(self, payload: bytes) -> Record | None:
        record = decode(payload)
        if record.kind is Kind.MARKER:
            return None
        self.records += 1
        if self.first_number == 0:
            self.first_number = record.number
            if record.number > 1:  # older ones fell to the stream's limit
                return self._chain.restart(payload, 0)
        taken = self._chain.take(payload)
        if taken is None:
            self._problems.add(f"{self.subject}: record {record.number} stands there twice")
        return taken


class RawAudit:
    """Counts what one RAW subject holds, by run of the source.

    `uncounted` are sessions that ended without goodbye: declared, but nobody knows how many
    frames were under way. `session_frames` are those of the session that is open.
    """

    def __init__(self, subject: str, problems: Problems) -> None:
        self.chain = ChainAudit(subject, problems)
        self.frames: Counter[str] = Counter()
        self.gap_frames: Counter[str] = Counter()
        self.uncounted: Counter[str] = Counter()
        self.session_frames = 0
        self._run = ""
        self._open = False

    def take(self, payload: bytes) -> Record | None:
        """Take one message in; return its record."""
        record = self.chain.take(payload)
        if record is None:
            return None
        if record.kind is Kind.FRAMES:
            self.frames[self._run] += record.items
            self.session_frames += record.items
        elif record.kind in (Kind.SESSION, Kind.GAP):
            self._note(record)
        return record

    def _note(self, record: Record) -> None:
        match decode_note(record.body):
            case SessionOpen(run):
                if self._open and run == self._run:  # the process before it was killed
                    self.uncounted[run] += 1
                self._run, self._open, self.session_frames = run, True, 0
            case SessionClose(complete=complete):
                self.uncounted[self._run] += not complete
                self._open, self.session_frames = False, 0
            case FrameGap(_, frames):
                self.gap_frames[self._run] += frames or 0
                self.session_frames += frames or 0
                self.uncounted[self._run] += frames is None
            case _:
                pass


class StreamDigest:
    """Events and their bytes, per (product, channel): equal digests, equal streams."""

    def __init__(self) -> None:
        self.events: Counter[tuple[str, str]] = Counter()
        self._hashes: dict[tuple[str, str], Any] = {}

    def take(self, batch: norm.Batch) -> None:
        """Take in the events of `batch`, however records grouped them."""
        key = (batch.product, batch.channel)
        digest = self._hashes.get(key)
        if digest is None:
            digest = self._hashes[key] = sha256()
        head = f"{batch.type} {batch.epoch} ".encode()
        for event in _raw_events.decode(batch.body):
            digest.update(head + bytes(event) + b"\n")
            self.events[key] += 1

    def hexdigests(self) -> dict[tuple[str, str], str]:
        """Return the SHA-256 of every stream's events."""
        return {key: digest.hexdigest() for key, digest in self._hashes.items()}


class NormAudit:
    """Checks one NORM subject: ranges join, seqs are +1; collects digests and trades.

    Trade ids are +1 too, but for those that a gap of the stream names.
    """

    def __init__(self, subject: str, venue: str, problems: Problems) -> None:
        self.chain = ChainAudit(subject, problems)
        self.digest = StreamDigest()
        self.trades: list[TradeRow] = []
        self.trade_numbers: list[int] = []
        self.gaps = 0
        self.first_a: int | None = None
        self.last_b = 0
        self._venue = venue
        self._problems = problems
        self._seqs: dict[tuple[str, str], tuple[str, int]] = {}
        self._ids: dict[tuple[str, str], int] = {}

    def take(self, payload: bytes) -> None:
        """Take one message in."""
        record = self.chain.take(payload)
        if record is None:
            return
        if self.first_a is None:
            self.first_a = record.a
        elif record.a != self.last_b:
            self._problems.add(
                f"{self.chain.subject}: record {record.number} starts after RAW {record.a}, "
                f"the one before ended at {self.last_b}"
            )
        self.last_b = record.b
        if record.kind is Kind.EVENTS:
            for batch in norm.unpack(record.body):
                self._batch(record, batch)

    def _batch(self, record: Record, batch: norm.Batch) -> None:
        key = (batch.product, batch.channel)
        expected = self._expected(key, batch)
        if batch.first_seq != expected:
            self._problems.add(
                f"{batch.product} {batch.channel}: seq {batch.first_seq} in epoch "
                f"{batch.epoch}, expected {expected}"
            )
        self._seqs[key] = (batch.epoch, batch.last_seq)
        self.digest.take(batch)
        self.gaps += batch.items if batch.type == "gap" else 0
        if batch.type == "gap" and batch.channel == "trades":
            for gap in _gaps.decode(batch.body):
                self._follow_ids(batch, gap.from_id, gap.to_id)
        if batch.type == "trade":
            for seq, event in enumerate(_trades.decode(batch.body), batch.first_seq):
                if event.seq != seq:
                    self._problems.add(f"{batch.product}: trade seq {event.seq} stands at {seq}")
                self._follow_ids(batch, event.trade_id, event.trade_id)
                self.trade_numbers.append(record.number)
                self.trades.append(_row(self._venue, batch, event))

    def _follow_ids(self, batch: norm.Batch, first: int | None, last: int | None) -> None:
        """Note the trade ids that the stream tells or names as missing, in order."""
        if first is None or last is None:
            return
        key = (batch.product, batch.epoch)
        before = self._ids.get(key)
        if before is not None and first != before + 1:
            self._problems.add(
                f"{batch.product}: trade id {first} follows {before}, no gap names the others"
            )
        self._ids[key] = last

    def _expected(self, key: tuple[str, str], batch: norm.Batch) -> int:
        """Return the seq that must come next; anything may, where the oldest records are gone."""
        before = self._seqs.get(key)
        if before is None:
            return batch.first_seq if self.chain.first_number > 1 else 1
        return before[1] + 1 if before[0] == batch.epoch else 1


def _row(venue: str, batch: norm.Batch, event: norm.TradeEvent) -> TradeRow:
    return TradeRow(
        venue,
        batch.product,
        batch.epoch,
        event.seq,
        event.trade_id,
        event.price,
        event.size,
        event.side,
        None,
        0,
    )


class Renormalizer:
    """Makes a partition's events again from its RAW records, as a shard would."""

    def __init__(self, venue: Venue, upto: int) -> None:
        self.digest = StreamDigest()
        self.upto = upto
        self._normalizer = Normalizer(venue)

    def take(self, record: Record) -> None:
        """Take in the next RAW record; those after `upto` are not in NORM yet."""
        if record.number > self.upto:
            return
        for batch in self._normalizer.take(record).batches:
            self.digest.take(batch)
