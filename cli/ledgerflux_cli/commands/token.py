"""`lf token`: the API keys of a gateway."""

import secrets
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ledgerflux.errors import ConfigError, LedgerFluxError
from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, read_duration
from ledgerflux_cli.output import say, write, write_json

SCHEMA = "lf.token/1"
SECRET_BYTES = 32
KeysFile = Annotated[
    Path,
    typer.Option(
        "--keys-file",
        envvar="LF_KEYS_FILE",
        metavar="FILE",
        help="The gateway's file of keys; made where there is none.",
    ),
]

token = typer.Typer(
    help="Make and check the API keys that let clients into a gateway.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=False,
)


@token.command()
@examples(
    "lf token create --keys-file keys.json --id desk-1",
    'lf token create --keys-file keys.json --id web --products "BTC-*"',
    "lf token create --keys-file keys.json --id guest --expires 720h",
)
def create(
    identity: Annotated[
        str, typer.Option("--id", metavar="ID", help="Who it is for: letters, digits, - and _.")
    ],
    keys_file: KeysFile,
    products: Annotated[
        str, typer.Option("--products", metavar="ID,ID,...", help="Ids, and patterns with *.")
    ] = "*",
    channels: Annotated[
        str,
        typer.Option(
            "--channels",
            metavar="NAME,...",
            help="level2, trades, ticker, status, heartbeats, system; * for all.",
        ),
    ] = "*",
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="DURATION", help="How long it holds; default for ever."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and print it: the file keeps a hash, so it is never shown again.

    A gateway reads its file when it starts.
    """
    from ledgerflux.adapters.key_file import add_key
    from ledgerflux.core.credentials import StoredKey, hashed, key_text
    from ledgerflux.model.units import NANOS_PER_S

    expires_ns = None
    if expires is not None:
        held_s = int(read_duration("--expires", expires))
        expires_ns = (int(time.time()) + held_s) * NANOS_PER_S
    chosen, followed = _words(products), _words(channels)
    _check(identity, chosen, followed)
    secret, salt = secrets.token_urlsafe(SECRET_BYTES), secrets.token_hex(16)
    add_key(
        keys_file, identity, StoredKey(salt, hashed(secret, salt), chosen, followed, expires_ns)
    )
    key = key_text(identity, secret)
    if as_json:
        write_json({**_document(identity, chosen, followed, expires_ns), "key": key})
        return
    write(key)
    say(f"{identity} is in {keys_file}; the key is shown this once.")


@token.command()
@examples(
    "lf token verify --keys-file keys.json --token-file desk-1.key",
    "lf token verify --keys-file keys.json < desk-1.key",
)
def verify(
    keys_file: KeysFile,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file", metavar="FILE", help="File that holds the key; default standard input."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a key grants; exit 1 where it lets nobody in."""
    from ledgerflux.adapters.key_file import read_keys
    from ledgerflux.client.way import read_token
    from ledgerflux.core.credentials import Denied, Keyring

    shown = sys.stdin.read().strip() if token_file is None else read_token(token_file)
    verdict = Keyring(read_keys(keys_file)).judge(shown, time.time_ns())
    if isinstance(verdict, Denied):
        raise LedgerFluxError(verdict.message, code=verdict.code)
    document = _document(*verdict)
    if as_json:
        write_json(document)
        return
    for name in ("id", "products", "channels", "expires_at"):
        value = document[name]
        write(f"{name:<12}{','.join(value) if isinstance(value, tuple) else value or '-'}")


def _document(
    identity: str, products: tuple[str, ...], channels: tuple[str, ...], expires_ns: int | None
) -> dict[str, object]:
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


def _check(identity: str, products: tuple[str, ...], channels: tuple[str, ...]) -> None:
    """Refuse what no file of keys may hold, by flag."""
    from ledgerflux.core.credentials import CHANNELS, is_key_id
    from ledgerflux.core.patterns import EVERYTHING, is_safe

    wrong = None
    if not is_key_id(identity):
        wrong = f"--id: {identity[:40]!r} is not 1 to 32 letters, digits, - and _"
    elif not products or not all(map(is_safe, products)):
        wrong = f"--products: {','.join(products)[:80]!r} are no ids or patterns such as *-USD"
    elif not channels or not set(channels) <= {EVERYTHING, *CHANNELS}:
        wrong = f"--channels: {','.join(channels)[:80]!r}: there are {', '.join(CHANNELS)} and *"
    if wrong is not None:
        raise ConfigError(wrong, code="bad_argument")
