"""Ports: what was asked for or an error, else the next that is free."""

import pytest

from ledgerflux.adapters.sockets import free_port, listening_socket
from ledgerflux.deploy.ports import take_port
from ledgerflux.errors import Conflict


@pytest.fixture
def taken():
    with listening_socket("127.0.0.1", free_port()) as held:
        yield held.getsockname()[1]


def test_the_port_asked_for_or_none(taken):
    free = free_port()
    assert take_port(free, 8000) == free
    with pytest.raises(Conflict) as caught:
        take_port(taken, 8000)
    assert caught.value.code == "port_in_use"


def test_where_none_was_asked_for_the_next_free_one(taken):
    assert taken < take_port(None, taken) < taken + 100
    assert take_port(0, taken) != taken
