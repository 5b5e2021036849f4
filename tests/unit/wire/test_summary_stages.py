from ledgerflux.wire.health import Health, LatencyHealth, ServiceHealth, SupervisorHealth
from ledgerflux.wire.summary_processes import shards_of
from ledgerflux.wire.summary_stages import end_to_end_of, stages_of


def health(role, instance="0", **more) -> Health:
    return Health(role, instance, 7, "ready", 5, 0, **more)


def told(*healths: Health) -> dict[str, Health]:
    return {one.key: one for one in healths}


def stages(*healths: Health):
    known = told(*healths)
    return stages_of(known, shards_of(None, known, known))


def test_the_steps_stand_in_the_order_of_the_way():
    roles = ("gateway", "snapshot", "normalize", "ingest", "exchange")
    names = [row.stage for row in stages(*map(health, roles))]
    assert names == ["exchange", "ingest", "normalize", "snapshot", "gateway"]
    assert stages() == []


def test_what_a_step_does_not_measure_is_null():
    exchange, ingest = stages(health("exchange", rate=5.0), health("ingest", rate=5.0))
    assert (exchange.in_per_s, exchange.out_per_s, exchange.latency) == (None, 5.0, None)
    assert exchange.errors is None
    assert (ingest.in_per_s, ingest.out_per_s, ingest.latency) == (5.0, None, None)


def test_the_processes_of_a_step_are_added_up_and_the_slowest_is_told():
    first = health(
        "normalize", "0", rate=10.0, out_rate=30.0, lag_records=2, counts={"dlq": 1},
        p50_ms=1.0, p95_ms=2.0, p99_ms=9.0, p999_ms=9.5, histogram=[1, 2],
    )  # fmt: skip
    second = health(
        "normalize", "1", rate=5.05, out_rate=10.0, lag_records=3, counts={"dlq": 4},
        p50_ms=3.0, p95_ms=4.0, p99_ms=5.0, p999_ms=6.0, histogram=[3],
    )  # fmt: skip
    [stage] = stages(first, second)
    assert (stage.in_per_s, stage.out_per_s) == (15.1, 40.0)
    assert (stage.queue, stage.queue_unit, stage.errors) == (5, "records", 5)
    latency = stage.latency
    assert (latency.p50_ms, latency.p95_ms, latency.p99_ms, latency.p999_ms) == (3.0, 4.0, 9.0, 9.5)
    assert latency.histograms == {"normalize-0": [1, 2], "normalize-1": [3]}


def test_a_step_that_had_latencies_but_none_of_late_has_its_counts_only():
    [stage] = stages(health("ingest", histogram=[0, 4], counts={"lost_frames": 2}, lag_records=6))
    assert (stage.latency.p50_ms, stage.latency.histograms) == (None, {"ingest": [0, 4]})
    assert (stage.errors, stage.queue, stage.queue_unit) == (2, 6, "frames")


def test_what_waits_for_clients_is_counted_in_bytes():
    [stage] = stages(health("gateway", counts={"queued_bytes": 77, "losses": 1}, rate=9.0))
    assert (stage.queue, stage.queue_unit, stage.errors) == (77, "bytes", 1)


def test_while_shards_are_away_their_step_is_shown_and_its_queue_unknown():
    child = ServiceHealth("normalize-0", None, "restarting", 0.0, 0, 1, 6)
    boss = SupervisorHealth(1, 6, "x", "process", 1, 0, [child])
    [stage] = stages_of({}, shards_of(boss, {}, {}))
    assert (stage.stage, stage.in_per_s, stage.out_per_s) == ("normalize", 0.0, None)
    assert (stage.queue, stage.latency) == (None, None)


def test_the_whole_way_is_what_gateways_measure():
    own = LatencyHealth(1.0, 2.0, 3.0, 4.0, [5])
    assert end_to_end_of(told(health("gateway"))) is None
    row = end_to_end_of(
        told(
            health("gateway", end_to_end=own),
            health("gateway", "1", end_to_end=LatencyHealth(p50_ms=7.0)),
        )
    )
    assert (row.p50_ms, row.p999_ms) == (7.0, 4.0)
    assert row.histograms == {"gateway": [5], "gateway-1": []}
