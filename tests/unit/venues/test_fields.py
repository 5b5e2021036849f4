import json

import pytest
from data.hostile_frames import BAD_DECIMALS, BAD_PRODUCTS, GOOD_DECIMALS
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.model.product import is_product_id
from ledgerflux.model.units import is_decimal, parse_time_ns
from ledgerflux.venues import fields
from ledgerflux.venues.base import Refused
from ledgerflux.venues.fields import (
    COUNT_MAX,
    SECONDS_KEPT,
    TIME_NS_MAX,
    TIME_NS_MIN,
    are_plain,
    check_changes,
    check_decimals,
    check_given,
    count,
    product_id,
    product_ids,
    time_ns,
    venue_error,
)

BAD_TEXTS = [text for text in map(json.loads, BAD_DECIMALS) if isinstance(text, str)]
BAD_IDS = [text for text in map(json.loads, BAD_PRODUCTS) if isinstance(text, str)]
almost_decimal = st.text(alphabet="0123456789.-|e \u0663", max_size=30)


def refuses(check, *arguments, reason="number"):
    try:
        check(*arguments)
    except Refused as refused:
        return refused.reason == reason
    return False


@pytest.mark.parametrize("text", BAD_TEXTS, ids=lambda text: text[:30] or "empty")
def test_a_text_that_is_no_plain_decimal_is_refused_wherever_it_stands(text):
    assert refuses(check_decimals, [text])
    assert refuses(check_decimals, ["1", text])
    assert refuses(check_decimals, [text, "1"])
    assert refuses(check_given, None, text)
    assert refuses(check_changes, [("buy", "1", "1"), ("sell", text, "1")])
    assert refuses(check_changes, [("buy", "1", text)])


@pytest.mark.parametrize("text", GOOD_DECIMALS)
def test_a_plain_decimal_passes(text):
    check_decimals([text, text])
    check_given(text, None)
    check_changes([("buy", text, text)])


@pytest.mark.parametrize("text", ["1e3", "1E3", "1 ", " 1", "1,2", "", "1.", ".5", "NaN", "null"])
def test_what_is_no_plain_decimal_is_not_taken_for_one_in_a_hurry(text):
    assert not are_plain(text, 1)
    assert not are_plain(f"1,{text},0.5", 3)


def test_the_decimals_of_the_venues_are_seen_in_a_hurry():
    assert are_plain("64677.38,0,0.06184542,-0,-1.5," + "9" * 24, 6)
    assert are_plain("", 0)


@given(st.lists(almost_decimal, max_size=4))
def test_a_hurry_never_lets_more_pass(texts):
    short = [text for text in texts if len(text) <= 24]
    assert not are_plain(",".join(texts), len(texts)) or all(map(is_decimal, short))


def test_no_decimals_at_all_pass():
    check_decimals([])
    check_changes([])
    check_given(None, None)


@given(st.lists(almost_decimal, max_size=6))
def test_checking_many_texts_at_once_is_checking_each(texts):
    assert refuses(check_decimals, texts) != all(map(is_decimal, texts))


def test_the_refusal_shows_the_first_text_that_is_wrong():
    with pytest.raises(Refused, match="'1e5'") as caught:
        check_decimals(["1", "1e5", "x"])
    assert caught.value.detail == "no plain decimal: '1e5'"


@pytest.mark.parametrize("text", BAD_IDS, ids=lambda text: text[:30] or "empty")
def test_a_text_that_may_not_name_a_product_is_refused(text):
    assert refuses(product_id, text, reason="subject")
    assert refuses(product_ids, "level2", ["BTC-USD", text], reason="subject")


def test_a_refusal_of_a_long_text_is_short():
    for check in (product_id, lambda text: check_decimals([text])):
        with pytest.raises(Refused) as caught:
            check("\U000e0001" * 10_000)
        assert len(caught.value.detail) <= 200


def test_the_same_product_is_the_same_object():
    first, second = ("-".join(["XYZ", "USD"]) for _ in range(2))
    assert first is not second
    assert product_id(first) is product_id(second)


def test_the_cache_of_products_is_bounded(monkeypatch):
    monkeypatch.setattr(fields, "_products", {})
    monkeypatch.setattr(fields, "PRODUCTS_CACHED_MAX", 2)
    for text in ("A-USD", "B-USD", "C-USD", "C-USD"):
        assert product_id(text) == text
    assert list(fields._products) == ["A-USD", "B-USD"]


@given(st.text(alphabet="AB9-._a", max_size=12))
def test_only_the_allow_list_gets_through(text):
    assert refuses(product_id, text, reason="subject") != is_product_id(text)


def test_a_channel_without_products_may_list_its_own_name():
    assert product_ids("heartbeats", ["heartbeats"]) == []
    assert product_ids("level2", ["BTC-USD", "ETH-USD"]) == ["BTC-USD", "ETH-USD"]


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), ("0", 0), ("007", 7), (COUNT_MAX, COUNT_MAX), (str(COUNT_MAX), COUNT_MAX)],
)
def test_a_count_is_read_from_number_or_digits(value, number):
    assert count(value) == number


@pytest.mark.parametrize(
    "value", [-1, COUNT_MAX + 1, str(COUNT_MAX + 1), "-1", "1.0", "", "x", " 1", "\u0663", "1" * 20]
)
def test_what_is_no_count_is_refused(value):
    assert refuses(count, value)


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("2026-08-09T05:23:42.223540862Z", 1786253022223540862),
        ("2026-08-09T05:23:42.2Z", 1786253022200000000),
        ("2026-08-09T05:23:42.000000Z", 1786253022000000000),
        ("2026-08-09T05:23:42Z", 1786253022000000000),
        ("2026-08-09 05:23:42.5+00:00", 1786253022500000000),
        ("2026-08-09T07:23:42.5+02:00", 1786253022500000000),
        ("2026-08-09T05:23:42.1234567890Z", None),
        ("2026-08-09T05:23:42.\u0663Z", None),
        ("2026-08-09T05:23:42.1x", None),
        ("2026-08-09T05:23:42.Z", None),
        ("0001-01-01T00:00:00.000000Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("1970-01-01T23:59:59.999999999Z", None),
        ("1970-01-02T00:00:00.0Z", TIME_NS_MIN),
        ("9999-12-31T23:59:59Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_read_whatever_was_read_before(text, nanos):
    for before in ("2026-08-09T05:23:42.7Z", "2026-08-09T05:23:43.7Z", "never"):
        time_ns(before)
        assert time_ns(text) == nanos


@given(
    st.lists(
        st.tuples(
            st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds")[:19])
            | st.sampled_from(
                ["2026-08-09T05:23:42", "1970-01-01T00:00:00", "2262-04-11T23:47:16"]
            ),
            st.sampled_from(
                ["", ".", ".0", ".5", ".000000001", ".999999999", ".1234567890", ".1_0"]
            ),
            st.sampled_from(["Z", "z", "", "+00:00", "-23:59", " "]),
        ).map("".join),
        min_size=1,
        max_size=5,
    )
)
def test_the_cached_second_never_shows(texts):
    for text in texts:
        exact = parse_time_ns(text)
        known = exact is not None and TIME_NS_MIN <= exact <= TIME_NS_MAX
        within = exact is None or exact <= TIME_NS_MAX or exact > COUNT_MAX
        assert not within or time_ns(text) == (exact if known else None)


@pytest.mark.parametrize(
    ("message", "reason", "code", "product"),
    [
        ("Failed to subscribe", "XTZ-EUR is not a valid product", "unknown_product", "XTZ-EUR"),
        ("Failed to subscribe", "XTZ_EUR is not a valid product", "unknown_product", None),
        ("Product not found: BTC-XXX", None, "unknown_product", "BTC-XXX"),
        ("Failed to subscribe", "No channels provided", "venue_error", None),
        ("authentication failure", None, "auth_required", None),
        ("Authentication Failed", '{"message":"Invalid API Key"}', "auth_required", None),
        (
            "Failed to subscribe",
            "level2, level3, and full channels now require authentication.",
            "auth_required",
            None,
        ),
        ("rate limit exceeded", "", "rate_limited", None),
        ("Too many requests", None, "rate_limited", None),
        ("ErrSlowConsume", None, "slow_consumer", None),
        ("too many messages backed up", None, "slow_consumer", None),
        (None, None, "venue_error", None),
    ],
)
def test_the_prose_of_an_error_is_classified(message, reason, code, product):
    error = venue_error(message, reason)
    assert (error.code, error.product) == (code, product)
    assert error.message == ": ".join(filter(None, (message, reason)))


def test_the_prose_of_an_error_is_cut():
    assert venue_error("x" * 10_000, None).message == "x" * 500


def test_seconds_are_kept_in_bounds_and_read_the_same_when_they_come_again():
    texts = [f"2026-08-09T05:{i // 60:02d}:{i % 60:02d}.5Z" for i in range(3 * SECONDS_KEPT)]
    times = [time_ns(text) for text in texts]
    assert len(fields._seconds) <= SECONDS_KEPT
    assert [time_ns(text) for text in texts] == times == [parse_time_ns(text) for text in texts]
