"""TLS of our own endpoint, from the files of a certificate and its key."""

import ssl
from pathlib import Path

from ledgerflux.errors import ConfigError


def server_tls(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return what a listener speaks with: TLS 1.2 or newer, nobody asked for a certificate.

    Raises:
        ConfigError: A file can't be read, holds no such thing, or the two are no pair
            (`bad_certificate`).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # A key behind a passphrase is refused: nobody is there to be asked for it.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        reason = error.strerror or type(error).__name__ if isinstance(error, OSError) else error
        raise ConfigError(
            f"no certificate with its key in {certificate} and {key}: {reason}",
            code="bad_certificate",
        ) from error
    return context
