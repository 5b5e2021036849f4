"""`lf config`: what the settings are, where they come from, and what is wrong with them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir
from ledgerflux_cli.output import say, write, write_json

if TYPE_CHECKING:
    from ledgerflux.settings.layers import Row

SHOW_SCHEMA = "lf.config/1"
PATH_SCHEMA = "lf.config-path/1"
VALIDATE_SCHEMA = "lf.config-faults/1"
BAD = 2

config = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=False,
)


@config.callback()
@examples("lf config show --origin", "lf config validate ledgerflux.toml")
def group() -> None:
    """Show the settings, where they come from, and what is wrong with them."""


@config.command()
@examples("lf config show --origin", "lf config show --json | jq .settings.shards")
def show(
    context: typer.Context,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say where each value comes from.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print every setting as it holds here and now.

    Flag, else variable, else ./ledgerflux.toml, else the user's file, else default.
    """
    from ledgerflux.settings.layers import rows

    source = context.get_parameter_source("data_dir")
    typed = source is not None and source.name == "COMMANDLINE"
    flags = {"data_dir": ("--data-dir", str(data_dir))} if typed else {}
    found = [_filled_in(row) for row in rows(flags, os.environ, Path.cwd())]
    if as_json:
        settings = {row.key: {"value": _plain(row.shown), "origin": row.origin} for row in found}
        write_json({"schema": SHOW_SCHEMA, "settings": settings})
        return
    width = max(len(row.key) for row in found)
    values = [_text(row.shown) for row in found]
    wide = max(map(len, values)) if origin else 0
    for row, value in zip(found, values, strict=True):
        write(f"{row.key:<{width}}  {value:<{wide}}  {row.origin if origin else ''}".rstrip())


@config.command()
@examples("lf config path", "$EDITOR $(lf config path | tail -1)")
def path(as_json: AsJson = False) -> None:
    """Print where settings files are looked for, the strongest first."""
    from ledgerflux.settings.places import settings_files

    places = settings_files(os.environ, Path.cwd())
    if as_json:
        files = [{"path": str(place), "exists": place.exists()} for place in places]
        write_json({"schema": PATH_SCHEMA, "files": files})
        return
    for place in places:
        write(str(place))


@config.command()
@examples("lf config validate", "lf config validate staging.toml && echo fine")
def validate(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="A file; default: those in force, and the variables."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Check settings files and variables; one line for each fault. Exit 0, or 2 with faults."""
    from ledgerflux.settings.files import read_file
    from ledgerflux.settings.layers import read_files, variable_faults

    files = [read_file(file)] if file is not None else read_files(os.environ, Path.cwd())
    faults = [fault for read in files for fault in read.faults]
    if file is None:
        faults += variable_faults(os.environ)
    if as_json:
        write_json(
            {
                "schema": VALIDATE_SCHEMA,
                "files": [str(read.path) for read in files],
                "faults": [fault._asdict() for fault in faults],
            }
        )
    else:
        for fault in faults:
            write(str(fault))
        checked = ", ".join(str(read.path) for read in files) or "no file"
        say(f"{len(faults)} faults in {checked}" if faults else f"no fault: {checked}")
    return BAD if faults else 0


def _filled_in(row: "Row") -> "Row":
    """Return `row` with what its default means on this machine."""
    from ledgerflux.stack.default_dir import default_path

    if row.key == "data_dir" and row.value is None:
        return row._replace(value=default_path(os.environ))
    return row


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
