"""Looks after the NATS server now and then, beside a role's work."""

from collections.abc import Awaitable, Callable, Iterator

from ledgerflux.core.nats_state import NatsState, StreamNumbers
from ledgerflux.errors import BusError
from ledgerflux.ports import Clock
from ledgerflux.telemetry.measures import Sample

LOOK_EVERY_S = 5.0

Monitor = Callable[[], Awaitable[NatsState]]
"""Returns how the server is; raises BusError."""


class NatsWatch:
    """Holds what the server said last, and whether it answered the last time.

    Without a monitor nothing is asked, and nothing told.
    """

    def __init__(self, clock: Clock, monitor: Monitor | None) -> None:
        self._clock = clock
        self._monitor = monitor
        self._state: NatsState | None = None
        self._up = False

    @property
    def durability(self) -> str:
        """Return what the server's acknowledged data survives; empty while nobody knows."""
        return self._state.durability if self._state is not None else ""

    async def run(self) -> None:
        """Look until cancelled."""
        if self._monitor is None:
            return
        while True:
            await self._look(self._monitor)
            await self._clock.sleep(LOOK_EVERY_S)

    async def _look(self, monitor: Monitor) -> None:
        try:
            self._state = await monitor()
        except BusError:
            self._up = False
        else:
            self._up = True

    def measures(self) -> Iterator[Sample]:
        """Yield what the server said; of one that does not answer only that."""
        if self._monitor is None:
            return
        yield Sample("nats_monitor_up", self._up)
        if self._up and self._state is not None:
            yield from _server(self._state)


def _server(state: NatsState) -> Iterator[Sample]:
    yield Sample("nats_connections", state.connections)
    yield Sample("nats_memory_bytes", state.memory_bytes)
    yield Sample("nats_slow_consumers_total", state.slow_consumers_total)
    yield Sample("jetstream_sync_always", state.sync_always)
    if state.storage_bytes_max:
        used = state.storage_bytes / state.storage_bytes_max
        yield Sample("jetstream_storage_used_ratio", used)
    for stream in state.streams:
        yield from _stream(stream)


def _stream(stream: StreamNumbers) -> Iterator[Sample]:
    own = (stream.name,)
    yield Sample("jetstream_stream_messages", stream.messages, own)
    yield Sample("jetstream_stream_bytes", stream.size_bytes, own)
    yield Sample("jetstream_stream_first_sequence", stream.first_sequence, own)
    yield Sample("jetstream_stream_last_sequence", stream.last_sequence, own)
    if stream.bytes_max is not None:
        yield Sample("jetstream_stream_limit_bytes", stream.bytes_max, own)
