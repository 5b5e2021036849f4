from pathlib import Path

import msgspec
import pytest
from pydantic import ValidationError

from ledgerflux.client import way
from ledgerflux.client.way import Way
from ledgerflux.loadtest.orders import Order
from ledgerflux.loadtest.plan import SCENARIOS, LoadPlan, Times, orders
from ledgerflux.loadtest.verdict import parse_slos

TIMES = Times(0, 1000, 5000, 7)
SERVED = ["A-USD", "B-USD", "C-USD"]


def test_clients_are_dealt_to_processes_and_connect_over_the_ramp():
    plan = LoadPlan(clients=5, processes=2, slow=1, churn_per_s=4.0)
    first, second = orders(plan, "ws://x", SERVED, TIMES, planned=True, tick_s=0.25)
    assert [client.number for client in first.clients] == [0, 2, 4]
    assert [client.start_ns for client in second.clients] == [200, 600]
    assert [client.slow for client in first.clients] == [True, False, False]
    assert (first.churn_per_s, first.seed, second.seed) == (2.0, 1, 2)
    assert (first.from_ns, first.until_ns, first.wall_offset_ns) == (1000, 5000, 7)


def test_they_come_to_the_gateway_as_who_gives_the_orders(monkeypatch):
    asked = Way(Path("ca.pem"), "lfk.a.b", None, Path("cert.pem"))
    for used in (asked, Way()):
        monkeypatch.setattr(way, "_usual", used)
        [order] = orders(LoadPlan(clients=1), "wss://x", SERVED, TIMES, planned=True, tick_s=0.25)
        assert msgspec.json.decode(msgspec.json.encode(order), type=Order).way == used


def test_greedy_clients_come_on_top():
    plan = LoadPlan(clients=2, greedy=1)
    [order] = orders(plan, "ws://x", SERVED, TIMES, planned=True, tick_s=0.25)
    assert [client.greedy for client in order.clients] == [False, False, True]


@pytest.mark.parametrize(
    ("products", "number", "expected"),
    [
        ((), 0, None),
        (("B-USD",), 4, ["B-USD"]),
        (("2-each",), 0, ["A-USD", "B-USD"]),
        (("2-each",), 1, ["C-USD", "A-USD"]),
        (("9-each",), 1, SERVED),
    ],
)
def test_each_client_follows_what_it_was_given(products, number, expected):
    assert LoadPlan(products=products).products_of(number, SERVED) == expected


@pytest.mark.parametrize(
    "wrong", [{"clients": 1, "slow": 2}, {"clients": 1, "processes": 2}, {"channels": ("books",)}]
)
def test_what_can_not_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        LoadPlan(**wrong)


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_each_scenario_is_a_plan_with_thresholds(name):
    preset = SCENARIOS[name]
    values = {key: value for key, value in preset.values.items() if key != "source"}
    assert LoadPlan(**values, scenario=name).scenario == name
    assert parse_slos([], preset.slos)


@pytest.mark.parametrize(
    ("products", "served", "each"),
    [
        (("3-each",), 16, 3),
        (("3-each",), 2, 2),
        (("3-each",), 0, 0),
        (("BTC-USD",), 0, None),
        ((), 0, None),
    ],
)
def test_nobody_follows_more_than_there_is(products, served, each):
    assert LoadPlan(products=products).each_of(served) == each
