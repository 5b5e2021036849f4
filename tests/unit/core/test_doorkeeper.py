import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core import doorkeeper
from ledgerflux.core.doorkeeper import Doorkeeper
from ledgerflux.core.limits import Limits
from ledgerflux.core.networks import networks_of

SECOND = 1_000_000_000
HERE, THERE = "192.0.2.1", "192.0.2.2"
LIMITS = Limits(
    clients_max=4,
    connections_per_address=2,
    connects_per_s=1,
    connects_burst=3,
    address_requests_per_s=2,
    address_requests_burst=2,
)


@pytest.fixture
def door() -> Doorkeeper:
    return Doorkeeper(LIMITS)


def test_an_address_has_so_many_connections_until_one_leaves(door):
    assert [door.admit(HERE, 0) for _ in range(2)] == [None, None]
    turned = door.admit(HERE, 0)
    assert (turned.code, turned.retry_after_ns) == ("limit_connections", SECOND)
    assert door.admit(THERE, 0) is None
    door.leave(HERE)
    assert door.admit(HERE, 0) is None


def test_new_connections_of_an_address_come_so_often(door):
    for _ in range(3):
        assert door.admit(HERE, 0) is None
        door.leave(HERE)
    turned = door.admit(HERE, 0)
    assert (turned.code, turned.retry_after_ns) == ("throttled", SECOND)
    assert door.admit(HERE, SECOND) is None


def test_all_addresses_together_have_so_many_connections(door):
    for address in (HERE, HERE, THERE, THERE):
        assert door.admit(address, 0) is None
    assert door.admit("192.0.2.3", 0).code == "overloaded"
    assert door.admit("127.0.0.1", 0).code == "overloaded"
    assert door.statistics() == (3, 4, 0, 0, 2)


def test_this_machine_is_bounded_only_in_sum_unless_told_otherwise(door):
    assert [door.admit("127.0.0.1", 0) for _ in range(4)] == [None] * 4
    assert door.bucket("127.0.0.1", 0) is None
    assert door.ask("::1", 0) is None
    door.leave("127.0.0.1")
    assert door.knock("127.0.0.1", 0)
    door.settle("127.0.0.1")
    strict = Doorkeeper(LIMITS, shared_networks=())
    assert [strict.admit("127.0.0.1", 0) for _ in range(2)] == [None, None]
    assert strict.admit("::ffff:127.0.0.1", 0).code == "limit_connections"


def test_an_address_that_many_share_is_bounded_only_in_sum():
    door = Doorkeeper(LIMITS, shared_networks=networks_of(["192.0.2.0/31", "2001:db8::1"]))
    assert [door.admit(HERE, 0) for _ in range(3)] == [None] * 3
    assert door.bucket(HERE, 0) is None
    assert door.admit("2001:db8::2", 0) is None
    door.leave("2001:db8::1")
    assert [door.admit(THERE, 0), door.statistics().addresses] == [None, 2]
    assert door.admit(HERE, 0).code == "overloaded"
    door.leave("2001:db8::2")
    door.leave(HERE)
    assert [door.admit(THERE, 0), door.admit(THERE, 0).code] == [None, "limit_connections"]


def test_what_shares_an_address_changes_no_count_of_its_neighbours():
    door = Doorkeeper(LIMITS, shared_networks=networks_of(["2001:db8::1"]))
    assert [door.admit("2001:db8::2", 0) for _ in range(2)] == [None, None]
    assert door.admit("2001:db8::1", 0) is None
    door.leave("2001:db8::1")
    assert door.admit("2001:db8::2", 0).code == "limit_connections"
    door.leave("2001:db8::2")
    assert door.admit("2001:db8::1", 0) is None
    assert door.admit("2001:db8::2", 0) is None


def test_requests_of_an_address_come_so_often_however_they_come(door):
    assert door.bucket(HERE, 0).take(0) == 0
    assert door.ask(HERE, 0) is None
    turned = door.ask(HERE, 0)
    assert (turned.code, turned.retry_after_ns) == ("throttled", SECOND // 2)
    assert door.bucket(HERE, 0).take(0) == SECOND // 2
    assert door.ask(THERE, 0) is None


def test_sockets_that_say_nothing_are_bounded_by_address_and_in_sum(door, monkeypatch):
    monkeypatch.setattr(doorkeeper, "HANDSHAKES_PER_ADDRESS", 2)
    monkeypatch.setattr(doorkeeper, "HANDSHAKES_MAX", 3)
    assert [door.knock(HERE, 0) for _ in range(3)] == [True, True, False]
    assert [door.knock(THERE, 0) for _ in range(2)] == [True, False]
    door.settle(HERE)
    assert door.knock(THERE, 0)
    assert door.statistics() == (2, 0, 3, 2, 0)


def test_addresses_without_anything_open_are_forgotten_the_oldest_first(door, monkeypatch):
    monkeypatch.setattr(doorkeeper, "ADDRESSES_MAX", 2)
    door.admit(HERE, 0)
    door.ask(THERE, 0)
    assert [door.ask("192.0.2.3", 0) for _ in range(2)] == [None, None]
    assert door.statistics().addresses == 2
    assert door.ask("192.0.2.3", 0).code == "throttled"
    door.knock("192.0.2.3", 0)
    door.ask("192.0.2.4", 0)
    assert door.statistics().addresses == 3
    door.leave(HERE)


_steps = st.lists(
    st.tuples(st.sampled_from(["in", "out"]), st.sampled_from([HERE, THERE, "::1"])), max_size=60
)


@given(_steps)
def test_nobody_is_ever_let_in_past_a_limit_and_everybody_can_leave(steps):
    door, inside, now_ns = Doorkeeper(LIMITS), [], 0
    for step, address in steps:
        now_ns += SECOND
        if step == "in" and door.admit(address, now_ns) is None:
            inside.append(address)
        elif step == "out" and address in inside:
            inside.remove(address)
            door.leave(address)
        assert door.statistics().inside == len(inside) <= LIMITS.clients_max
        assert all(inside.count(each) <= 2 for each in (HERE, THERE))
