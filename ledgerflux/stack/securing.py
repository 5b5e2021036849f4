"""What a gateway's settings say of who may reach it, made into what it is built with."""

import socket
import ssl
from typing import TYPE_CHECKING

from ledgerflux.core.origins import Origins, is_loopback
from ledgerflux.errors import ConfigError
from ledgerflux.ports import Clock
from ledgerflux.settings import RoleSettings

if TYPE_CHECKING:
    from ledgerflux.roles.gateway_guard import GatewayGuard


def refuse_public(host: str, *, insecure_public: bool) -> None:
    """Refuse to listen without TLS where others than this machine can come.

    Raises:
        ConfigError: `insecure_listen`, naming the ways out.
    """
    if insecure_public or is_loopback(host):
        return
    raise ConfigError(
        f"everybody who reaches {host} could read along and come in: "
        "that needs TLS, or to be asked for",
        code="insecure_listen",
        try_next=[
            "lf run gateway --host ... --tls-cert FILE --tls-key FILE",
            "lf run gateway --host ... --insecure-public",
        ],
    )


def tls_of(settings: RoleSettings) -> ssl.SSLContext | None:
    """Return what the gateway's listener speaks with; None: without TLS.

    Raises:
        ConfigError: The files are no pair of certificate and key, one is not named, or the
            gateway would listen to others without (`bad_certificate`, `insecure_listen`).
    """
    if settings.tls_cert is None and settings.tls_key is None:
        refuse_public(settings.host, insecure_public=settings.insecure_public)
        return None
    if settings.tls_cert is None or settings.tls_key is None:
        text = "TLS needs both, --tls-cert and --tls-key"
        raise ConfigError(text, code="bad_certificate")
    from ledgerflux.adapters.tls import server_tls

    return server_tls(settings.tls_cert, settings.tls_key)


def guard_of(settings: RoleSettings, clock: Clock) -> "GatewayGuard":
    """Return the gateway's guard; with a file of keys only their holders come in.

    Raises:
        ConfigError: The file is none (`bad_keys`).
    """
    from ledgerflux.adapters.key_file import read_keys
    from ledgerflux.core.credentials import Keyring
    from ledgerflux.roles.gateway_guard import GatewayGuard

    origins = Origins(settings.origins, loopback_only=is_loopback(settings.host))
    keys = None if settings.keys_file is None else Keyring(read_keys(settings.keys_file))
    return GatewayGuard(clock, origins, keys)


def shared_socket(settings: RoleSettings) -> "socket.socket | None":
    """Return the socket of a gateway that shares its port with others; None: it has its own.

    Raises:
        Conflict: The port is held by others than those (`port_in_use`).
    """
    from ledgerflux.adapters.sockets import listening_socket

    if not settings.shares_port:
        return None
    return listening_socket(settings.host, settings.port, shared=True)
