"""What a client saw, in words and figures."""

import pytest

from ledgerflux.deploy.proving import Proof, durable_of, p95_ms


@pytest.mark.parametrize(("durable", "word"), [(True, "yes"), (False, "no"), (None, "unknown")])
def test_the_line_names_product_speed_and_durability(durable, word):
    line = Proof("BTC-USD", 10, 2.25, durable, "synthetic").line()
    assert line == (f"a snapshot of BTC-USD and 10 increments, p95 2.2 ms; durable: {word}")


def test_the_95th_of_a_hundred_is_not_exceeded_by_95():
    assert p95_ms([number * 1_000_000 for number in range(100, 0, -1)]) == 95
    assert p95_ms([7_000_000]) == 7


def test_durable_is_what_the_stack_says():
    assert durable_of({"durability": "disk"}) is True
    assert durable_of({"durability": "process"}) is False
    assert durable_of({"durability": None}) is durable_of({}) is None
