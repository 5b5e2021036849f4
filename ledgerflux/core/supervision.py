"""When each child process is started, started again, given up and stopped.

States of a service and what moves between them::

    starting --ready--> ready --exit--> restarting --started--> starting
    starting --exit--> restarting, or failed after DEATHS_MAX without ever being ready
    any --exit 2, 5 or 6--> failed        (trying again can't help)
    any --renew, exit--> restarting       (somebody asked for it: at once, and no death)
    ready --exit 0 of a service that ends--> stopped
    any --stop, exit--> stopped

A service is started once everything it needs is ready, and asked to stop once everything
that needs it has gone. A dependency that dies takes nobody with it: clients reconnect.

This file knows no process, signal or clock: the caller reports what happened and at what
time, and carries out the actions it gets back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ledgerflux.model.units import NANOS_PER_MS, NANOS_PER_S

BACKOFF_MIN_NS = 200 * NANOS_PER_MS
BACKOFF_MAX_NS = 5 * NANOS_PER_S
STEADY_NS = 30 * NANOS_PER_S
"""Alive this long, a service's next death starts from the shortest back-off again."""
DEATHS_MAX = 3
"""Deaths of a service that was never ready before it is given up."""
FINAL_CODES = frozenset({2, 5, 6})
"""Usage, prerequisite, fenced: the same start would end the same way."""

State = Literal["starting", "ready", "restarting", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Service:
    """One child to look after.

    Attributes:
        name: Unique in its stack.
        needs: Services that must be ready before it starts.
        grace_ns: It is killed when still alive this long after the stack began to stop.
        ends: Exit code 0 is the end of its work, not a death.
    """

    name: str
    needs: tuple[str, ...] = ()
    grace_ns: int = 3 * NANOS_PER_S
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """Start the process of service `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the process of service `name` to stop."""

    name: str


@dataclass(frozen=True, slots=True)
class Kill:
    """End the process of service `name` at once."""

    name: str


Action = Start | Ask | Kill


@dataclass(slots=True)
class Standing:
    """How a service stands: `pid` while it has a process, `since_ns` when `state` began.

    `exit_code`, `exited_ns` and `detail` are of the last death.
    """

    service: Service
    state: State
    since_ns: int
    pid: int | None = None
    restarts: int = 0
    exit_code: int | None = None
    exited_ns: int = 0
    detail: str = ""
    was_ready: bool = False
    launching: bool = False
    asked: bool = False
    started_ns: int = 0
    retry_ns: int = 0
    deaths: int = 0
    renewed_ns: int | None = None
    """When its process was asked to end, to be started anew."""

    @property
    def name(self) -> str:
        """Return the service's name."""
        return self.service.name

    @property
    def active(self) -> bool:
        """Say whether it has a process, or is about to get one."""
        return self.pid is not None or self.launching

    @property
    def fine(self) -> bool:
        """Say whether it does what it should: ready, or at the end of its work."""
        return self.state == "ready" or (self.state == "stopped" and self.service.ends)


class Supervision:
    """The children of one stack.

    Holds one `Standing` for each and no process, clock or task. `next_ns` says when
    `tick` has something to do.
    """

    def __init__(self, services: Sequence[Service], *, now_ns: int) -> None:
        self._rows = {service.name: Standing(service, "starting", now_ns) for service in services}
        self._stop_ns: int | None = None
        names = self._rows.keys()
        assert len(names) == len(services), "a service is named twice"
        assert all(need in names for service in services for need in service.needs)

    @property
    def standings(self) -> Sequence[Standing]:
        """Return every service in start order; for reading only."""
        return tuple(self._rows.values())

    @property
    def up(self) -> bool:
        """Say whether everything is ready or has ended well."""
        return all(row.fine for row in self._rows.values())

    @property
    def down(self) -> bool:
        """Say whether nothing of it is alive or about to be."""
        return not any(row.active for row in self._rows.values())

    @property
    def stopping(self) -> bool:
        """Say whether the stop has begun."""
        return self._stop_ns is not None

    def failed(self) -> Standing | None:
        """Return the first service that was given up, None where there is none."""
        return next((row for row in self._rows.values() if row.state == "failed"), None)

    def started(self, name: str, pid: int, now_ns: int) -> list[Action]:
        """Take in that `name` has the process `pid`."""
        row = self._rows[name]
        row.pid, row.launching, row.started_ns = pid, False, now_ns
        _move(row, "starting", now_ns)
        return self._stop_actions() if self.stopping else []

    def ready(self, name: str, now_ns: int) -> list[Action]:
        """Take in that `name` does its work now; return what can start on top of it."""
        row = self._rows[name]
        if row.state != "starting" or row.pid is None:
            return []
        row.was_ready = True
        _move(row, "ready", now_ns)
        return self.tick(now_ns)

    def exited(self, name: str, code: int, now_ns: int, detail: str = "") -> list[Action]:
        """Take in that the process of `name` ended, or could not be started.

        Args:
            name: Which service.
            code: Its exit code, negative for a signal.
            now_ns: When.
            detail: Its last words.
        """
        row = self._rows[name]
        was_steady = row.pid is not None and now_ns - row.started_ns >= STEADY_NS
        row.pid, row.launching, row.exit_code, row.detail = None, False, code, detail
        renewed, row.renewed_ns = row.renewed_ns is not None, None
        row.exited_ns = now_ns
        if self.stopping:
            _move(row, "stopped", now_ns)
            return self._stop_actions()
        if renewed:
            row.retry_ns = now_ns
            _move(row, "restarting", now_ns)
            return []
        if code == 0 and row.service.ends:
            _move(row, "stopped", now_ns)
            return []
        row.deaths = 1 if was_steady else row.deaths + 1
        if code in FINAL_CODES or (not row.was_ready and row.deaths >= DEATHS_MAX):
            _move(row, "failed", now_ns)
            return []
        row.retry_ns = now_ns + min(BACKOFF_MAX_NS, BACKOFF_MIN_NS << (row.deaths - 1))
        _move(row, "restarting", now_ns)
        return []

    def renew(self, name: str, now_ns: int) -> list[Action] | None:
        """Have `name` end and start anew, also where it was given up; None: it has no more to do.

        Nothing happens twice, and nothing once everything stops.
        """
        row = self._rows[name]
        if row.state == "stopped":
            return None
        if row.pid is None and not row.launching:
            row.deaths, row.retry_ns = 0, now_ns
            _move(row, "restarting", now_ns)
            return []
        if row.pid is None or row.renewed_ns is not None or self.stopping:
            return []
        row.renewed_ns = now_ns
        return [Ask(name)]

    def tick(self, now_ns: int) -> list[Action]:
        """Return what is due: starts whose time has come, kills whose grace is over."""
        if self._stop_ns is not None:
            return list(self._overdue(now_ns - self._stop_ns))
        return [*self._unrenewed(now_ns), *self._startable(now_ns)]

    def stop(self, now_ns: int) -> list[Action]:
        """Begin to stop everything; return who is asked first."""
        if self.stopping:
            return []
        self._stop_ns = now_ns
        for row in self._rows.values():
            if not row.active and row.state != "failed":
                _move(row, "stopped", now_ns)
        return self._stop_actions()

    def force(self, now_ns: int) -> list[Action]:
        """Stop without grace; return who is killed."""
        self.stop(now_ns)
        return [Kill(row.name) for row in self._rows.values() if row.pid is not None]

    def next_ns(self) -> int | None:
        """Return when `tick` has something to do, None while only events can."""
        if self._stop_ns is not None:
            times = [self._stop_ns + r.service.grace_ns for r in self._rows.values() if r.active]
        else:
            times = [row.retry_ns for row in self._rows.values() if row.state == "restarting"]
            times += [due for row in self._rows.values() if (due := _kill_ns(row)) is not None]
        return min(times, default=None)

    def _startable(self, now_ns: int) -> Iterator[Start]:
        for row in self._rows.values():
            waits = row.state in ("starting", "restarting") and not row.active
            if waits and now_ns >= row.retry_ns and self._has_its_needs(row):
                row.launching = True
                if row.state == "restarting":
                    row.restarts += 1
                _move(row, "starting", now_ns)
                yield Start(row.name)

    def _has_its_needs(self, row: Standing) -> bool:
        return all(self._rows[need].fine for need in row.service.needs)

    def _stop_actions(self) -> list[Action]:
        """Return whom to ask: alive, not asked yet, needed by nobody alive."""
        needed = {need for row in self._rows.values() if row.active for need in row.service.needs}
        actions: list[Action] = []
        for row in self._rows.values():
            if row.pid is not None and not row.asked and row.name not in needed:
                row.asked = True
                actions.append(Ask(row.name))
        return actions

    def _overdue(self, stopping_for_ns: int) -> Iterator[Kill]:
        for row in self._rows.values():
            if row.pid is not None and stopping_for_ns >= row.service.grace_ns:
                yield Kill(row.name)

    def _unrenewed(self, now_ns: int) -> Iterator[Kill]:
        for row in self._rows.values():
            due_ns = _kill_ns(row)
            if due_ns is not None and now_ns >= due_ns:
                row.renewed_ns = now_ns
                yield Kill(row.name)


def _kill_ns(row: Standing) -> int | None:
    """Return when a process that was asked to end, to be started anew, is killed."""
    return None if row.renewed_ns is None else row.renewed_ns + row.service.grace_ns


def _move(row: Standing, state: State, now_ns: int) -> None:
    if row.state != state:
        row.state, row.since_ns = state, now_ns
