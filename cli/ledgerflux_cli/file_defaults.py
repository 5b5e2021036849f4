"""Values of settings files as defaults of the command that is asked for."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PREFIX = "LF_"
HELP = ("--help", "-h")
UNTOUCHED = ("config", "help", "version")
"""Commands that must work, and say the same, whatever a file says."""


def file_defaults(name: str, command: Any, arguments: Sequence[str]) -> dict[str, Any]:
    """Return what settings files set for `command`, by parameter; nested for its subcommands.

    A parameter is a setting where it can be set by a variable: both have its name.

    Raises:
        ConfigError: A file has a fault.
    """
    if name in UNTOUCHED or any(word in HELP for word in arguments):
        return {}
    from ledgerflux.settings.places import settings_files

    if not any(path.exists() for path in settings_files(os.environ, Path.cwd())):
        return {}  # the checker is not even imported
    from ledgerflux.settings.layers import from_files

    return _defaults(command, from_files(os.environ, Path.cwd()))


def _defaults(command: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: _defaults(inner, values) for name, inner in getattr(command, "commands", {}).items()
    }
    for parameter in command.params:
        key = setting_of(parameter)
        if key is not None and key in values:
            found[parameter.name] = _as_typed(values[key])
    return found


def setting_of(parameter: Any) -> str | None:
    """Return the setting that `parameter` is, None where it is none."""
    variable = parameter.envvar
    if not isinstance(variable, str) or not variable.startswith(PREFIX):
        return None
    return variable.removeprefix(PREFIX).lower()


def _as_typed(value: Any) -> Any:
    """Return `value` as a person would type it."""
    return ",".join(map(str, value)) if isinstance(value, list) else value
