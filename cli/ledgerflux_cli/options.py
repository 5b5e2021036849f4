"""Flags that several commands share, and how their values are read."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.close_match import none_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

    from ledgerflux.settings.tree import Settings
    from ledgerflux.stack.run_dir import RunDir

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def read_duration(flag: str, text: str) -> float:
    """Return the seconds of `500ms`, `10s`, `2m`, `1h`.

    Raises:
        ConfigError: `text`, the value of `flag`, is no duration.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ConfigError(
            f"{flag}: {text!r} is no duration such as 500ms, 10s, 2m or 1h", code="bad_argument"
        )
    return float(match[1]) * _SECONDS[match[2]]


DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar="LF_DATA_DIR",
        metavar="DIR",
        help="The stack's directory; default $XDG_STATE_HOME/ledgerflux/default.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
Gateway = Annotated[
    str | None,
    typer.Option(
        "--gateway",
        envvar="LF_GATEWAY",
        metavar="URL",
        help="A gateway elsewhere, such as http://host:8000.",
    ),
]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source",
        envvar="LF_SOURCE",
        metavar="SOURCE",
        help="auto, coinbase-advanced, coinbase-exchange, replay:FILE or synthetic[:RATE].",
    ),
]
ProductsOption = Annotated[
    str | None,
    typer.Option(
        "--products",
        envvar="LF_PRODUCTS",
        metavar="ID,ID,...",
        help="Products to take; default BTC-USD and seven others.",
    ),
]
ShardsOption = Annotated[
    int,
    typer.Option("--shards", envvar="LF_SHARDS", metavar="N", help="Normalizers, 1 to 32."),
]
GatewaysOption = Annotated[
    int,
    typer.Option(
        "--gateways",
        envvar="LF_GATEWAYS",
        metavar="N",
        help="Gateways, 1 to 16, each a process with a port of its own.",
    ),
]
SpeedOption = Annotated[
    str,
    typer.Option(
        "--speed",
        envvar="LF_SPEED",
        metavar="1|N|max",
        help="Pace of a replay or of the synthetic market.",
    ),
]
PausedOption = Annotated[
    bool,
    typer.Option("--paused", envvar="LF_PAUSED", help="Hold the source until `lf replay start`."),
]
AtEndOption = Annotated[
    str,
    typer.Option(
        "--at-end",
        envvar="LF_AT_END",
        metavar="hold|exit|loop",
        help="When a recording ends: keep the books, end, or begin again.",
    ),
]
LogLevelOption = Annotated[
    str,
    typer.Option(
        "--log-level",
        envvar="LF_LOG_LEVEL",
        metavar="debug|info|warning|error",
        help="What is worth a line in the log.",
    ),
]
HostOption = Annotated[
    str,
    typer.Option("--host", envvar="LF_HOST", metavar="ADDRESS", help="Where the gateway listens."),
]

InsecurePublic = Annotated[
    bool,
    typer.Option(
        "--insecure-public",
        envvar="LF_INSECURE_PUBLIC",
        help="Let the gateway listen to other machines without TLS.",
    ),
]
ReadOnly = Annotated[
    bool,
    typer.Option(
        "--read-only",
        envvar="LF_READ_ONLY",
        help="Let nobody control the stack through the gateway.",
    ),
]


def run_dir_of(data_dir: Path | None) -> "RunDir":
    """Return the data directory asked for, or this user's default."""
    from ledgerflux.stack.default_dir import default_path
    from ledgerflux.stack.run_dir import RunDir

    path = default_path(os.environ) if data_dir is None else data_dir.expanduser().absolute()
    return RunDir(path)


def checked(values: dict[str, Any]) -> "Settings":
    """Return the settings made of `values`, those that are None left to their default.

    Raises:
        ConfigError: `bad_argument`, naming the flag and what is wrong with it.
    """
    from pydantic import ValidationError

    from ledgerflux.settings.tree import Settings

    given = {name: value for name, value in values.items() if value is not None}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise ConfigError(_refusal(error.errors()[0]), code="bad_argument") from None


def _refusal(fault: "ErrorDetails") -> str:
    """Return the flag, its value, and what that must be."""
    reason = str(fault["msg"])
    if not fault["loc"] or reason.startswith("Value error, "):
        flag = f"--{str(fault['loc'][0]).replace('_', '-')}: " if fault["loc"] else ""
        return flag + reason.removeprefix("Value error, ")
    flag = f"--{str(fault['loc'][0]).replace('_', '-')}"
    if fault["type"] == "literal_error":
        known = re.findall(r"'([^']*)'", fault["ctx"]["expected"])
        return none_of(flag, str(fault["input"]), known)
    return f"{flag}: {fault['input']!r}: {reason[:1].lower()}{reason[1:]}"


def chosen(settings: "Settings", names: "Iterable[str]") -> dict[str, Any]:
    """Return the settings called `names`, as arguments of what is passed on."""
    return {name: getattr(settings, name) for name in names}
