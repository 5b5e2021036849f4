"""The processes of a stack as the status shows them: what they say, and what becomes of them.

A record of a process that its supervisor knows to be gone says nothing of now, however fresh
it is.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ledgerflux.model.units import rfc3339
from ledgerflux.wire.health import ExitHealth, Health, ServiceHealth, SupervisorHealth
from ledgerflux.wire.status import GatewayStatus, LastExit, ServiceStatus, ShardStatus

NORMALIZE = "normalize"
SIGNALS = {
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
    9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM", 24: "SIGXCPU",
}  # fmt: skip


def of_role(healths: Mapping[str, Health], role: str) -> list[Health]:
    """Return the records of a role by instance."""
    return sorted((h for h in healths.values() if h.role == role), key=lambda h: h.instance)


def service_name(health: Health) -> str:
    """Return how the supervisor calls it: a role's only process by the name of the role."""
    alone = health.role != NORMALIZE and (health.role != "gateway" or health.instance == "0")
    return health.role if alone else f"{health.role}-{health.instance}"


def services_of(
    supervisor: SupervisorHealth | None, fresh: Mapping[str, Health]
) -> list[ServiceStatus]:
    """Return every process: the supervisor's children, without one the roles that report."""
    if supervisor is None:
        return [
            ServiceStatus(
                name=service_name(health),
                pid=health.pid,
                state=health.state,
                cpu=health.cpu,
                rss_bytes=health.rss_bytes,
                restarts=0,
                since=rfc3339(health.started_ns),
                last_exit=None,
            )
            for health in sorted(fresh.values(), key=lambda h: h.key)
        ]
    return [
        ServiceStatus(
            name=service.name,
            pid=service.pid,
            state=service.state,
            cpu=service.cpu,
            rss_bytes=service.rss_bytes,
            restarts=service.restarts,
            since=rfc3339(service.since_ns),
            last_exit=last_exit(service.last_exit),
        )
        for service in supervisor.services
    ]


def last_exit(end: ExitHealth | None) -> LastExit | None:
    """Return how a process ended, a signal by its name."""
    if end is None:
        return None
    signal = SIGNALS.get(-end.code, f"signal {-end.code}") if end.code < 0 else None
    return LastExit(
        code=end.code if signal is None else None,
        signal=signal,
        at=rfc3339(end.time_ns),
        detail=end.detail,
    )


def gateways_of(fresh: Mapping[str, Health], mine: str, clients: int) -> list[GatewayStatus]:
    """Return the gateways; of instance `mine` the number of clients is known: `clients`."""
    return [
        GatewayStatus(
            name=service_name(health),
            state=health.state,
            http=health.http,
            clients=clients if health.instance == mine else health.counts.get("clients", 0),
            subscriptions=health.counts.get("subscriptions", 0),
            slow_clients=health.counts.get("slow_clients", 0),
            fell_behind=health.counts.get("fell_behind", 0),
            closed_slow=health.counts.get("closed_4000", 0),
        )
        for health in of_role(fresh, "gateway")
    ]


class _Shard(NamedTuple):
    """One shard: the supervisor's word, and the last record of it (of a process gone perhaps)."""

    number: int
    service: ServiceHealth | None
    health: Health | None
    fresh: bool

    @property
    def speaks(self) -> bool:
        """Say whether the record is of the process that there is."""
        return self.health is not None and self.fresh and not _gone(self.health, self.service)


def shards_of(
    supervisor: SupervisorHealth | None,
    healths: Mapping[str, Health],
    fresh: Mapping[str, Health],
) -> list[ShardStatus]:
    """Return every shard that reports, or that the supervisor should keep running."""
    heads = {part.partition: part.raw for h in of_role(fresh, "ingest") for part in h.partitions}
    return [_shard_status(shard, heads) for shard in _shards(supervisor, healths, fresh)]


def silenced(
    supervisor: SupervisorHealth | None, healths: Mapping[str, Health]
) -> dict[str, Health]:
    """Return `healths` without those of processes that the supervisor knows to be gone."""
    services = {row.name: row for row in supervisor.services} if supervisor else {}
    return {
        key: health
        for key, health in healths.items()
        if not _gone(health, services.get(service_name(health)))
    }


def _gone(health: Health, service: ServiceHealth | None) -> bool:
    """Say whether the process of a record has ended: another one may have been started by hand."""
    if service is None or service.pid == health.pid:
        return False
    return health.time_ns <= service.since_ns


def _shards(
    supervisor: SupervisorHealth | None,
    healths: Mapping[str, Health],
    fresh: Mapping[str, Health],
) -> Sequence[_Shard]:
    services = {
        int(number): service
        for service in (supervisor.services if supervisor else ())
        for role, _, number in [service.name.rpartition("-")]
        if role == NORMALIZE and number.isdecimal()
    }
    told = {int(health.instance): health for health in of_role(healths, NORMALIZE)}
    reporting = {int(health.instance) for health in of_role(fresh, NORMALIZE)}
    return [
        _Shard(number, services.get(number), told.get(number), number in reporting)
        for number in sorted(services.keys() | reporting)
    ]


def _shard_status(shard: _Shard, heads: Mapping[int, int]) -> ShardStatus:
    service, health = shard.service, shard.health
    speaking = health if shard.speaks else None
    parts = health.partitions if health else []
    state = _state(shard)
    return ShardStatus(
        shard=shard.number,
        owner=service.name if service else f"{NORMALIZE}-{shard.number}",
        pid=_pid(shard),
        partitions=[part.partition for part in parts],
        products=sorted(product for part in parts for product in part.products),
        state=state,
        reason=speaking.reason if speaking else service.detail if service else "",
        since=rfc3339(_since_ns(shard)),
        seq=health.counts.get("norm_events") if health else None,
        rate=speaking.rate if speaking else 0.0,
        lag_records=_lag_records(shard, heads, state),
        lag_ms=speaking.lag_ms if speaking else None,
        p50_ms=speaking.p50_ms if speaking else None,
        p99_ms=speaking.p99_ms if speaking else None,
        cpu=speaking.cpu if speaking else None,
        rss_bytes=speaking.rss_bytes if speaking else None,
        restarts=service.restarts if service else None,
        last_exit=last_exit(service.last_exit) if service else None,
    )


def _state(shard: _Shard) -> str:
    health, service = shard.health, shard.service
    if health is not None and shard.speaks:
        catching_up = health.state == "starting" and bool(health.partitions)
        return "catching_up" if catching_up else health.state
    if service is not None and (health is None or service.state != "ready"):
        return service.state
    return "silent"


def _pid(shard: _Shard) -> int | None:
    if shard.health is not None and shard.speaks:
        return shard.health.pid
    return shard.service.pid if shard.service else None


def _since_ns(shard: _Shard) -> int:
    if shard.service is not None:
        return shard.service.since_ns
    return shard.health.started_ns if shard.health else 0


def _lag_records(shard: _Shard, heads: Mapping[int, int], state: str) -> int | None:
    """Return what is in RAW and not worked on; until it is ready, counted from RAW's head.

    The head is told by another process and at another time: while all is well, the shard's
    own number is the better one.
    """
    health = shard.health
    if health is None:
        return None
    if shard.speaks and state not in ("starting", "catching_up"):
        return health.lag_records
    behind = [
        max(0, heads[part.partition] - part.raw)
        for part in health.partitions
        if part.partition in heads and not (part.away and not part.raw)
    ]
    known = behind and len(behind) == len(health.partitions)
    return sum(behind) if known else None
