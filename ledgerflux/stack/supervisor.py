"""Runs the children of a stack: carries out what `core.supervision` decides."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledgerflux.adapters.process import Child, Command, Spawn, last_lines
from ledgerflux.core.supervision import (
    FINAL_CODES,
    Action,
    Ask,
    Kill,
    Service,
    Standing,
    Start,
    Supervision,
)
from ledgerflux.errors import LedgerFluxError, NotRunning, StackError, Timeout
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.stack.warden import Warden
from ledgerflux.telemetry.log import Events
from ledgerflux.telemetry.log_lines import read_line, words_of

LAST_WORDS = 5
_ERROR = re.compile(r"error\[(\w+)\]: (.+)", re.ASCII)
"""How our own commands tell an error."""

log = Events(__name__)


class Runner(Protocol):
    """How one kind of child is started, and how one knows that it is ready."""

    @property
    def address(self) -> str:
        """Where it is or what it does, for people; stands once it is ready."""
        ...

    async def launch(self, spawn: Spawn) -> Child:
        """Start the process.

        Raises:
            LedgerFluxError: It can't be started.
        """
        ...

    async def wait_ready(self, child: Child) -> None:
        """Return once it does its work.

        Raises:
            StackError: It ended first.
        """
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """One child: the rules for it, and how to run it."""

    service: Service
    runner: Runner


class Supervisor:
    """The children of one stack and the machine that decides over them.

    `spawn` starts a command. `on_change` is called after every change of a service's state,
    `on_ready` with the member and the seconds its start took, `on_death` with the standing of
    a service that ended unasked: exit code, last words, and whether it is started again.
    """

    def __init__(
        self,
        members: Sequence[Member],
        warden: Warden,
        *,
        spawn: Spawn = Child.spawn,
        on_change: Callable[[], None] = lambda: None,
        on_ready: Callable[[Member, float], None] = lambda _member, _seconds: None,
        on_death: Callable[[Standing], None] = lambda _standing: None,
    ) -> None:
        self._members = {member.service.name: member for member in members}
        self._warden = warden
        self._start = spawn
        self._on_change = on_change
        self._on_ready = on_ready
        self._on_death = on_death
        self._machine = Supervision([m.service for m in members], now_ns=time.monotonic_ns())
        self._children: dict[str, Child] = {}
        self._launching: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._refusals: dict[str, LedgerFluxError] = {}
        self._last_words: dict[str, list[str]] = {}
        self._renewed: set[str] = set()
        self.killed: set[str] = set()
        """Who did not end within its grace."""

    @property
    def standings(self) -> Sequence[Standing]:
        """Return every service in start order."""
        return self._machine.standings

    @property
    def down(self) -> bool:
        """Say whether no child is alive."""
        return self._machine.down

    async def run(self) -> None:
        """Start the children and look after them; returns once all are down after `stop`."""
        async with asyncio.TaskGroup() as tasks:
            self._carry_out(self._machine.tick(time.monotonic_ns()), tasks)
            while not (self._machine.stopping and self._machine.down):
                await self._wait_due()
                self._carry_out(self._machine.tick(time.monotonic_ns()), tasks)

    async def wait_up(self, timeout_s: float) -> None:
        """Return once every service is ready.

        Raises:
            LedgerFluxError: A service was given up; the message holds its last words, and
                the exit code is the service's own where that says what is wrong.
            Timeout: They took longer than `timeout_s`.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not self._machine.up and not self._machine.stopping:
                    if failed := self._machine.failed():
                        raise self._start_error(failed)
                    await self._next_change()
        except TimeoutError:
            missing = ", ".join(row.name for row in self.standings if not row.fine)
            raise Timeout(
                f"not ready within {timeout_s:g} s: {missing}", code="start_timeout"
            ) from None

    async def wait_ended(self, name: str) -> None:
        """Return once service `name` has come to the end of its work."""
        row = next(row for row in self.standings if row.name == name)
        while not (row.state == "stopped" and row.service.ends):
            await self._next_change()

    def renew(self, name: str) -> bool:
        """Have service `name` end and start anew; say whether it does.

        Raises:
            KeyError: There is none of that name.
        """
        renewing = self._machine.renew(name, time.monotonic_ns())
        if renewing is None:
            return False
        log.info("service.renewed", service=name)
        self._renewed.add(name)
        self._tell(renewing)
        self._note_change()
        return True

    def stop(self) -> None:
        """Ask everything to stop, from the top down; `run` returns when it has."""
        if self._machine.stopping:
            return
        self._tell(self._machine.stop(time.monotonic_ns()))
        for life in self._launching:
            life.cancel()
        self._note_change()

    def force(self) -> None:
        """End everything at once."""
        self.stop()
        self._tell(self._machine.force(time.monotonic_ns()))

    def kill_all(self) -> None:
        """End every child without asking anybody; for the way out after an error."""
        for child in self._children.values():
            child.kill()

    def _carry_out(self, actions: Sequence[Action], tasks: asyncio.TaskGroup) -> None:
        for action in actions:
            if isinstance(action, Start):
                tasks.create_task(self._look_after(action.name, tasks), name=action.name)
        self._tell(actions)
        if actions:
            self._note_change()

    def _tell(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Ask(name):
                    self._children[name].ask_to_stop()
                case Kill(name):
                    self.killed.add(name)
                    self._children[name].kill()
                case Start():
                    pass

    async def _look_after(self, name: str, tasks: asyncio.TaskGroup) -> None:
        """Live one life of service `name`, from its start to its end."""
        member = self._members[name]
        if self._machine.stopping:  # `stop` came before this life's first step
            self._ended(name, 0, "", tasks)
            return
        began = time.monotonic()
        life = asyncio.current_task()
        assert life is not None
        self._launching.add(life)
        try:
            child = await member.runner.launch(self._spawn)
        except LedgerFluxError as error:
            self._refusals[name] = error
            self._ended(name, error.exit_code, str(error), tasks)
            return
        except asyncio.CancelledError:
            if not self._machine.stopping:
                raise
            life.uncancel()
            self._ended(name, 0, "", tasks)
            return
        finally:
            self._launching.discard(life)
        self._children[name] = child
        self._carry_out(self._machine.started(name, child.pid, time.monotonic_ns()), tasks)
        self._note_change()
        watch = tasks.create_task(self._watch_ready(member, child, began, tasks))
        code = await child.wait()
        watch.cancel()
        self._warden.remove(child.pid)
        del self._children[name]
        # Who was killed had no last words: those in the log are from before.
        words = last_lines(child.command.log, LAST_WORDS) if code > 0 else []
        self._last_words[name] = [words_of(read_line(line)) for line in words]
        self._ended(name, code, " ".join(self._last_words[name][-1:]), tasks)

    async def _watch_ready(
        self, member: Member, child: Child, began: float, tasks: asyncio.TaskGroup
    ) -> None:
        try:
            await member.runner.wait_ready(child)
        except StackError as error:
            log.info("service.unready", service=member.service.name, reason=error.message)
            return
        name = member.service.name
        self._carry_out(self._machine.ready(name, time.monotonic_ns()), tasks)
        self._note_change()
        seconds = time.monotonic() - began
        log.info("service.ready", service=name, pid=child.pid, seconds=round(seconds, 1))
        self._on_ready(member, seconds)

    def _ended(self, name: str, code: int, detail: str, tasks: asyncio.TaskGroup) -> None:
        actions = self._machine.exited(name, code, time.monotonic_ns(), detail)
        row = next(row for row in self.standings if row.name == name)
        if name in self._renewed:
            self._renewed.discard(name)
        elif row.state != "stopped":
            log.warning("service.ended", service=name, code=code, detail=detail)
            self._on_death(row)
        self._carry_out(actions, tasks)
        self._note_change()

    async def _spawn(self, command: Command) -> Child:
        try:
            child = await self._start(command)
        except OSError as error:
            raise StackError(f"{command.argv[0]} can't be run: {error}") from error
        self._warden.add(child.pid, command.stop_signal)
        return child

    def _note_change(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._on_change()

    async def _next_change(self) -> None:
        await self._changed.wait()

    async def _wait_due(self) -> None:
        """Return at the next change, or when the machine has something to do."""
        due_ns = self._machine.next_ns()
        wait_s = None if due_ns is None else max(0, due_ns - time.monotonic_ns()) / NANOS_PER_S
        try:
            async with asyncio.timeout(wait_s):
                await self._next_change()
        except TimeoutError:
            return

    def _start_error(self, failed: Standing) -> LedgerFluxError:
        """Return why `failed` did not start: its own error, or its last words."""
        if refusal := self._refusals.get(failed.name):
            return refusal
        code = failed.exit_code or 1
        words = self._last_words.get(failed.name, [])
        told = next((found for line in reversed(words) if (found := _ERROR.match(line))), None)
        if told is not None:
            error = StackError(f"{failed.name} did not start: {told[2]}", code=told[1])
        else:
            lines = "".join(f"\n    {line}" for line in words)
            reason = f"{failed.name} did not start (exit code {code}){':' if lines else ''}{lines}"
            error = StackError(reason, code="service_died")
        error.exit_code = code if code in FINAL_CODES or code == NotRunning.exit_code else 1
        return error
