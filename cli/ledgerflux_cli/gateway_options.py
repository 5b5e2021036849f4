"""Flags of commands that start a gateway: who may come in, and how."""

from pathlib import Path
from typing import Annotated

import typer

TlsCert = Annotated[
    Path | None,
    typer.Option(
        "--tls-cert",
        envvar="LF_TLS_CERT",
        metavar="FILE",
        help="PEM file of the certificate, and of what signed it.",
    ),
]
TlsKey = Annotated[
    Path | None,
    typer.Option(
        "--tls-key",
        envvar="LF_TLS_KEY",
        metavar="FILE",
        help="PEM file of the certificate's key, without a passphrase.",
    ),
]
KeysFile = Annotated[
    Path | None,
    typer.Option(
        "--keys-file",
        envvar="LF_KEYS_FILE",
        metavar="FILE",
        help="API keys of `lf token create`: only who shows one may ask.",
    ),
]
OriginsOption = Annotated[
    str | None,
    typer.Option(
        "--origins",
        envvar="LF_ORIGINS",
        metavar="URL,URL,...",
        help="Origins of pages that may come in beside its own: https://example.com.",
    ),
]
SharedNetworks = Annotated[
    str | None,
    typer.Option(
        "--shared-networks",
        envvar="LF_SHARED_NETWORKS",
        metavar="CIDR,CIDR,...",
        help="Networks whose addresses many clients share (a proxy, NAT): no bound by address.",
    ),
]

JwtKeys = Annotated[
    Path | None,
    typer.Option(
        "--jwt-keys",
        envvar="LF_JWT_KEYS",
        metavar="FILE",
        help="PEM of the public key, or JWKS, of who signs tokens (JWT).",
    ),
]
JwtIssuer = Annotated[
    str | None,
    typer.Option(
        "--jwt-issuer", envvar="LF_JWT_ISSUER", metavar="TEXT", help="What `iss` of a JWT must be."
    ),
]
JwtAudience = Annotated[
    str | None,
    typer.Option(
        "--jwt-audience",
        envvar="LF_JWT_AUDIENCE",
        metavar="TEXT",
        help="What `aud` of a JWT must name.",
    ),
]
