"""The frames of `lf top`, from a status and the one before it."""

import copy

import pytest

from ledgerflux_tui.lines import text_of
from ledgerflux_tui.top import SCREENS, Sample, frame, product_rates

SINCE = "2026-01-01T00:00:00.000000000Z"


def service(name, cpu=0.1, state="ready"):
    return {
        "name": name, "pid": 7, "state": state, "cpu": cpu, "rss_bytes": 50_000_000,
        "restarts": 0, "since": SINCE,
    }  # fmt: skip


def status(sent=1000, level2=500, **more):
    return {
        "state": "healthy",
        "source": "synthetic:200",
        "durability": "process",
        "services": [service(name) for name in (
            "nats", "exchange", "ingest", "normalize-0", "normalize-1", "gateway",
        )],
        "shards": [
            {"shard": 0, "products": ["BTC-USD"], "state": "ready", "rate": 90.0,
             "lag_records": 0, "lag_ms": 0.0, "p50_ms": 1.0, "p99_ms": 4.0},
            {"shard": 1, "products": ["ETH-USD"], "state": "ready", "rate": 10.0,
             "lag_records": 0, "lag_ms": 0.0, "p50_ms": None, "p99_ms": None},
        ],
        "counts": {"exchange_sent": sent, "raw_frames": sent, "raw_gap_frames": 0,
                   "norm_events": sent, "dlq": 0},
        "gaps": 0,
        "disk_bytes": 5,
        "clients": 3,
        "heads": {"BTC-USD": {"epoch": "e", "level2": level2, "trades": 9, "state": "live",
                              "integrity": "none"}},
        "problems": [],
        **more,
    }  # fmt: skip


def lines(screen, sample, width=120):
    return [text_of(line) for line in frame(screen, sample, width)]


def test_rates_are_those_between_two_statuses():
    sample = Sample(status(2000, 600), 0, status(1000, 500), seconds=2.0)
    assert product_rates(sample) == {"BTC-USD": 50.0}
    assert sample.rate("exchange_sent") == 500.0


def test_the_first_status_has_no_rates():
    assert product_rates(Sample(status(), 0)) == {"BTC-USD": None}
    assert Sample(status(), 0).rate("exchange_sent") is None


def test_counts_that_fell_or_are_not_known_have_no_rate():
    assert Sample(status(5), 0, status(9)).rate("exchange_sent") is None
    unknown = status()
    unknown["counts"] = dict.fromkeys(unknown["counts"])
    assert Sample(unknown, 0, status(9)).rate("exchange_sent") is None


def test_another_run_of_the_source_has_no_rate():
    later = copy.deepcopy(status(level2=600))
    later["heads"]["BTC-USD"]["epoch"] = "f"
    assert product_rates(Sample(later, 0, status())) == {"BTC-USD": None}


def test_the_overview_lists_the_products():
    shown = lines("overview", Sample(status(level2=600), 0, status()))
    assert shown[0].startswith("healthy · source synthetic:200")
    assert shown[-2].split() == ["PRODUCT", "SHARD", "BOOK", "PROOF", "SEQ", "TRADES", "UPD/S"]
    assert shown[-1].split() == ["BTC-USD", "0", "live", "unproven", "600", "9", "100"]


def test_the_shards_are_listed_with_their_processes():
    shown = lines("shards", Sample(status(), 0))
    assert [line.split()[0] for line in shown if line][1:] == [
        "SHARD", "0", "1", "SERVICE", "normalize-0", "normalize-1",
    ]  # fmt: skip


def test_the_pipeline_adds_up_the_processes_of_a_role():
    shown = lines("pipeline", Sample(status(2000), 0, status(1000)))
    row = next(line for line in shown if line.startswith("normalize"))
    assert row.split() == [
        "normalize", "ready", "events", "in", "NORM", "2,000", "1,000", "1.0", "ms", "4.0", "ms",
        "20%", "100", "MB",
    ]  # fmt: skip
    assert not any(line.startswith("snapshot") for line in shown), "there is none"
    assert shown[-1] == "frames lost 0 · frames refused 0 · gaps 0"


def test_the_worst_state_of_a_role_is_shown():
    services = [service("normalize-0"), service("normalize-1", state="restarting")]
    shown = lines("pipeline", Sample(status(services=services), 0))
    assert "restarting" in next(line for line in shown if line.startswith("normalize"))


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(screen, width):
    assert all(len(line) <= width for line in lines(screen, Sample(status(), 0), width))


@pytest.mark.parametrize("screen", SCREENS)
def test_a_status_without_a_gateway_can_be_shown(screen):
    known = status(shards=[], counts={}, gaps=None, problems=["the gateway does not answer"])
    for name in ("heads", "clients"):
        del known[name]
    assert lines(screen, Sample(known, 0, known))[-1] == "! the gateway does not answer"
