"""The dialects that an exchange of ours can speak."""

from ledgerflux.errors import ConfigError
from ledgerflux.venues.coinbase_advanced_server import CoinbaseAdvancedServer
from ledgerflux.venues.coinbase_exchange_server import CoinbaseExchangeServer

Server = CoinbaseAdvancedServer | CoinbaseExchangeServer


def server(name: str) -> Server:
    """Return a new server of the venue called `name`.

    Raises:
        ConfigError: `bad_argument`, naming those that exist.
    """
    made = {made.name: made for made in _all()}
    if name not in made:
        raise ConfigError(
            f"no exchange of ours speaks {name!r}: known are {', '.join(made)}",
            code="bad_argument",
        )
    return made[name]


def recognize(frame: bytes) -> Server | None:
    """Return a server of the venue that sent `frame`; None where no dialect knows it."""
    return next((made for made in _all() if made.recognizes(frame)), None)


def _all() -> tuple[Server, ...]:
    return CoinbaseAdvancedServer(), CoinbaseExchangeServer()
