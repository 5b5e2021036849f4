from ledgerflux.core.held_speed import OVER_NS, HeldSpeed


def test_it_is_market_time_over_time():
    held = HeldSpeed(1_000, 5)
    held.measure(2_000, 5 + OVER_NS - 1)
    assert held.value is None
    held.measure(1_000 + 10 * OVER_NS, 5 + OVER_NS)
    assert held.value == 10.0
    held.measure(1_000 + 10 * OVER_NS, 5 + 2 * OVER_NS)
    assert held.value == 0.0
