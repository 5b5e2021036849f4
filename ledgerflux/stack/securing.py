"""What a gateway's settings say of who may reach it, made into what it is built with."""

import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledgerflux.core.origins import Origins, is_loopback
from ledgerflux.core.remote_control import ControlRules
from ledgerflux.errors import ConfigError
from ledgerflux.ports import Clock
from ledgerflux.settings import RoleSettings, UpRequest

if TYPE_CHECKING:
    from ledgerflux.core.credentials import Authority
    from ledgerflux.roles.gateway_guard import GatewayGuard


FILES = ("tls_cert", "tls_key", "keys_file", "jwt_keys")
ASKED = ("host", "insecure_public", "jwt_issuer", "jwt_audience")


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
            "lf ... --host ... --tls-cert FILE --tls-key FILE",
            "lf ... --host ... --insecure-public",
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


def authority_of(settings: RoleSettings) -> "Authority | None":
    """Return who knows the tokens that let clients in; None: everybody comes in.

    Raises:
        ConfigError: A file of keys is none (`bad_keys`, `bad_jwt_keys`).
        MissingDependency: Tokens are signed, and what checks them is not installed.
    """
    from ledgerflux.adapters.key_file import read_keys
    from ledgerflux.core.credentials import Keyring, KeysAndTokens

    keys = None if settings.keys_file is None else Keyring(read_keys(settings.keys_file))
    if settings.jwt_keys is None:
        if settings.jwt_issuer is not None or settings.jwt_audience is not None:
            text = "--jwt-issuer and --jwt-audience judge tokens, and no --jwt-keys checks any"
            raise ConfigError(text, code="bad_jwt_keys")
        return keys
    from ledgerflux.adapters.jwt_keys import read_checking_keys
    from ledgerflux.adapters.jwt_tokens import SignedTokens

    tokens = SignedTokens(
        read_checking_keys(settings.jwt_keys),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
    )
    return tokens if keys is None else KeysAndTokens(keys, tokens)


def check_gateways(request: UpRequest) -> None:
    """See that gateways can start as asked, before anything is started for them.

    Raises:
        ConfigError: See `tls_of` and `authority_of`.
        MissingDependency: See `authority_of`.
    """
    asked: dict[str, Any] = {name: getattr(request, name) for name in ASKED}
    files: dict[str, Any] = {
        name: Path(value) for name in FILES if (value := getattr(request, name)) is not None
    }
    settings = RoleSettings(data_dir=Path(), nats_url="", **asked, **files)
    tls_of(settings)
    authority_of(settings)


def guard_of(settings: RoleSettings, clock: Clock) -> "GatewayGuard":
    """Return the gateway's guard; with files of keys only their holders come in.

    Raises:
        ConfigError: See `authority_of`.
        MissingDependency: See `authority_of`.
    """
    from ledgerflux.roles.gateway_guard import GatewayGuard

    origins = Origins(settings.origins, loopback_only=is_loopback(settings.host))
    control = ControlRules(settings.read_only, public=not is_loopback(settings.host))
    return GatewayGuard(clock, origins, authority_of(settings), control)


def shared_socket(settings: RoleSettings) -> "socket.socket | None":
    """Return the socket of a gateway that shares its port with others; None: it has its own.

    Raises:
        Conflict: The port is held by others than those (`port_in_use`).
    """
    from ledgerflux.adapters.sockets import listening_socket

    if not settings.shares_port:
        return None
    return listening_socket(settings.host, settings.port, shared=True)
