"""One local stack, from its first child to the last one gone."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence

from ledgerflux.adapters.embedded.nats_server import NatsServer
from ledgerflux.adapters.embedded.postgres_server import PostgresServer
from ledgerflux.adapters.log_files import cut_logs
from ledgerflux.core.supervision import Standing
from ledgerflux.settings import UpRequest
from ledgerflux.stack.build import first_error
from ledgerflux.stack.events import Event, ServiceDied, ServiceReady, Stopping, Up
from ledgerflux.stack.leftovers import end_leftovers
from ledgerflux.stack.link import BusLink, Connect, is_through
from ledgerflux.stack.members import ROLE_COMMAND, build_members, services_of
from ledgerflux.stack.nursery import Nursery
from ledgerflux.stack.report import Reporter
from ledgerflux.stack.run_dir import RunDir, RunState
from ledgerflux.stack.stop_signals import INTERRUPTED, stop_signals
from ledgerflux.stack.supervisor import Member, Supervisor
from ledgerflux.stack.warden import Warden
from ledgerflux.telemetry.log import Events
from ledgerflux.wire.replay import Refused
from ledgerflux.wire.service_order import RestartAnswer

HEALTH_EVERY_S = 1.0
CHANGES_EVERY_S = 0.1
"""Of changes that follow each other faster than this, the last is told."""
DISK_EVERY = 10
"""Rounds of the health report between two looks at the disk."""
THROUGH_POLL_S = 0.25
SETTLED_NS = 1_500_000_000
"""A health record this much later than the end of the source has seen all of it."""

ANSWERED_S = 0.1
"""After so long an answer is with the bus."""

log = Events(__name__)

WhileUp = Callable[[RunState], Coroutine[None, None, None]]


class LocalStack:
    """A request at work in a directory whose lock is held; `run` may be called once.

    `asked` is the request as it was made, before its source was looked for: what a second
    `lf up` is compared with.
    """

    def __init__(
        self,
        request: UpRequest,
        run_dir: RunDir,
        *,
        asked: UpRequest,
        ports: Mapping[str, int],
        connect: Connect,
        tell: Callable[[Event], None],
        role_command: Sequence[str] = ROLE_COMMAND,
    ) -> None:
        nats = NatsServer(run_dir.nats, run_dir.log("nats"), durability=request.durability)
        self._postgres = PostgresServer(run_dir.postgres, run_dir.log("postgres"))
        self._link = BusLink(connect, self._renew)
        members = build_members(
            request,
            services_of(request),
            run_dir,
            nats=nats,
            postgres=self._postgres,
            link=self._link,
            ports=ports,
            role_command=role_command,
        )
        self._run_dir = run_dir
        self._tell = tell
        self._report = Reporter(
            request, run_dir, asked=asked, nats=nats, postgres=self._postgres, ports=ports
        )
        end_leftovers(run_dir)
        self._warden = Warden(run_dir.path)
        self._nursery = Nursery(run_dir.path, run_dir.log("nursery"), role_command=role_command)
        self._supervisor = Supervisor(
            members,
            self._warden,
            spawn=self._nursery.spawn,
            on_change=self._note_change,
            on_ready=self._say_ready,
            on_death=self._say_died,
        )
        self._changed = asyncio.Event()
        self._stop_asked = asyncio.Event()
        self._forced = False

    async def run(self, *, wait_timeout_s: float, while_up: WhileUp | None = None) -> int:
        """Start everything, stay until told to stop, stop everything.

        Args:
            wait_timeout_s: How long everything may take to become ready.
            while_up: Runs while the stack is up, and is cancelled when it stops.

        Returns:
            The exit code: 0, 1 where a service had to be killed, 130 when interrupted
            before the stack was up, or forced.

        Raises:
            LedgerFluxError: The stack did not start; nothing of it is left.
        """
        try:
            with stop_signals(self.ask_to_stop):
                return await self._start_and_stop(wait_timeout_s, while_up)
        except BaseExceptionGroup as group:
            error = first_error(group)
            if error is None:
                raise
            raise error from None
        finally:
            self._clean_up()

    def ask_to_stop(self, reason: str) -> None:
        """Begin to stop; the second time, force it."""
        if self._stop_asked.is_set():
            self._forced = True
            self._supervisor.force()
            return
        self._report.phase = "stopping"
        self._stop_asked.set()
        log.info("stack.stopping", reason=reason)
        self._supervisor.stop()
        self._tell(Stopping(reason))

    async def _start_and_stop(self, wait_timeout_s: float, while_up: WhileUp | None) -> int:
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(self._link.run()),
                tasks.create_task(self._publish_health()),
                tasks.create_task(self._keep_house()),
                tasks.create_task(self._nursery.run()),
            ]
            children = tasks.create_task(self._supervisor.run())
            try:
                await self._supervisor.wait_up(wait_timeout_s)
                was_up = not self._stop_asked.is_set()
                if was_up:
                    state = self._now_up(time.monotonic() - began)
                    only_up = [tasks.create_task(self._stop_at_end())]
                    if while_up is not None:
                        only_up.append(tasks.create_task(while_up(state)))
                    background += only_up
                    await self._stop_asked.wait()
                    for task in only_up:
                        task.cancel()
            finally:
                self._report.phase = "stopping"
                self._supervisor.stop()
                await asyncio.wait([children])
                await self._nursery.close()
                for task in background:
                    task.cancel()
        if self._forced or not was_up:
            return INTERRUPTED
        return 1 if self._supervisor.killed else 0

    def _now_up(self, seconds: float) -> RunState:
        self._report.phase = "up"
        self._save()
        state = self._state()
        log.info("stack.up", seconds=round(seconds, 1), source=state.source)
        self._tell(Up(state, seconds))
        return state

    async def _stop_at_end(self) -> None:
        """Stop once the source has ended and all of it has come through."""
        ending = [row.name for row in self._supervisor.standings if row.service.ends]
        if not ending:
            return
        await self._supervisor.wait_ended(ending[0])
        since_ns = time.time_ns() + SETTLED_NS
        while True:
            await asyncio.sleep(THROUGH_POLL_S)
            if is_through(self._link.latest.values(), since_ns=since_ns):
                self.ask_to_stop("the recording has ended and everything is through")
                return

    async def _publish_health(self) -> None:
        """Publish health once a second, and at once when a service's state changes."""
        while True:
            self._changed.clear()
            await self._link.publish(self._report.health(self._supervisor.standings))
            await asyncio.sleep(CHANGES_EVERY_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEALTH_EVERY_S - CHANGES_EVERY_S):
                    await self._changed.wait()

    async def _keep_house(self) -> None:
        """Look after the warden, the disk and the logs."""
        rounds = 0
        while True:
            if rounds % DISK_EVERY == 0:
                await asyncio.to_thread(self._report.measure_disk)
                await asyncio.to_thread(cut_logs, self._run_dir.logs)
            rounds += 1
            self._warden.keep_alive()
            await asyncio.sleep(HEALTH_EVERY_S)

    def _renew(self, name: str) -> RestartAnswer:
        """Start a service anew once the answer, which may need it, is on its way."""
        rows = {row.name: row for row in self._supervisor.standings}
        if name not in rows:
            text = f"no service {name[:64]!r}; there are {', '.join(rows)}"
            return RestartAnswer(error=Refused("unknown_service", text))
        row = rows[name]
        if row.state == "stopped":
            text = f"{name} has come to its end, or the stack stops"
            return RestartAnswer(error=Refused("unavailable", text))
        pid = row.pid
        asyncio.get_running_loop().call_later(ANSWERED_S, self._supervisor.renew, name)
        return RestartAnswer(name, pid)

    def _state(self) -> RunState:
        return self._report.run_state(self._supervisor.standings, self._warden.pid)

    def _note_change(self) -> None:
        self._changed.set()
        self._save()

    def _save(self) -> None:
        try:
            self._run_dir.write(self._state())
        except OSError as error:
            # A full disk is no reason to end what still works.
            path = str(self._run_dir.run_path)
            log.error("run_file.unwritten", path=path, reason=str(error))  # noqa: TRY400

    def _say_ready(self, member: Member, seconds: float) -> None:
        name, address = member.service.name, member.runner.address
        if name in self._report.gateways:
            address = self._report.gateways[name].ws
        self._tell(ServiceReady(name, seconds, address, again=self._report.phase != "starting"))

    def _say_died(self, row: Standing) -> None:
        again = row.state == "restarting"
        # What ends a start is told once, as its error.
        if again or self._report.phase == "up":
            self._tell(ServiceDied(row.name, row.exit_code or 0, row.detail, again))

    def _clean_up(self) -> None:
        """Leave nothing alive, and no file that says that something is."""
        if not self._supervisor.down:
            self._supervisor.kill_all()
            self._warden.abandon()
        else:
            self._warden.dismiss()
        self._postgres.remove_socket_directory()
        self._run_dir.forget()
