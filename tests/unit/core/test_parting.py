import pytest

from ledgerflux.core.limits import Limits
from ledgerflux.core.parting import CODES, Close, Goodbye, goodbye, lifetime_ns
from ledgerflux.model.units import NANOS_PER_S

DAY_NS = 24 * 3600 * NANOS_PER_S


@pytest.mark.parametrize(
    ("code", "after_ms"),
    [(1012, 250), (4000, 1250), (4002, 5250), (4004, 250), (1003, None), (4502, None)],
)
def test_who_may_come_back_is_told_when(code, after_ms):
    told = goodbye(Close(code, "why"), 0.25, 1000)
    assert told == Goodbye(code, "why", after_ms is not None, after_ms)


def test_the_delays_of_many_are_spread_over_the_window():
    close = Close(1012, "restart")
    delays = [goodbye(close, number / 128, 6400).reconnect_after_ms for number in range(128)]
    assert delays == list(range(0, 6400, 50))


def test_every_code_says_whether_to_come_back():
    back = {code for code in CODES if goodbye(Close(code, ""), 0.0, 1).reconnect}
    assert back == {1012, 4000, 4002, 4003, 4004}


def test_a_connection_lasts_its_time_less_up_to_a_tenth():
    assert lifetime_ns(Limits(), 0.0) == DAY_NS
    assert lifetime_ns(Limits(), 0.5) == pytest.approx(0.95 * DAY_NS)
    assert lifetime_ns(Limits(lifetime_s=10), 0.0) == 10 * NANOS_PER_S
