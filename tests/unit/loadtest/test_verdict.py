import pytest

from ledgerflux.errors import ConfigError
from ledgerflux.loadtest.verdict import (
    EXIT_CODES,
    Generator,
    Judged,
    Slo,
    doubts,
    judge,
    parse_slo,
    parse_slos,
    verdict,
)

SOUND = Generator(
    updates=1000,
    lag_p99_ms=1.0,
    cpu=0.5,
    clock_jump_ms=0.0,
    negative_share=0.0,
    asked_rate=1000.0,
    held_rate=999.0,
    seconds=30.0,
)


@pytest.mark.parametrize(
    ("text", "expected", "unit"),
    [
        ("p95=100ms", ("p95", 100.0), "ms"),
        ("p99=0.5s", ("p99", 500.0), "ms"),
        ("p50=250us", ("p50", 0.25), "ms"),
        ("gaps=0", ("gaps", 0.0), "count"),
        ("min_rate=1000", ("min_rate", 1000.0), "per_s"),
        ("cpu=50%", ("cpu", 0.5), "share"),
        ("rss=512MiB", ("rss", 512 * 1024**2), "bytes"),
        ("recovery=1500ms", ("recovery", 1.5), "s"),
    ],
)
def test_a_threshold_is_a_key_and_a_limit(text, expected, unit):
    slo = parse_slo(text)
    assert (slo, slo.unit) == (expected, unit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("p95", "no threshold"),
        ("p42=1ms", "no threshold"),
        ("none", "no threshold"),
        ("p95=100", "such as p95=100ms"),
        ("p95=ms", "such as p95=100ms"),
        ("gaps=0ms", "such as gaps=0"),
        ("gaps=-1", "such as gaps=0"),
        ("cpu=0.5", "such as cpu=50%"),
    ],
)
def test_what_is_no_threshold_is_said_so(text, said):
    with pytest.raises(ConfigError, match=said) as raised:
        parse_slo(text)
    assert raised.value.exit_code == 2


def test_none_turns_thresholds_off_and_nothing_takes_the_defaults():
    assert parse_slos(["none"], ["gaps=0"]) == []
    assert parse_slos([], ["gaps=0"]) == [Slo("gaps", 0)]
    assert parse_slos(["gaps=1", "gaps=2"], ["p95=1ms"]) == [Slo("gaps", 2)]


def test_a_threshold_is_the_most_allowed_or_the_least():
    judged = judge(
        [Slo("gaps", 0), Slo("p95", 10), Slo("min_rate", 1000), Slo("throttled", 1)],
        {"gaps": 0, "p95": 11.0, "min_rate": 1000.0},
    )
    assert [one.ok for one in judged] == [True, False, True, False]


def test_what_could_not_be_measured_is_not_met():
    assert not Judged(Slo("p95", 10), None).ok


def test_a_sound_measurement_has_no_doubts():
    assert doubts(SOUND) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"updates": 0}, "no update"),
        ({"unreported": 2}, "2 of its processes could not report"),
        ({"lag_p99_ms": 5.1}, "5.1 ms late"),
        ({"cpu": 0.91}, "91% of a core"),
        ({"clock_jump_ms": -6.0}, "clock jumped by -6.0 ms"),
        ({"negative_share": 0.01}, "before their time"),
        ({"held_rate": 899.0}, "held 899/s of 1,000/s"),
    ],
)
def test_each_doubt_names_its_reason(change, said):
    [reason] = doubts(SOUND._replace(**change))
    assert said in reason


@pytest.mark.parametrize(
    "change",
    [
        {"lag_p99_ms": None, "cpu": None},
        {"asked_rate": None, "held_rate": 1.0},
        {"held_rate": None},
        {"held_rate": 901.0},
        {"held_rate": 750.0, "seconds": 5.0},
    ],
)
def test_what_is_not_known_or_within_the_error_is_no_doubt(change):
    assert doubts(SOUND._replace(**change)) == []


@pytest.mark.parametrize(
    ("key", "actual", "reasons", "expected"),
    [
        ("gaps", 0, [], "pass"),
        ("gaps", 1, [], "fail"),
        ("gaps", 0, ["late"], "invalid"),
        ("gaps", 1, ["late"], "invalid"),
        ("violations", 1, ["late"], "fail"),
    ],
)
def test_a_breach_counts_even_where_the_measurement_does_not(key, actual, reasons, expected):
    found = verdict([Judged(Slo(key, 0), actual)], reasons)
    assert found == expected
    assert EXIT_CODES[found] in (0, 98, 99)
