"""`lf token`: what lets clients into a gateway, API keys and signed tokens (JWT)."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledgerflux.errors import ConfigError, LedgerFluxError
from ledgerflux_cli.examples import examples
from ledgerflux_cli.gateway_options import JwtAudience, JwtIssuer, JwtKeys
from ledgerflux_cli.options import AsJson, read_duration
from ledgerflux_cli.output import say, write, write_json

if TYPE_CHECKING:
    from ledgerflux.core.credentials import Authority
    from ledgerflux_cli.token_making import Wanted

SCHEMA = "lf.token/1"
KeysFile = Annotated[
    Path | None,
    typer.Option(
        "--keys-file",
        envvar="LF_KEYS_FILE",
        metavar="FILE",
        help="The gateway's file of API keys; made where there is none.",
    ),
]
SigningKey = Annotated[
    Path | None,
    typer.Option(
        "--jwt-signing-key",
        envvar="LF_JWT_SIGNING_KEY",
        metavar="FILE",
        help="Sign a token (JWT) with this PEM key or JWKS, in place of an API key.",
    ),
]

token = typer.Typer(
    help="Make and check the keys and tokens that let clients in.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=False,
)


@token.command()
@examples(
    "lf token create --keys-file keys.json --id desk-1",
    'lf token create --keys-file keys.json --id web --products "BTC-*"',
    "lf token create --jwt-signing-key jwt.key --id desk-1 --expires 1h",
)
def create(
    context: typer.Context,
    identity: Annotated[
        str, typer.Option("--id", metavar="ID", help="Who it is for: letters, digits, - and _.")
    ],
    keys_file: KeysFile = None,
    jwt_signing_key: SigningKey = None,
    jwt_issuer: JwtIssuer = None,
    jwt_audience: JwtAudience = None,
    products: Annotated[
        str, typer.Option("--products", metavar="ID,ID,...", help="Ids, and patterns with *.")
    ] = "*",
    channels: Annotated[
        str,
        typer.Option(
            "--channels",
            metavar="NAME,...",
            help="level2, trades, ticker, status, candles, heartbeats, system; * for all.",
        ),
    ] = "*",
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires",
            metavar="DURATION",
            help="How long it holds; default for ever, a JWT 1h.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key or sign a token (JWT), and print it.

    Of a key the file keeps a hash alone, so it is never shown again; a gateway reads its file
    when it starts. Of a token nothing is kept: it holds until it expires.
    """
    from ledgerflux_cli.token_making import JWT_HELD, Wanted, check, key_of, signed_of

    if _typed(context, "keys_file"):  # what was typed counts before what is set
        if _typed(context, "jwt_signing_key"):
            raise ConfigError("either --keys-file or --jwt-signing-key", code="usage")
        jwt_signing_key = None
    if expires is None and jwt_signing_key is not None:
        expires = JWT_HELD
    held_s = None if expires is None else int(read_duration("--expires", expires))
    until_s = None if held_s is None else int(time.time()) + held_s
    wanted = Wanted(identity, _words(products), _words(channels), until_s)
    check(wanted)
    if jwt_signing_key is not None:
        said = f"signed for {identity}; whoever has the token may use it until it expires."
        made = signed_of(jwt_signing_key, wanted, issuer=jwt_issuer, audience=jwt_audience)
    elif keys_file is not None:
        said = f"{identity} is in {keys_file}; the key is shown this once."
        made = key_of(keys_file, wanted)
    else:
        raise ConfigError("--keys-file or --jwt-signing-key is needed", code="usage")
    _show(wanted, made, None if as_json else said)


def _typed(context: typer.Context, option: str) -> bool:
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


@token.command()
@examples(
    "lf token verify --keys-file keys.json --token-file desk-1.key",
    "lf token verify --jwt-keys jwt.pub --token-file desk-1.jwt",
    "lf token verify --keys-file keys.json < desk-1.key",
)
def verify(
    keys_file: KeysFile = None,
    jwt_keys: JwtKeys = None,
    jwt_issuer: JwtIssuer = None,
    jwt_audience: JwtAudience = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            help="File that holds the key or token; default standard input.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a key or token grants, as a gateway would; exit 1 where it lets nobody in."""
    from ledgerflux.client.way import read_token
    from ledgerflux.core.credentials import Denied

    known = _known(keys_file, jwt_keys, jwt_issuer, jwt_audience)
    shown = sys.stdin.read().strip() if token_file is None else read_token(token_file)
    verdict = known.judge(shown, time.time_ns())
    if isinstance(verdict, Denied):
        raise LedgerFluxError(verdict.message, code=verdict.code)
    document = _document(*verdict)
    if as_json:
        write_json(document)
        return
    for name in ("id", "products", "channels", "expires_at"):
        value = document[name]
        write(f"{name:<12}{','.join(value) if isinstance(value, tuple) else value or '-'}")


def _known(
    keys_file: Path | None, jwt_keys: Path | None, issuer: str | None, audience: str | None
) -> "Authority":
    """Return who knows keys and tokens as the gateway does that was started with these files."""
    from ledgerflux.settings import RoleSettings
    from ledgerflux.stack.securing import authority_of

    settings = RoleSettings(
        data_dir=Path(),
        nats_url="",
        keys_file=keys_file,
        jwt_keys=jwt_keys,
        jwt_issuer=issuer,
        jwt_audience=audience,
    )
    known = authority_of(settings)
    if known is None:
        raise ConfigError("--keys-file or --jwt-keys is needed", code="usage")
    return known


def _show(wanted: "Wanted", made: str, said: str | None) -> None:
    """Print what was made; `said` None: as JSON."""
    if said is None:
        write_json({**_document(*wanted.granted), "key": made})
        return
    write(made)
    say(said)


def _document(
    identity: str, products: tuple[str, ...], channels: tuple[str, ...], expires_ns: int | None
) -> dict[str, Any]:
    from ledgerflux.model.units import rfc3339

    return {
        "schema": SCHEMA,
        "id": identity,
        "products": products,
        "channels": channels,
        "expires_at": None if expires_ns is None else rfc3339(expires_ns),
    }


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
