"""What settings files say, each value with its line.

A file is flat TOML: every key is a setting, and is a fault where it is not. Faults are
values here, so that one look finds all of them.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from ledgerflux.settings.tree import Settings

_PLACE = re.compile(r" ?\(at (?:line ([0-9]+), column [0-9]+|end of document)\)")


class Fault(NamedTuple):
    """What is wrong, and where: a file with its line (0: no line of it), or a variable."""

    place: str
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.place}:{self.line}" if self.line else self.place
        return f"{where}: {self.message}"


@dataclass(frozen=True)
class SettingsFile:
    """What one file says; `values` are those that have no fault."""

    path: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    faults: Sequence[Fault] = ()


def read_file(path: Path) -> SettingsFile:
    """Read and check one file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return SettingsFile(path, faults=[Fault(str(path), 0, f"can't be read: {reason}")])
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return SettingsFile(path, faults=[_no_toml(path, text, str(error))])
    lines = {key: _line_of(text, key) for key in values}
    faults = [
        Fault(str(path), lines[key], unknown_key(key))
        for key in values
        if key not in Settings.model_fields
    ]
    known = {key: value for key, value in values.items() if key in Settings.model_fields}
    for key, message in problems(known):
        faults.append(Fault(str(path), lines.get(key, 0), f"{key}: {message}"))
        known.pop(key, None)
    return SettingsFile(path, known, lines, sorted(faults))


def problems(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the setting and what is wrong with its value, for each that is out of bounds."""
    try:
        Settings.model_validate(dict(values))
    except ValidationError as error:
        found: dict[str, str] = {}
        for row in error.errors():
            key = str(row["loc"][0]) if row["loc"] else "shard"
            found.setdefault(key, str(row["msg"]).removeprefix("Value error, "))
        return list(found.items())
    return []


def unknown_key(key: str) -> str:
    """Return the fault of a key that is no setting, with the one that was meant."""
    meant = get_close_matches(key.replace("-", "_").lower(), Settings.model_fields, n=1)
    return f"unknown setting {key!r}" + (f": did you mean {meant[0]!r}?" if meant else "")


def _no_toml(path: Path, text: str, message: str) -> Fault:
    found = _PLACE.search(message)
    line = int(found[1]) if found and found[1] else len(text.splitlines())
    return Fault(str(path), line, f"is no TOML: {_PLACE.sub('', message)}")


def _line_of(text: str, key: str) -> int:
    """Return the line that sets `key`, or opens its table; 0 where it can't be told."""
    name = re.escape(key)
    start = re.compile(rf"""\s*(?:\[+\s*)?["']?{name}["']?\s*[=.\]]""")
    rows = enumerate(text.splitlines(), start=1)
    return next((number for number, row in rows if start.match(row)), 0)
