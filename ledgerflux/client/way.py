"""How a gateway is reached: what must have signed its certificate."""

import ssl
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ledgerflux.errors import ConfigError


class Way(NamedTuple):
    """How a client comes to a gateway.

    Attributes:
        ca_file: PEM file of what must have signed its certificate; None: what this machine
            trusts.
        compression: Whether to ask for compressed messages; None: of gateways elsewhere.
    """

    ca_file: Path | None = None
    compression: bool | None = None

    @property
    def tls(self) -> ssl.SSLContext:
        """Return what `https` and `wss` are spoken with: certificate and name are checked.

        Raises:
            ConfigError: `ca_file` can't be read or holds no certificate (`bad_certificate`).
        """
        return _trusting(self.ca_file)


@lru_cache(maxsize=4)
def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        text = f"no certificates to trust in {ca_file}: {reason}"
        raise ConfigError(text, code="bad_certificate") from error


_usual = Way()


def use_way(way: Way) -> None:
    """Make `way` that of every client and question of this process that names none."""
    global _usual
    _usual = way


def usual_way() -> Way:
    """Return the way of whoever names none."""
    return _usual
