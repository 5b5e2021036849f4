"""Where each setting comes from: flag, variable, project file, user file, default."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ledgerflux.errors import ConfigError
from ledgerflux.settings.files import Fault, SettingsFile, problems, read_file
from ledgerflux.settings.places import settings_files
from ledgerflux.settings.tree import Settings, is_secret

MASK = "‹set›"  # noqa: RUF001 - no bracket that a value could hold
DEFAULT = "default"


class Row(NamedTuple):
    """One setting: what holds, and who said so."""

    key: str
    value: Any
    origin: str

    @property
    def shown(self) -> Any:
        """Return the value as it may be shown."""
        return MASK if is_secret(self.key) and self.value is not None else self.value


def variable_of(key: str) -> str:
    """Return the environment variable of the setting `key`."""
    return f"LF_{key.upper()}"


def read_files(environment: Mapping[str, str], directory: Path) -> list[SettingsFile]:
    """Return the settings files that exist, the strongest first."""
    paths = settings_files(environment, directory)
    return [read_file(path) for path in paths if path.exists()]


def from_files(environment: Mapping[str, str], directory: Path) -> dict[str, Any]:
    """Return what the files set.

    Raises:
        ConfigError: The first fault in them, with its file and line.
    """
    values: dict[str, Any] = {}
    for file in reversed(read_files(environment, directory)):
        refuse(file.faults)
        values |= file.values
    return values


def refuse(faults: Iterable[Fault]) -> None:
    """Raise the first of `faults`.

    Raises:
        ConfigError: There is one.
    """
    for fault in faults:
        raise ConfigError(str(fault), try_next=["lf config validate"])


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that variables set; an empty one sets nothing."""
    found = {key: environment.get(variable_of(key), "") for key in Settings.model_fields}
    return {key: text for key, text in found.items() if text}


def variable_faults(environment: Mapping[str, str]) -> list[Fault]:
    """Return what is wrong with the variables."""
    found = problems(variables(environment))
    return [Fault(variable_of(key), 0, message) for key, message in found]


def rows(
    flags: Mapping[str, tuple[str, Any]], environment: Mapping[str, str], directory: Path
) -> list[Row]:
    """Return every setting with its origin.

    Args:
        flags: Key to the flag as typed and its value.
        environment: All variables.
        directory: Where the project file is looked for.

    Raises:
        ConfigError: A file or variable has a fault.
    """
    said: dict[str, tuple[Any, str]] = {}
    for file in reversed(read_files(environment, directory)):
        refuse(file.faults)
        said |= {
            key: (value, f"{file.path}:{file.lines[key]}") for key, value in file.values.items()
        }
    refuse(variable_faults(environment))
    said |= {key: (text, f"env {variable_of(key)}") for key, text in variables(environment).items()}
    said |= {key: (value, f"flag {flag}") for key, (flag, value) in flags.items()}
    refuse(Fault(said[key][1], 0, text) for key, text in problems(_values(said)))
    settings = Settings.model_validate(_values(said))
    return [
        Row(key, getattr(settings, key), said[key][1] if key in said else DEFAULT)
        for key in Settings.model_fields
    ]


def _values(said: Mapping[str, tuple[Any, str]]) -> dict[str, Any]:
    return {key: value for key, (value, _) in said.items()}
