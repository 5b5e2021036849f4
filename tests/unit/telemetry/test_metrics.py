"""The text that Prometheus reads."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ledgerflux.core.timings import Timings
from ledgerflux.telemetry.measures import Sample
from ledgerflux.telemetry.metrics import render
from ledgerflux.wire.health import Health


def families(role, *samples, **more):
    health = Health(role, "3", 1, "ready", 0, 0, **more)
    text = render(health, samples).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def test_a_histogram_counts_what_is_at_most_as_long_as_each_bound():
    timings = Timings()
    for seconds in (0.0005, 0.1, 0.11, 60):
        timings.add(seconds)
    found = families("gateway", Sample("gateway_delivery_latency_seconds", timings))
    family = found["ledgerflux_gateway_delivery_latency_seconds"]
    buckets = {s.labels["le"]: s.value for s in family.samples if "le" in s.labels}
    assert (buckets["0.001"], buckets["0.1"], buckets["0.15"]) == (1, 2, 3)
    assert (buckets["10.0"], buckets["+Inf"]) == (3, 4)
    assert family.type == "histogram"
    assert [s.value for s in family.samples if s.name.endswith("_count")] == [4]


def test_values_of_one_metric_are_one_family():
    samples = (Sample("dependency_up", 1, ("nats",)), Sample("dependency_up", 0, ("postgres",)))
    family = families("snapshot", *samples)["ledgerflux_dependency_up"]
    assert {s.labels["dependency"]: s.value for s in family.samples} == {"nats": 1, "postgres": 0}


def test_only_a_normalizer_names_its_shard():
    rate = families("normalize")["ledgerflux_normalize_rate"].samples[0]
    assert rate.labels == {"shard": "3"}
    assert families("gateway")["ledgerflux_gateway_rate"].samples[0].labels == {}


def test_a_metric_that_no_table_has_is_a_mistake():
    with pytest.raises(KeyError):
        families("exchange", Sample("made_up", 1))


def test_what_the_process_uses_is_told_and_nothing_of_when_counters_began():
    found = families("exchange", counts={"sent": 1})
    assert "process_start_time_seconds" in found
    assert not [name for name in found if name.endswith("_created")]


def test_what_only_grows_is_told_before_anything_was_counted():
    found = families("normalize", counts={"gaps": 3})
    assert found["ledgerflux_normalize_gaps"].samples[0].value == 3
    assert found["ledgerflux_normalize_sequence_holes"].samples[0].value == 0
    assert "ledgerflux_normalize_session_frames" not in found
