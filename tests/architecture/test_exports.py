"""The public names: `ledgerflux.client` and `ledgerflux.errors`; there, described, and no more."""

import pkgutil
from importlib.util import find_spec
from pathlib import Path

import pytest

import ledgerflux
from ledgerflux import client, errors

PUBLIC = {
    "WHOLE",
    "Client",
    "Holding",
    "Holdings",
    "Message",
    "Mirror",
    "Missed",
    "Reconnected",
    "Terms",
    "connect",
}


def test_the_client_offers_exactly_its_public_names():
    assert set(client.__all__) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_is_described(name):
    described = getattr(client, name).__doc__
    assert described
    assert not described.startswith(f"{name}(")  # what a dataclass says where nobody did


def test_every_error_has_its_place_in_the_tree_and_its_own_code():
    named = [
        error
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.LedgerFluxError)
    ]
    assert len({error.code for error in named}) == len(named) > 10
    for error in named:
        assert error.__name__ in errors.__doc__
        assert error.code in errors.__doc__


def test_every_module_says_what_it_is_for():
    silent = []
    for module in pkgutil.walk_packages(ledgerflux.__path__, "ledgerflux."):
        origin = find_spec(module.name).origin
        if not Path(origin).read_text(encoding="utf-8").startswith('"""'):
            silent.append(module.name)
    assert silent == []
