"""All commands as data: what the reference, the completion and scripts are made from."""

from collections.abc import Iterator
from typing import Any

from ledgerflux_cli.command_table import COMMANDS
from ledgerflux_cli.effects import COMMON, effect_of
from ledgerflux_cli.examples import split_examples
from ledgerflux_cli.root import build_command

SCHEMA = "lf.help/1"
HELP_FLAGS = ("-h", "--help")


def whole_tree() -> dict[str, Any]:
    """Return `lf.help/1`: every command with its flags, exit codes, impact and examples."""
    return {"schema": SCHEMA, "commands": list(all_commands())}


def all_commands() -> Iterator[dict[str, Any]]:
    """Yield every command, groups before what is in them, in the order of the help."""
    for entry in COMMANDS:
        yield from _walk(build_command(entry), entry.name, entry.panel)


def command_at(path: str) -> dict[str, Any] | None:
    """Return the command `path`, such as `replay start`; None where there is none."""
    name = path.partition(" ")[0]
    for entry in COMMANDS:
        if entry.name == name:
            commands = _walk(build_command(entry), name, entry.panel)
            return next((command for command in commands if command["path"] == path), None)
    return None


def _walk(command: Any, path: str, panel: str) -> Iterator[dict[str, Any]]:
    inner = getattr(command, "commands", {})
    yield _described(command, path, panel, list(inner))
    for name, child in inner.items():
        yield from _walk(child, f"{path} {name}", panel)


def _described(command: Any, path: str, panel: str, inner: list[str]) -> dict[str, Any]:
    text, examples = split_examples(command.help or "")
    effect = effect_of(path)
    shown = [one for one in command.params if not one.hidden and HELP_FLAGS[1] not in one.opts]
    return {
        "path": path,
        "group": panel,
        "summary": " ".join(text.split("\n\n")[0].split()),
        "help": text,
        "commands": inner,
        "arguments": [_argument(one) for one in shown if one.param_type_name == "argument"],
        "flags": [_flag(one) for one in shown if one.param_type_name == "option"],
        "impact": effect.impact,
        "exit_codes": sorted({*COMMON, *effect.exits}),
        "examples": examples,
    }


def _argument(parameter: Any) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "metavar": parameter.metavar or parameter.name.upper(),
        "type": parameter.type.name,
        "required": parameter.required,
        "many": parameter.nargs == -1,
        "help": parameter.help,
    }


def _flag(parameter: Any) -> dict[str, Any]:
    names = sorted((*parameter.opts, *parameter.secondary_opts), key=len, reverse=True)
    return {
        "names": names,
        "metavar": None if parameter.is_flag else parameter.metavar or parameter.type.name.upper(),
        "type": "boolean" if parameter.is_flag else parameter.type.name,
        "default": _plain(parameter.default),
        "env": parameter.envvar,
        "required": parameter.required,
        "many": bool(parameter.multiple),
        "help": parameter.help,
    }


def _plain(value: object) -> object:
    """Return a default as JSON can hold it."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
