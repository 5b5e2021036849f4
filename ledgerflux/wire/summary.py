"""The state of a whole stack: the sum of every role's health record.

`summarize` is pure: health records, the feed's settings and the gateway's own numbers in,
one document out. A problem is a sentence that names its cause.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ledgerflux.core.sharding import partition_of
from ledgerflux.core.telling import Heads
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.wire.health import (
    FeedConf,
    Health,
    PartitionHealth,
    SupervisorHealth,
    all_known,
)
from ledgerflux.wire.replay_status import replay_status
from ledgerflux.wire.status import Counts, HeadStatus, ReplayStatus, Status
from ledgerflux.wire.summary_processes import (
    gateways_of,
    of_role,
    service_name,
    services_of,
    shards_of,
    silenced,
)
from ledgerflux.wire.summary_stages import end_to_end_of, stages_of

FRESH_NS = 5 * NANOS_PER_S
"""An older health record means that its role is gone."""
SILENT_NS = 2_500_000_000
"""Roles speak once a second: where nobody was heard for so long, the bus is away."""
LAG_MS_MAX = 5_000.0
DISK_BYTES_MAX = 8 * 1024**3
"""More than this on disk is a problem."""


class GatewayNumbers(NamedTuple):
    """What the gateway knows itself: clients, heads by product, NORM number by partition.

    `silent_ns` is how long it has heard nothing of any role; `instance` is its own.
    """

    clients: int
    heads: Mapping[str, Heads]
    served: Mapping[int, int]
    silent_ns: int = 0
    instance: str = "0"


def summarize(
    conf: FeedConf | None,
    healths: Mapping[str, Health],
    supervisor: SupervisorHealth | None,
    gateway: GatewayNumbers,
    now_ns: int,
) -> Status:
    """Return the state of the stack at `now_ns`.

    `healths` are the newest records by key; stale ones are left out here. The state is
    `healthy` where there is no problem. While the bus is away, the records stand as they
    were when it was last heard.
    """
    bus_away = gateway.silent_ns > SILENT_NS
    heard_ns = now_ns - gateway.silent_ns if bus_away else now_ns
    fresh = {key: health for key, health in healths.items() if heard_ns - health.time_ns < FRESH_NS}
    if supervisor is not None and heard_ns - supervisor.time_ns >= FRESH_NS:
        supervisor = None
    normalizers = of_role(fresh, "normalize")
    shards = shards_of(supervisor, healths, fresh)
    speaking = silenced(supervisor, fresh)
    replay = _replay(conf, fresh, gateway)
    problems = [
        *_bus_problems(gateway.silent_ns if bus_away else 0),
        *_conf_problems(conf),
        *_service_problems(supervisor, fresh),
        *_lag_problems(normalizers),
        *_book_problems(conf, gateway.heads, replay),
    ]
    disk_bytes = supervisor.disk_bytes if supervisor else 0
    if disk_bytes > DISK_BYTES_MAX:
        problems.append(f"{disk_bytes / 1024**3:.1f} GiB on disk")
    return Status(
        state="degraded" if problems else "healthy",
        source=conf.source if conf else "",
        durability=_durability(supervisor, fresh),
        services=services_of(supervisor, fresh),
        shards=shards,
        stages=stages_of(speaking, shards),
        end_to_end=end_to_end_of(speaking),
        counts=_counts(fresh),
        gaps=_sum(normalizers, "gaps"),
        disk_bytes=disk_bytes,
        clients=gateway.clients + _sum(_others(fresh, gateway), "clients"),
        gateways=gateways_of(fresh, gateway.instance, gateway.clients),
        heads={name: HeadStatus(**head._asdict()) for name, head in gateway.heads.items()},
        replay=replay,
        problems=problems,
    )


def _durability(supervisor: SupervisorHealth | None, fresh: Mapping[str, Health]) -> str:
    """Return what the supervisor says, without one what a role found out."""
    if supervisor is not None:
        return supervisor.durability
    return next((health.durability for health in fresh.values() if health.durability), "")


def _sum(healths: Sequence[Health], name: str) -> int:
    return sum(health.counts.get(name, 0) for health in healths)


def _others(fresh: Mapping[str, Health], gateway: GatewayNumbers) -> list[Health]:
    """Return the records of the other gateways."""
    return [health for health in of_role(fresh, "gateway") if health.instance != gateway.instance]


def _counts(fresh: Mapping[str, Health]) -> Counts:
    normalizers = of_role(fresh, "normalize")
    return Counts(
        exchange_sent=_sum(of_role(fresh, "exchange"), "sent"),
        raw_frames=_sum(normalizers, "raw_frames"),
        raw_gap_frames=_sum(normalizers, "raw_gap_frames"),
        norm_events=_sum(normalizers, "norm_events"),
        dlq=_sum(normalizers, "dlq"),
    )


def _replay(
    conf: FeedConf | None, fresh: Mapping[str, Health], gateway: GatewayNumbers
) -> ReplayStatus:
    exchanges = of_role(fresh, "exchange")
    ended = bool(_sum(exchanges, "ended"))
    through = ended and conf is not None and _all_arrived(conf, fresh, gateway)
    health = next((health.replay for health in exchanges if health.replay is not None), None)
    made = replay_status(health, ended=ended, through=through)
    return made.model_copy(update={"paused": bool(_sum(exchanges, "paused"))})


def _all_arrived(conf: FeedConf, fresh: Mapping[str, Health], gateway: GatewayNumbers) -> bool:
    """Say whether every frame sent is in RAW (or declared lost) and every role is at its end."""
    if not all_known(fresh.values()):
        return False
    normalized = _by_partition(of_role(fresh, "normalize"))
    ingested = _by_partition(of_role(fresh, "ingest"))
    stores = of_role(fresh, "snapshot")
    stored = _by_partition(stores)
    every_served = [gateway.served, *(_served(health) for health in _others(fresh, gateway))]
    for partition in {partition_of(product) for product in conf.products}:
        made = normalized.get(partition)
        if made is None or made.raw != made.raw_head:
            return False
        if partition in ingested and ingested[partition].raw > made.raw:
            return False
        if any(served.get(partition) != made.norm for served in every_served):
            return False
        if stores and (partition not in stored or stored[partition].norm != made.norm):
            return False
    return True


def _served(health: Health) -> dict[int, int]:
    return {item.partition: item.norm for item in health.partitions}


def _by_partition(healths: Sequence[Health]) -> dict[int, PartitionHealth]:
    return {item.partition: item for health in healths for item in health.partitions}


def _conf_problems(conf: FeedConf | None) -> list[str]:
    return [] if conf else ["no feed is configured yet: ingest has not started"]


def _bus_problems(silent_ns: int) -> list[str]:
    if not silent_ns:
        return []
    return [f"NATS has been silent for {silent_ns / NANOS_PER_S:.0f} s: the rest is from before"]


def _service_problems(
    supervisor: SupervisorHealth | None, fresh: Mapping[str, Health]
) -> list[str]:
    problems: list[str] = []
    reported = {service_name(health): health for health in fresh.values()}
    for service in supervisor.services if supervisor else ():
        if service.state == "stopped":
            continue  # as it was to be: what should run and does not is `failed`
        if service.state != "ready":
            why = f": {service.detail}" if service.detail else ""
            problems.append(f"{service.name} is {service.state}{why}")
        elif service.name not in reported and service.name not in ("nats", "postgres"):
            problems.append(f"{service.name} has not reported for 5 s")
    for name, health in sorted(reported.items()):
        if health.state != "ready":
            why = f": {health.reason}" if health.reason else ""
            problems.append(f"{name} is {health.state}{why}")
    return list(dict.fromkeys(problems))


def _lag_problems(normalizers: Sequence[Health]) -> list[str]:
    return [
        f"normalize-{health.instance} lags {health.lag_ms / 1000:.1f} s, "
        f"{health.lag_records} records"
        for health in normalizers
        if health.lag_ms > LAG_MS_MAX
    ]


def _book_problems(
    conf: FeedConf | None, heads: Mapping[str, Heads], replay: ReplayStatus
) -> list[str]:
    if conf is None or replay.ended or replay.paused:
        return []
    states = {
        product: heads[product].state if product in heads else "init" for product in conf.products
    }
    return [f"{product} is {state}" for product, state in states.items() if state != "live"]
