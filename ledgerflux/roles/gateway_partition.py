"""One partition on its way from NORM to the clients: checkpoint first, then every record."""

from ledgerflux.core.fanout import Fanout
from ledgerflux.core.latency import LatencyWindow
from ledgerflux.errors import LogError
from ledgerflux.model.checkpoint import PartitionCheckpoint
from ledgerflux.ports import Bus, Clock
from ledgerflux.roles import checkpoints
from ledgerflux.roles.log_place import head_number
from ledgerflux.roles.partition_reader import LiveReader
from ledgerflux.roles.patience import Patience
from ledgerflux.wire.norm import unpack
from ledgerflux.wire.record import Kind, Record
from ledgerflux.wire.subjects import NORM, norm_subject

RELOAD_S = 1.0
TURN_BYTES = 32 * 1024


class _Missing(Exception):
    """Records were no longer in the log when they were wanted; `first` is the next there is."""

    def __init__(self, first: int) -> None:
        super().__init__(first)
        self.first = first


class GatewayPartition:
    """Follows one NORM subject and publishes it to the fan-out.

    `number` is the last record served. Where records are missing from the log, its products
    are `stale` until a later checkpoint tells their books.
    """

    def __init__(self, bus: Bus, clock: Clock, fanout: Fanout, venue: str, partition: int) -> None:
        self.partition = partition
        self.number = 0
        self.events_total = 0
        self.losses_total = 0
        self.latency = LatencyWindow()
        self._bus = bus
        self._clock = clock
        self._fanout = fanout
        self._venue = venue
        self._reader = LiveReader(bus, partition, venue)
        self._patience = Patience(clock)
        self._head_at_start: int | None = None
        self._lost = ""
        self._turn_bytes = 0

    @property
    def holes_total(self) -> int:
        """Return how often a live message was missing and read from the log."""
        return self._reader.holes_total

    @property
    def ready(self) -> bool:
        """Say whether everything that was in the log at the start is served."""
        return self._head_at_start is not None and self.number >= self._head_at_start

    @property
    def trouble(self) -> str:
        """Return what is waited for, empty while all is well."""
        return self._lost or self._patience.trouble

    async def run(self) -> None:
        """Follow until cancelled.

        Raises:
            LogError: A record of the log can't be what was written.
        """
        saved = await self._load()
        subject = norm_subject(self.partition, self._venue)
        self._head_at_start = await self._patience.insist(
            lambda: head_number(self._bus, NORM, subject)
        )
        while True:
            self._fanout.restore(self.partition, saved)
            try:
                await self._follow(saved)
            except _Missing as missing:
                saved = await self._later(missing.first)

    async def _load(self) -> PartitionCheckpoint | None:
        return await self._patience.insist(
            lambda: checkpoints.load(self._bus, self.partition, self._venue)
        )

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
                raise
            raise _Missing(self.number + 2) from error

    async def _let_clients_write(self, size: int) -> None:
        """Give way after every `TURN_BYTES`: what is served in one turn is one write a client."""
        self._turn_bytes += size
        if self._turn_bytes >= TURN_BYTES:
            self._turn_bytes = 0
            await self._clock.sleep(0)

    def _serve(self, record: Record) -> None:
        if record.number != self.number + 1:
            raise _Missing(record.number)
        if record.kind is Kind.EVENTS:
            self._fanout.publish(unpack(record.body), record.publish_ns)
            self.events_total += record.items
            self.latency.add(self._clock.now_ns() - record.publish_ns)
        self.number = record.number

    async def _later(self, first: int) -> PartitionCheckpoint:
        """Return a checkpoint after which nothing is missing, once there is one."""
        self.losses_total += 1
        self._lost = f"partition {self.partition:02d}: records before {first} are gone"
        self._fanout.lose(self.partition)
        while True:
            saved = await self._load()
            if saved is not None and saved.norm_number >= first - 1:
                self._lost = ""
                return saved
            await self._clock.sleep(RELOAD_S)
