import json
from fractions import Fraction

import pytest
from data.hostile_frames import BAD_DECIMALS, GOOD_DECIMALS
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.model import units
from ledgerflux.model.units import (
    NANOS_PER_S,
    PRICE_SCALE,
    is_decimal,
    is_zero,
    kept_tick,
    parse_time_ns,
    price_tick,
    price_ticks,
    rfc3339,
)

LAST_NS = 253_402_300_799 * NANOS_PER_S + 999_999_999
decimals = st.from_regex(r"-?[0-9]{1,24}(\.[0-9]{1,24})?", fullmatch=True).filter(str.isascii)


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (1786253022223540862, "2026-08-09T05:23:42.223540862Z"),
        (-62135596800 * NANOS_PER_S, "0001-01-01T00:00:00.000000000Z"),
        (LAST_NS, "9999-12-31T23:59:59.999999999Z"),
    ],
)
def test_a_time_is_written_with_nine_decimals(time_ns, text):
    assert rfc3339(time_ns) == text
    assert rfc3339(time_ns) == text
    assert parse_time_ns(text) == time_ns


@given(st.lists(st.integers(-62135596800 * NANOS_PER_S, LAST_NS), min_size=1, max_size=5))
def test_a_time_survives_writing_and_reading(times):
    assert [parse_time_ns(rfc3339(time_ns)) for time_ns in times] == times


@given(st.lists(st.integers(-62135596800 * NANOS_PER_S, LAST_NS), min_size=2, max_size=5))
def test_written_times_sort_as_times_do(times):
    assert sorted(map(rfc3339, times)) == [rfc3339(time_ns) for time_ns in sorted(times)]


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("2026-08-09T05:23:42Z", 1786253022 * NANOS_PER_S),
        ("2026-08-09 05:23:42.5 +00:00", 1786253022 * NANOS_PER_S + 500_000_000),
        ("2026-08-09T07:23:42+02:00", 1786253022 * NANOS_PER_S),
        ("2026-08-09T00:53:42.0-0430", 1786253022 * NANOS_PER_S),
        ("2016-12-31T23:59:60.5Z", 1483228799 * NANOS_PER_S + 500_000_000),
        ("0001-01-01T00:00:00.000000Z", -62135596800 * NANOS_PER_S),
        ("2026-02-30T00:00:00Z", None),
        ("2026-01-01T24:00:00Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("2026-08-09T05:23:42", None),
        ("2026-08-09T05:23:42.Z", None),
        ("2026-08-09T05:23:42 .5Z", None),
        ("2026-02-30T05:23:42.5Z", None),
        ("2026-08-09T05:23:42.\u0665Z", None),
        ("2026-08-09T05:23:42.5 Z", 1786253022 * NANOS_PER_S + 500_000_000),
        ("2026-08-09T05:23:42.1234567890Z", None),
        ("2026-08-09T05:23:42Z ", None),
        ("\u0662026-08-09T05:23:42Z", None),
        ("1786253022", None),
        ("", None),
    ],
)
def test_the_times_that_venues_write_are_read(text, time_ns):
    assert parse_time_ns(text) == time_ns


@given(st.text(max_size=40))
def test_any_other_text_is_no_time(text):
    time_ns = parse_time_ns(text)
    assert time_ns is None or isinstance(time_ns, int)


@pytest.mark.parametrize("text", GOOD_DECIMALS)
def test_a_plain_decimal_is_one(text):
    assert is_decimal(text)


@pytest.mark.parametrize("text", BAD_DECIMALS, ids=lambda text: text[:20])
def test_nothing_else_is_a_plain_decimal(text):
    value = json.loads(text)
    assert not is_decimal(value)
    assert not isinstance(value, str) or price_tick(value) is None


@given(decimals)
def test_zero_is_zero_however_it_is_written(text):
    assert is_zero(text) == (Fraction(text) == 0)


@pytest.mark.parametrize(
    ("text", "tick"),
    [
        ("1", 10**12),
        ("64699.5", 64699500000000000),
        ("64699.50", 64699500000000000),
        ("0.000000000001", 1),
        ("0.0000000000010000", 1),
        ("0.0000000000011", None),
        ("-0.5", -500000000000),
        ("-0", 0),
        ("007", 7 * 10**12),
        ("1e5", None),
    ],
)
def test_a_tick_is_exact_or_none(text, tick):
    assert price_tick(text) == tick
    assert [kept_tick(text), kept_tick(text)] == [tick, tick]


@pytest.mark.parametrize(
    "text",
    [
        "\u0661.\u0662",
        "1.\u0662",
        "1_0.5",
        " 1.5",
        "1.5 ",
        "+1.5",
        "1" * 25 + ".5",
        "1.5e1",
        "1.",
        ".5",
    ],
)
def test_what_looks_like_a_price_and_is_none_has_no_tick(text):
    assert price_tick(text) is None


@given(decimals)
def test_a_tick_is_the_price_times_its_scale_and_never_rounded(text):
    exact = Fraction(text) * 10**PRICE_SCALE
    assert price_tick(text) == (exact if exact.denominator == 1 else None)


@given(decimals, decimals)
def test_ticks_sort_as_prices_do(one, other):
    ticks = price_tick(one), price_tick(other)
    if None not in ticks:
        assert (ticks[0] < ticks[1]) == (Fraction(one) < Fraction(other))


@given(st.lists(decimals.filter(lambda text: text[0] != "-" and len(text.partition(".")[2]) <= 12)))
def test_many_ticks_at_once_are_those_of_each(texts):
    assert price_ticks(texts) == [price_tick(text) for text in texts]


NO_DECIMALS = [bad for bad in BAD_DECIMALS if isinstance(bad, str) and not is_decimal(bad)]


@pytest.mark.parametrize("unusual", [*NO_DECIMALS, "-1", "0.1234567890120", "1|2", "|", "1|"])
def test_many_ticks_at_once_are_left_to_one_by_one_where_a_text_is_unusual(unusual):
    assert price_ticks(["1", unusual, "2"]) is None


def test_seconds_are_kept_in_bounds_and_written_the_same_when_they_come_again():
    times = [second * NANOS_PER_S + 7 for second in range(1, 3 * units._SECONDS_KEPT)]
    texts = [rfc3339(time_ns) for time_ns in times]
    assert len(units._second_texts) <= units._SECONDS_KEPT
    assert [rfc3339(time_ns) for time_ns in times] == texts
    assert [parse_time_ns(text) for text in texts] == times
