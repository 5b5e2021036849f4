import pytest

from ledgerflux.errors import ConfigError
from ledgerflux.venues.registry import VENUES, venue


def test_the_default_for_live_comes_first():
    assert list(VENUES) == ["coinbase-advanced", "coinbase-exchange"]


@pytest.mark.parametrize("name", VENUES)
def test_a_venue_is_found_by_its_own_name(name):
    assert venue(name) is VENUES[name]
    assert venue(name).name == name


def test_an_unknown_venue_is_an_error_that_names_the_known_ones():
    with pytest.raises(ConfigError, match="coinbase-advanced, coinbase-exchange") as caught:
        venue("mtgox")
    assert caught.value.code == "bad_argument"


@pytest.mark.parametrize("dialect", VENUES.values(), ids=lambda dialect: dialect.name)
def test_every_venue_states_what_can_be_had_without_keys(dialect):
    assert dialect.url.startswith("wss://")
    assert set(dialect.channels) == {"level2", "trades", "ticker", "heartbeats"}
    assert dialect.integrity_rule.split(":")[0] == dialect.integrity
    assert dialect.book_requests_per_s > 0
