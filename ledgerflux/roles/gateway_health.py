"""The newest health record of every role, as the gateway hears them."""

import asyncio

import msgspec

from ledgerflux.core.attendance import Attendance
from ledgerflux.ports import Bus, Clock
from ledgerflux.wire.health import HEALTH_BUCKET, Health, SupervisorHealth
from ledgerflux.wire.subjects import health_subject

SUPERVISOR = "supervisor.local"
KEYS_MAX = 512

_health = msgspec.json.Decoder(Health)
_supervisor = msgspec.json.Decoder(SupervisorHealth)


class HealthBoard:
    """Listens to `LF_HEALTH`; holds at most `KEYS_MAX` records, the oldest go.

    `attendance` is told who works on which partition; `changed` is set when another process
    took a service over, or its state is another one.
    """

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self.healths: dict[str, Health] = {}
        self.supervisor: SupervisorHealth | None = None
        self.attendance = Attendance()
        self.changed = asyncio.Event()
        self.unreadable_total = 0
        self._bus = bus
        self._clock = clock
        self._heard_ns = clock.monotonic_ns()

    @property
    def silent_ns(self) -> int:
        """Return how long nothing was heard: every role speaks once a second."""
        return self._clock.monotonic_ns() - self._heard_ns

    async def run(self) -> None:
        """Listen until cancelled."""
        async with self._bus.subscribe(health_subject()) as messages:
            async for subject, payload in messages:
                self.hear(subject.removeprefix(f"$KV.{HEALTH_BUCKET}."), payload)

    def hear(self, key: str, payload: bytes) -> None:
        """Take one record; one that can't be read is counted."""
        self._heard_ns = self._clock.monotonic_ns()
        try:
            if key == SUPERVISOR:
                before, self.supervisor = self.supervisor, _supervisor.decode(payload)
                self._compare(before and before.standing, self.supervisor.standing)
            else:
                known = self.healths.pop(key, None)
                health = self.healths[key] = _health.decode(payload)
                self._compare(known and (known.pid, known.state), (health.pid, health.state))
                for part in health.partitions:
                    if not part.away:
                        self.attendance.heard(health.role, part.partition, self._heard_ns)
        except msgspec.DecodeError:
            self.unreadable_total += 1
        while len(self.healths) > KEYS_MAX:
            del self.healths[next(iter(self.healths))]

    def _compare(self, before: object, now: object) -> None:
        if before != now:
            self.changed.set()
