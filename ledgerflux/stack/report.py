"""What a running stack says of itself: `run.json`, and the supervisor's health record."""

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import psutil

from ledgerflux.adapters.embedded.nats_server import NatsServer
from ledgerflux.adapters.embedded.postgres_server import PostgresServer
from ledgerflux.core.supervision import Standing
from ledgerflux.settings import UpRequest
from ledgerflux.stack.run_dir import (
    GatewayAddress,
    NatsAddress,
    RunDir,
    RunState,
    ServiceState,
    disk_bytes,
)
from ledgerflux.wire.health import ExitHealth, ServiceHealth, SupervisorHealth

Phase = Literal["starting", "up", "stopping"]


class Reporter:
    """Turns the standings of the children into documents; `phase` is set by its owner."""

    def __init__(
        self,
        request: UpRequest,
        run_dir: RunDir,
        *,
        asked: UpRequest,
        nats: NatsServer,
        postgres: PostgresServer,
        ports: Mapping[str, int],
    ) -> None:
        self._request = request
        self._asked = asked
        self._run_dir = run_dir
        self._nats = nats
        self._postgres = postgres
        self._usage: dict[int, psutil.Process] = {}
        self._disk_bytes = 0
        self._started_ns = time.time_ns()
        self.gateways = {
            name: gateway_address(request.host, port, name, request.tls_cert)
            for name, port in ports.items()
        }
        self.phase: Phase = "starting"

    def run_state(self, standings: Sequence[Standing], warden_pid: int) -> RunState:
        """Return what stands in `run.json`; an address once its server has been ready."""
        known = {row.name for row in standings if row.was_ready}
        gateways = [self.gateways[row.name] for row in standings if row.name in self.gateways]
        return RunState(
            pid=os.getpid(),
            warden_pid=warden_pid,
            state=self.phase,
            started_ns=self._started_ns,
            data_dir=str(self._run_dir.path),
            source=self._request.source,
            durability=self._request.durability,
            request=msgspec.to_builtins(self._asked),
            services=[_service_state(row) for row in standings],
            gateway=gateways[0] if gateways else None,
            gateways=gateways,
            nats=NatsAddress(*self._nats.access) if "nats" in known else None,
            postgres=self._postgres.dsn if "postgres" in known else None,
        )

    def measure_disk(self) -> None:
        """Look at what the stack uses on disk; takes a moment, so not in the event loop."""
        self._disk_bytes = disk_bytes(self._run_dir.path)

    def health(self, standings: Sequence[Standing]) -> SupervisorHealth:
        """Return the supervisor's record."""
        alive = {row.pid for row in standings}
        self._usage = {pid: process for pid, process in self._usage.items() if pid in alive}
        return SupervisorHealth(
            pid=os.getpid(),
            time_ns=time.time_ns(),
            source=self._request.source,
            durability=self._request.durability,
            shards=self._request.shards,
            disk_bytes=self._disk_bytes,
            services=[self._service_health(row) for row in standings],
        )

    def _service_health(self, row: Standing) -> ServiceHealth:
        cpu, rss_bytes = self._use_of(row.pid)
        said = _service_state(row)
        return ServiceHealth(
            name=said.name,
            pid=said.pid,
            state=said.state,
            cpu=cpu,
            rss_bytes=rss_bytes,
            restarts=said.restarts,
            since_ns=said.since_ns,
            detail=said.detail,
            last_exit=_last_exit(row),
        )

    def _use_of(self, pid: int | None) -> tuple[float, int]:
        """Return the share of a core since the last look, and the resident bytes."""
        if pid is None:
            return 0.0, 0
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process = self._usage.get(pid) or psutil.Process(pid)
            self._usage[pid] = process
            return round(process.cpu_percent() / 100, 3), process.memory_info().rss
        return 0.0, 0


def gateway_address(
    host: str, port: int, name: str = "gateway", certificate: str | None = None
) -> GatewayAddress:
    """Return the addresses of the gateway `name` as a program on this machine uses them."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    place = f"[{reachable}]:{port}" if ":" in reachable else f"{reachable}:{port}"
    secure = "" if certificate is None else "s"
    return GatewayAddress(
        ws=f"ws{secure}://{place}/v1/ws",
        http=f"http{secure}://{place}",
        name=name,
        certificate=certificate,
    )


def _last_exit(row: Standing) -> ExitHealth | None:
    if row.exit_code is None:
        return None
    return ExitHealth(row.exit_code, _wall_ns(row.exited_ns), row.detail)


def _wall_ns(monotonic_ns: int) -> int:
    return time.time_ns() - (time.monotonic_ns() - monotonic_ns)


def _service_state(row: Standing) -> ServiceState:
    return ServiceState(
        name=row.name,
        pid=row.pid,
        state=row.state,
        restarts=row.restarts,
        since_ns=_wall_ns(row.since_ns),
        detail=row.detail,
    )
