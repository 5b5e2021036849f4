import pytest

from ledgerflux.core.sharding import partition_of
from ledgerflux.wire.health import (
    ExitHealth,
    Health,
    PartitionHealth,
    ServiceHealth,
    SupervisorHealth,
)
from ledgerflux.wire.status import LastExit, ShardStatus
from ledgerflux.wire.summary_processes import (
    gateways_of,
    last_exit,
    service_name,
    services_of,
    shards_of,
    silenced,
)

NOW = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
P = partition_of("BTC-USD")
AT = "2023-11-14T22:13:20.000000000Z"
KILLED = ExitHealth(-9, NOW, "")


def normalizer(shard=0, *, pid=7, age_s=0.0, state="ready", raw=9, **more) -> Health:
    return Health(
        role="normalize",
        instance=str(shard),
        pid=pid,
        state=state,
        time_ns=NOW - int(age_s * SECOND),
        started_ns=NOW - 60 * SECOND,
        partitions=[PartitionHealth(P, ["BTC-USD"], raw=raw, raw_head=raw)],
        **more,
    )


def ingest(raw=9) -> Health:
    parts = [PartitionHealth(P, ["BTC-USD"], raw=raw)]
    return Health("ingest", "0", 6, "ready", NOW, NOW, partitions=parts)


def boss(*services: ServiceHealth) -> SupervisorHealth:
    return SupervisorHealth(1, NOW, "replay:x", "process", 1, 0, list(services))


def service(state="ready", *, pid: int | None = 7, name="normalize-0", **more) -> ServiceHealth:
    return ServiceHealth(name, pid, state, 0.5, 4096, 1, more.pop("since_ns", NOW), **more)


def shard(health: Health, *services: ServiceHealth, head=9, fresh=True) -> ShardStatus:
    everybody = {health.key: health, "ingest.0": ingest(head)}
    reporting = everybody if fresh else {"ingest.0": ingest(head)}
    [row] = shards_of(boss(*services) if services else None, everybody, reporting)
    return row


def test_a_shard_that_works_tells_what_it_measures_and_its_service_what_became_of_it():
    told = normalizer(
        rate=12.5, lag_records=3, lag_ms=1.5, p50_ms=1.0, p99_ms=2.0, cpu=0.25, rss_bytes=99,
        counts={"norm_events": 300},
    )  # fmt: skip
    row = shard(told, service(last_exit=KILLED))
    assert row == ShardStatus(
        shard=0, owner="normalize-0", pid=7, partitions=[P], products=["BTC-USD"], state="ready",
        reason="", since=AT, seq=300, rate=12.5, lag_records=3, lag_ms=1.5, p50_ms=1.0,
        p99_ms=2.0, cpu=0.25, rss_bytes=99, restarts=1,
        last_exit=LastExit(code=None, signal="SIGKILL", at=AT, detail=""),
    )  # fmt: skip


def test_a_shard_without_a_supervisor_has_nobody_who_counts_its_starts():
    row = shard(normalizer())
    assert (row.owner, row.pid, row.restarts, row.last_exit) == ("normalize-0", 7, None, None)
    assert row.since == "2023-11-14T22:12:20.000000000Z"


@pytest.mark.parametrize(
    ("pid", "state"), [(None, "restarting"), (8, "starting"), (None, "failed"), (None, "stopped")]
)
def test_a_record_of_a_process_that_is_gone_says_nothing_of_now(pid, state):
    old = normalizer(age_s=0.5, rate=80.0, lag_ms=1.0, p50_ms=1.0, p99_ms=2.0, cpu=0.5)
    row = shard(old, service(state, pid=pid, detail="killed"), head=30)
    assert (row.state, row.pid, row.rate, row.reason) == (state, pid, 0.0, "killed")
    assert (row.lag_ms, row.p50_ms, row.p99_ms, row.cpu, row.rss_bytes) == (None,) * 5
    assert (row.partitions, row.products, row.lag_records) == ([P], ["BTC-USD"], 21)


def test_what_waits_for_a_shard_that_is_away_is_unknown_without_who_writes_it():
    old = normalizer(age_s=0.5)
    everybody = {old.key: old}
    [row] = shards_of(boss(service("restarting", pid=None)), everybody, everybody)
    assert row.lag_records is None


def test_a_process_started_by_hand_in_place_of_one_given_up_is_believed():
    row = shard(normalizer(pid=70), service("failed", pid=None, since_ns=NOW - SECOND))
    assert (row.state, row.pid) == ("ready", 70)


def test_a_shard_that_was_never_heard_of_is_listed():
    [row] = shards_of(boss(service("starting"), service(name="nats")), {}, {})
    assert (row.shard, row.state, row.pid, row.seq, row.products) == (0, "starting", 7, None, [])
    assert row.lag_records is None
    [row] = shards_of(boss(service()), {}, {})
    assert row.state == "ready", "as far as its supervisor has seen"


def test_a_shard_that_runs_and_is_silent_is_told_so():
    assert shard(normalizer(age_s=6), service(), fresh=False).state == "silent"


def test_a_shard_that_works_on_what_came_in_its_absence_is_catching_up():
    late = normalizer(state="starting", raw=5, lag_records=2)
    row = shard(late, service("starting"), head=12)
    assert (row.state, row.lag_records) == ("catching_up", 7)
    assert shard(late, service("starting"), head=3).lag_records == 0
    waiting = Health("normalize", "0", 7, "starting", NOW, NOW)
    row = shard(waiting, service("starting"))
    assert (row.state, row.lag_records, row.seq) == ("starting", None, None)
    unread = [PartitionHealth(P, ["BTC-USD"], away=True)]
    blank = Health("normalize", "0", 7, "starting", NOW, NOW, partitions=unread)
    assert shard(blank, service("starting"), head=900).lag_records is None


def test_while_all_is_well_the_shards_own_lag_is_told():
    assert shard(normalizer(), service(), head=12).lag_records == 0


def test_shards_are_in_the_order_of_their_numbers():
    told = {health.key: health for health in (normalizer(10), normalizer(9))}
    assert [row.shard for row in shards_of(None, told, told)] == [9, 10]


def test_records_of_processes_that_are_gone_are_silenced():
    told = {"normalize.0": normalizer(age_s=0.5), "ingest.0": ingest()}
    assert silenced(None, told) == told
    assert silenced(boss(service()), told) == told
    assert silenced(boss(service("restarting", pid=None)), told).keys() == {"ingest.0"}


def test_a_role_that_is_alone_has_its_own_name():
    assert service_name(normalizer(3)) == "normalize-3"
    assert service_name(Health("gateway", "0", 1, "ready", 0, 0)) == "gateway"
    assert service_name(Health("gateway", "1", 1, "ready", 0, 0)) == "gateway-1"
    assert service_name(ingest()) == "ingest"


def test_services_are_the_supervisors_or_who_reports():
    [row] = services_of(boss(service("restarting", pid=None, last_exit=KILLED)), {})
    assert (row.name, row.state, row.restarts) == ("normalize-0", "restarting", 1)
    assert row.last_exit == LastExit(code=None, signal="SIGKILL", at=AT, detail="")
    rows = services_of(None, {"normalize.0": normalizer(), "ingest.0": ingest()})
    assert [(row.name, row.last_exit) for row in rows] == [("ingest", None), ("normalize-0", None)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [(1, (1, None)), (0, (0, None)), (-15, (None, "SIGTERM")), (-60, (None, "signal 60"))],
)
def test_an_end_is_a_code_or_a_signal(code, expected):
    told = last_exit(ExitHealth(code, NOW, "out of memory"))
    assert (told.code, told.signal) == expected
    assert (told.at, told.detail) == (AT, "out of memory")
    assert last_exit(None) is None


def test_a_gateway_tells_who_is_slow():
    counts = {
        "clients": 5, "subscriptions": 9, "slow_clients": 2, "fell_behind": 3, "closed_4000": 1,
    }  # fmt: skip
    told = {f"gateway.{n}": Health("gateway", n, 1, "ready", 0, 0, counts=counts) for n in "01"}
    first, second = gateways_of(told, "0", 6)
    assert (first.clients, second.clients) == (6, 5)
    assert (second.subscriptions, second.slow_clients) == (9, 2)
    assert (second.fell_behind, second.closed_slow) == (3, 1)
