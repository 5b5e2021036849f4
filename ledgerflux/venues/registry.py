"""The venues that can be named in settings, subjects and messages."""

from ledgerflux.errors import ConfigError
from ledgerflux.venues.base import Venue
from ledgerflux.venues.coinbase_advanced import CoinbaseAdvanced
from ledgerflux.venues.coinbase_exchange import CoinbaseExchange

_KNOWN: tuple[Venue, ...] = (CoinbaseAdvanced(), CoinbaseExchange())

VENUES: dict[str, Venue] = {venue.name: venue for venue in _KNOWN}
"""Every dialect by its name; the first is the default for live."""


def venue(name: str) -> Venue:
    """Return the dialect called `name`.

    Raises:
        ConfigError: `bad_argument`, naming those that exist.
    """
    found = VENUES.get(name)
    if found is None:
        known = ", ".join(VENUES)
        raise ConfigError(f"no venue {name!r}: known are {known}", code="bad_argument")
    return found
