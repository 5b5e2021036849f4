import pytest

from ledgerflux.core.sharding import partition_of
from ledgerflux.core.telling import Heads
from ledgerflux.wire.health import (
    FeedConf,
    Health,
    PartitionHealth,
    ServiceHealth,
    SupervisorHealth,
)
from ledgerflux.wire.status import Status
from ledgerflux.wire.summary import GatewayNumbers, summarize

NOW = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
P = partition_of("BTC-USD")
CONF = FeedConf(
    "coinbase-exchange", "ws://x", "replay:x", "run1", ["BTC-USD"], ["level2", "trades"]
)
LIVE = {"BTC-USD": Heads("run1", 5, 6, "live", "none")}


def health(role, instance="0", *, age_s=0, state="ready", **more) -> Health:
    return Health(
        role=role,
        instance=instance,
        pid=7,
        state=state,
        time_ns=NOW - age_s * SECOND,
        started_ns=NOW - 60 * SECOND,
        **more,
    )


def at(**positions) -> list[PartitionHealth]:
    return [PartitionHealth(P, ["BTC-USD"], **positions)]


def everything(**changed) -> dict[str, Health]:
    """Return the health of a whole stack that has played a recording to its end."""
    made = {
        "exchange.0": health("exchange", counts={"sent": 100, "ended": 1, "paused": 0}),
        "ingest.0": health("ingest", partitions=at(raw=9)),
        "normalize.0": health(
            "normalize",
            partitions=at(raw=9, raw_head=9, norm=4),
            counts={
                "raw_frames": 98,
                "raw_gap_frames": 2,
                "norm_events": 300,
                "gaps": 3,
                "dlq": 1,
            },
            rate=12.5,
            p50_ms=1.0,
            p99_ms=2.0,
        ),
        "snapshot.0": health("snapshot", partitions=at(norm=4)),
        "gateway.0": health("gateway", partitions=at(norm=4)),
    }
    return {**made, **changed}


def supervisor(*services: ServiceHealth, age_s=0, disk_bytes=1000) -> SupervisorHealth:
    return SupervisorHealth(
        1, NOW - age_s * SECOND, "replay:x", "process", 4, disk_bytes, list(services)
    )


def service(name, state="ready", detail="") -> ServiceHealth:
    return ServiceHealth(name, 12, state, 0.5, 4096, 2, NOW, detail)


def status(healths=None, boss=None, *, conf=CONF, heads=LIVE, served=None) -> Status:
    numbers = GatewayNumbers(3, heads, {P: 4} if served is None else served)
    return summarize(conf, everything() if healths is None else healths, boss, numbers, NOW)


def test_a_stack_where_everything_works_is_healthy():
    document = status()
    assert (document.state, document.problems) == ("healthy", [])
    assert document.clients == 3
    assert document.heads["BTC-USD"].level2 == 5
    assert document.gaps == 3
    assert document.counts.model_dump() == {
        "exchange_sent": 100,
        "raw_frames": 98,
        "raw_gap_frames": 2,
        "norm_events": 300,
        "dlq": 1,
    }


def test_while_the_bus_is_away_the_last_records_stand_and_the_state_is_degraded():
    numbers = GatewayNumbers(3, LIVE, {P: 4}, silent_ns=9 * SECOND)
    healths = everything()
    old = {key: health(h.role, age_s=10) for key, h in healths.items()}
    document = summarize(CONF, old, supervisor(service("ingest"), age_s=10), numbers, NOW)
    assert document.state == "degraded"
    assert document.problems[0] == "NATS has been silent for 9 s: the rest is from before"
    assert [item.name for item in document.services] == ["ingest"]
    assert len(document.shards) == 1


def test_a_second_of_silence_is_no_sign():
    numbers = GatewayNumbers(3, LIVE, {P: 4}, silent_ns=2 * SECOND)
    assert summarize(CONF, everything(), None, numbers, NOW).state == "healthy"


def test_without_a_supervisor_the_services_are_the_roles_that_report():
    names = [item.name for item in status().services]
    assert names == ["exchange", "gateway", "ingest", "normalize-0", "snapshot"]
    assert status().durability == ""


def test_with_a_supervisor_the_services_are_its_children():
    boss = supervisor(service("nats"), service("ingest"))
    document = status(boss=boss)
    assert [(item.name, item.restarts) for item in document.services] == [
        ("nats", 2),
        ("ingest", 2),
    ]
    assert (document.durability, document.disk_bytes) == ("process", 1000)
    assert document.state == "healthy"


def test_a_service_that_was_to_stop_is_no_problem():
    assert status(boss=supervisor(service("exchange", "stopped"))).problems == []


def test_a_supervisor_that_is_silent_is_not_believed():
    assert status(boss=supervisor(service("nats", "failed"), age_s=5)).durability == ""


def test_a_shard_tells_rate_lag_and_latency():
    [shard] = status().shards
    assert (shard.shard, shard.partitions, shard.products) == (0, [P], ["BTC-USD"])
    assert (shard.rate, shard.p50_ms, shard.p99_ms) == (12.5, 1.0, 2.0)


@pytest.mark.parametrize(
    ("healths", "boss", "problem"),
    [
        (everything(), supervisor(service("nats", "failed", "no disk")), "nats is failed: no disk"),
        (everything(), supervisor(service("ingest", "restarting")), "ingest is restarting"),
        (
            everything(**{"ingest.0": health("ingest", age_s=5)}),
            supervisor(service("ingest")),
            "ingest has not reported for 5 s",
        ),
        (
            everything(**{"ingest.0": health("ingest", state="degraded", reason="no venue")}),
            None,
            "ingest is degraded: no venue",
        ),
        (
            everything(**{"ingest.0": health("ingest", state="starting")}),
            None,
            "ingest is starting",
        ),
        (
            everything(**{"normalize.1": health("normalize", "1", lag_ms=6100.0, lag_records=8)}),
            None,
            "normalize-1 lags 6.1 s, 8 records",
        ),
    ],
)
def test_a_problem_names_its_cause(healths, boss, problem):
    document = status(healths, boss)
    assert document.problems == [problem]
    assert document.state == "degraded"


def test_several_gateways_are_told_apart_and_their_clients_are_counted_together():
    second = health("gateway", "1", partitions=at(norm=4), counts={"clients": 5})
    document = status(everything(**{"gateway.1": second}), supervisor(service("gateway-1")))
    assert [(row.name, row.clients) for row in document.gateways] == [
        ("gateway", 3),
        ("gateway-1", 5),
    ]
    assert document.clients == 8
    assert (document.problems, document.replay.through) == ([], True)
    behind = health("gateway", "1", partitions=at(norm=3), state="starting")
    document = status(everything(**{"gateway.1": behind}))
    assert (document.problems, document.replay.through) == (["gateway-1 is starting"], False)


def test_too_much_on_disk_is_a_problem():
    assert status(boss=supervisor(disk_bytes=9 * 1024**3)).problems == ["9.0 GiB on disk"]


def running(**counts) -> dict[str, Health]:
    return everything(**{"exchange.0": health("exchange", counts={"sent": 1, **counts})})


def test_a_book_that_is_not_live_is_a_problem_while_the_source_runs():
    stale = {"BTC-USD": Heads("run1", 5, 6, "stale", "none")}
    assert status(running(), heads=stale).problems == ["BTC-USD is stale"]
    assert status(running(), heads={}).problems == ["BTC-USD is init"]
    assert status(running(ended=1), heads=stale).problems == []
    assert status(running(paused=1), heads={}).problems == []


def test_without_a_feed_nothing_can_be_healthy():
    document = status({}, conf=None, heads={})
    assert document.problems == ["no feed is configured yet: ingest has not started"]
    assert not document.replay.through


def test_a_replay_is_through_when_every_frame_is_with_every_role():
    replay = status().replay
    assert (replay.ended, replay.paused, replay.through) == (True, False, True)


def normalize(raw=9, raw_head=9, norm=4, frames=98) -> Health:
    counts = {"raw_frames": frames, "raw_gap_frames": 2}
    return health("normalize", partitions=at(raw=raw, raw_head=raw_head, norm=norm), counts=counts)


@pytest.mark.parametrize(
    ("changed", "served"),
    [
        ({"normalize.0": normalize(frames=97)}, None),
        ({"normalize.0": normalize(raw=8)}, None),
        ({"normalize.0": normalize(norm=5)}, None),
        ({"normalize.0": health("normalize", counts={"raw_frames": 100})}, None),
        ({"ingest.0": health("ingest", partitions=at(raw=10))}, None),
        ({"snapshot.0": health("snapshot", partitions=at(norm=3))}, None),
        ({"snapshot.0": health("snapshot")}, None),
        ({}, {P: 3}),
        ({}, {}),
        ({"exchange.0": health("exchange", counts={"sent": 100})}, None),
    ],
)
def test_a_replay_is_not_through_while_any_role_is_behind(changed, served):
    assert not status(everything(**changed), served=served).replay.through


def test_a_stack_without_history_or_ingest_reports_can_be_through():
    healths = everything()
    del healths["snapshot.0"], healths["ingest.0"]
    assert status(healths).replay.through


def test_records_of_roles_that_are_gone_count_for_nothing():
    document = status(everything(**{"normalize.0": health("normalize", age_s=6)}))
    assert document.shards == []
    assert document.counts.raw_frames == 0


def test_a_shard_that_was_killed_is_told_at_once_and_is_no_part_of_its_step():
    killed = ServiceHealth("normalize-0", None, "restarting", 0.0, 0, 1, NOW)
    document = status(everything(), supervisor(killed))
    assert [(row.shard, row.state) for row in document.shards] == [(0, "restarting")]
    [stage] = [row for row in document.stages if row.stage == "normalize"]
    assert stage.in_per_s == 0.0
    assert document.end_to_end is None


def test_without_a_supervisor_a_role_that_looks_at_nats_tells_what_it_survives():
    assert status({"snapshot.0": health("snapshot", durability="disk")}).durability == "disk"
    assert status({"snapshot.0": health("snapshot", durability="disk", age_s=6)}).durability == ""
