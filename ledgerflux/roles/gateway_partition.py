"""One partition on its way from NORM to the clients: checkpoint first, then every record."""

from ledgerflux.core.attendance import Attendance
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.latency import LatencyWindow
from ledgerflux.errors import LogError
from ledgerflux.model.checkpoint import PartitionCheckpoint
from ledgerflux.ports import Bus, Clock
from ledgerflux.roles import checkpoints
from ledgerflux.roles.gateway_flush import Flusher
from ledgerflux.roles.log_place import head_number, place_after
from ledgerflux.roles.partition_reader import Chain, LiveReader
from ledgerflux.roles.patience import Patience
from ledgerflux.roles.turn import Turn
from ledgerflux.wire.norm import received_ns, unpack
from ledgerflux.wire.record import Kind, Record
from ledgerflux.wire.subjects import NORM, norm_subject

RELOAD_S = 1.0


class _Missing(Exception):
    """Records are not in the log, or can't be served; `first` is the next that may be."""

    def __init__(self, first: int, why: str = "") -> None:
        super().__init__(first)
        self.first = first
        self.why = why or f"records before {first} are gone"


class _Stopped(Exception):
    """What follows in the log is not what was written."""


class GatewayPartition:
    """Follows one NORM subject and publishes it to the fan-out.

    `end_to_end` is told how old the first event of each record was when it was published here.
    `number` is the last record served. Where records are missing from the log, its products
    are `stale` until a later checkpoint tells their books; where a record is not what was
    written, until it is gone.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        fanout: Fanout,
        venue: str,
        partition: int,
        *,
        flusher: Flusher,
        attendance: Attendance,
        end_to_end: LatencyWindow,
    ) -> None:
        self.partition = partition
        self.number = 0
        self.events_total = 0
        self.losses_total = 0
        self.latency = LatencyWindow()
        self._bus = bus
        self._clock = clock
        self._fanout = fanout
        self._flusher = flusher
        self._attendance = attendance
        self._end_to_end = end_to_end
        self._doubts = ""
        self._venue = venue
        self._reader = LiveReader(bus, partition, venue)
        self._patience = Patience(clock)
        self._head_at_start: int | None = None
        self._lost = ""
        self._turn = Turn()

    @property
    def holes_total(self) -> int:
        """Return how often a live message was missing and read from the log."""
        return self._reader.holes_total

    @property
    def foreign_total(self) -> int:
        """Return how many live messages were none of the log's."""
        return self._reader.foreign_total

    @property
    def ready(self) -> bool:
        """Say whether everything that was in the log at the start is served."""
        return self._head_at_start is not None and self.number >= self._head_at_start

    @property
    def trouble(self) -> str:
        """Return what is waited for, empty while all is well."""
        return self._lost or self._patience.trouble or self._doubts

    def judge(self) -> None:
        """Let no book be live that nobody keeps right; call it about once a second."""
        doubts = self._attendance.missing(self.partition, self._clock.monotonic_ns())
        if doubts:
            self._fanout.doubt(self.partition, doubts)
        elif self._doubts:
            self._fanout.trust(self.partition)
        self._doubts = doubts

    async def run(self) -> None:
        """Follow until cancelled."""
        saved = await self._load()
        self._head_at_start = await self._patience.insist(self._head)
        while True:
            self._fanout.restore(self.partition, saved)
            try:
                await self._follow(saved)
            except _Missing as missing:
                saved = await self._later(missing)
            except _Stopped as stopped:
                saved = await self._mended(str(stopped))

    async def _head(self) -> int:
        """Return the number of the newest record, 0 where it is none: following it tells."""
        try:
            return await head_number(self._bus, NORM, norm_subject(self.partition, self._venue))
        except LogError:
            return 0

    async def _load(self) -> PartitionCheckpoint | None:
        """Return the newest checkpoint, once it can be read."""
        lost, told = self._lost, ""
        while True:
            try:
                saved = await self._patience.insist(
                    lambda: checkpoints.load(self._bus, self.partition, self._venue)
                )
            except LogError as error:
                if error.message != told:
                    told = error.message
                    self._lose(told)
                await self._clock.sleep(RELOAD_S)
            else:
                self._lost = lost
                return saved

    async def _follow(self, saved: PartitionCheckpoint | None) -> None:
        number, crc, sequence = (
            (saved.norm_number, saved.norm_crc, saved.norm_sequence) if saved else (0, 0, 1)
        )
        self.number = number
        try:
            async with self._reader.follow(number, crc, sequence=sequence) as batches:
                async for records in batches:
                    for record in records:
                        self._serve(record)
                        await self._let_clients_write(len(record.body))
        except LogError as error:
            if error.code != "log_incomplete":
                raise _Stopped(error.message) from error
            raise _Missing(self.number + 2) from error

    async def _let_clients_write(self, size: int) -> None:
        """Give way after every turn: what is served in one is one write a client."""
        if self._turn.over(size):
            self._flusher.flush()
            await self._clock.sleep(0)

    def _serve(self, record: Record) -> None:
        if record.number != self.number + 1:
            raise _Missing(record.number)
        if record.kind is Kind.EVENTS:
            self._attendance.moved(self.partition, self._clock.monotonic_ns())
            if self._doubts:
                self.judge()
            try:
                batches = unpack(record.body)
                self._fanout.publish(batches, record.publish_ns)
            except LogError as error:
                why = f"record {record.number} can't be served: {error.message}"
                raise _Missing(record.number + 1, why) from error
            self.events_total += record.items
            now_ns = self._clock.now_ns()
            self.latency.add(now_ns - record.publish_ns)
            if self.ready and (receive_ns := received_ns(batches)) is not None:
                self._end_to_end.add(now_ns - receive_ns, record.items)
        self.number = record.number

    def _lose(self, why: str) -> None:
        self.losses_total += 1
        self._lost = f"partition {self.partition:02d}: {why}"
        self._fanout.lose(self.partition)

    async def _mended(self, why: str) -> PartitionCheckpoint | None:
        """Return the newest checkpoint once what follows in the log is what was written."""
        self._lose(why)
        continues = False
        while not continues:
            await self._clock.sleep(RELOAD_S)  # first: nothing that stops it again may make it spin
            continues = await self._patience.insist(self._continues)
        self._lost = ""
        return await self._load()

    async def _continues(self) -> bool:
        """Say whether the log goes on after the last record served."""
        subject = norm_subject(self.partition, self._venue)
        try:
            place = await place_after(self._bus, NORM, subject, self.number)
            chain = Chain(place.number, place.crc, place.term)
            sequence = place.sequence + (1 if place.number else 0)
            found = await self._bus.next(NORM, subject, sequence)
            if found is not None:
                chain.take(found.payload, found.sequence)
        except LogError:
            return False
        return True

    async def _later(self, missing: _Missing) -> PartitionCheckpoint:
        """Return a checkpoint after which nothing is missing, once there is one."""
        self._lose(missing.why)
        first = missing.first
        while True:
            saved = await self._load()
            if saved is not None and saved.norm_number >= first - 1:
                self._lost = ""
                return saved
            await self._clock.sleep(RELOAD_S)
