"""How a gateway is reached: what must have signed its certificate, and what it is shown."""

import ssl
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ledgerflux.core.credentials import TOKEN_CHARS_MAX
from ledgerflux.errors import ConfigError

BEGIN_OF_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
END_OF_CERTIFICATE = "-----END CERTIFICATE-----"


class Way(NamedTuple):
    """How a client comes to a gateway.

    Attributes:
        ca_file: PEM file of what must have signed its certificate; None: what this machine
            trusts.
        token: The API key or token to show; it is sent as a header.
        compression: Whether to ask for compressed messages; None: of gateways elsewhere.
        certificate: PEM file that begins with the one certificate that is believed, whatever
            its name; not where there is a `ca_file`.
    """

    ca_file: Path | None = None
    token: str | None = None
    compression: bool | None = None
    certificate: Path | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Return what is sent with every handshake and question."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    @property
    def tls(self) -> ssl.SSLContext:
        """Return what `https` and `wss` are spoken with: certificate and name are checked.

        Raises:
            ConfigError: A file can't be read or holds no certificate (`bad_certificate`).
        """
        if self.ca_file is None and self.certificate is not None:
            return _believing(self.certificate)
        return _trusting(self.ca_file)


def read_token(path: Path) -> str:
    """Return the token that a file holds, white space around it left out.

    Raises:
        ConfigError: It can't be read or holds no token (`bad_argument`); nothing of it is told.
    """
    try:
        token = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no plain text"
        raise ConfigError(f"no token in {path}: {reason}", code="bad_argument") from error
    return checked_token(token, f"no token in {path}")


def checked_token(text: str, wrong: str = "token") -> str:
    """Return the token `text`, white space around it left out.

    Raises:
        ConfigError: It is none (`bad_argument`): `wrong`, and why; nothing of it is told.
    """
    token = text.strip()
    visible = token.isascii() and token.isprintable() and " " not in token
    if not token or not visible or len(token) > TOKEN_CHARS_MAX:
        raise ConfigError(
            f"{wrong}: not one word of at most {TOKEN_CHARS_MAX} characters", code="bad_argument"
        )
    return token


@lru_cache(maxsize=4)
def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        text = f"no certificates to trust in {ca_file}: {reason}"
        raise ConfigError(text, code="bad_certificate") from error


@lru_cache(maxsize=4)
def _believing(file: Path) -> ssl.SSLContext:
    """Return a context for the gateway that has the key of the first certificate in `file`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # who it is says the certificate itself, not its name
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    try:
        head, ended, _ = file.read_text(encoding="utf-8").partition(END_OF_CERTIFICATE)
        context.load_verify_locations(cadata=head[head.find(BEGIN_OF_CERTIFICATE) :] + ended)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        text = f"no certificate to believe in {file}: {reason}"
        raise ConfigError(text, code="bad_certificate") from error
    return context


_usual = Way()


def use_way(way: Way) -> None:
    """Make `way` that of every client and question of this process that names none."""
    global _usual
    _usual = way


def usual_way() -> Way:
    """Return the way of whoever names none."""
    return _usual
