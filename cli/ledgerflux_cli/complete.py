"""What may stand where the cursor is: `lf __complete WORDS`, asked by the shells' scripts.

Runs while somebody waits for a key: it reads one small file of the package, `run.json` and
directories, never the network, and imports nothing heavy.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ledgerflux.errors import ConfigError

TABLE = Path(__file__).with_name("completion.json")
RECORDINGS = (".jsonl.gz", ".jsonl", ".lfr")
REPLAY = "replay:"
HELP_FLAGS = ("--help", "-h")
FILES_MAX = 500
"""More names than anybody reads."""

Commands = Mapping[str, Mapping[str, Any]]


def complete(words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return what the last of `words` (those after `lf`) can become."""
    document = json.loads(TABLE.read_text(encoding="utf-8"))
    return Completer(document, words or ("",), environment).candidates()


class Completer:
    """One question: a table of commands, the words up to the cursor, the variables."""

    def __init__(
        self, table: Mapping[str, Any], words: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self._commands: Commands = table["commands"]
        self._default_products: list[str] = table["products"]
        self._words = words
        self._current = words[-1]
        self._environment = environment

    def candidates(self) -> list[str]:
        """Return what the word at the cursor can become."""
        *before, current = self._words
        path, flag, place = self._where(before)
        flags = self._commands[path]["flags"] if path else {}
        name, is_inline, value = current.partition("=")
        if flag is not None:
            found = self._values(flags[flag], current)
        elif is_inline and flags.get(name):
            found = [f"{name}={text}" for text in self._values(flags[name], value)]
        elif current.startswith("-"):
            found = [*flags, *HELP_FLAGS, *(() if path else ("--version",))]
            found = [one for one in found if one not in before]
        else:
            found = self._words_at(path, place)
        return list(dict.fromkeys(text for text in found if text.startswith(current)))

    def _where(self, before: Sequence[str]) -> tuple[str, str | None, int]:
        """Return the command, the flag that waits for a value, and the number of arguments."""
        path, flag, place = "", None, 0
        for word in before:
            flags = self._commands[path]["flags"] if path else {}
            deeper = f"{path} {word}".strip()
            if flag is not None:
                flag = None
            elif word.startswith("-"):
                flag = word if flags.get(word) is not None else None
            elif deeper in self._commands:
                path = deeper
            else:
                place += 1
        return path, flag, place

    def _words_at(self, path: str, place: int) -> list[str]:
        """Return the commands at `path`, or what its argument number `place` can be."""
        inner = [name for name in self._commands if name.rpartition(" ")[0] == path]
        if inner or not path:
            return [] if place else [name.rpartition(" ")[2] for name in inner]
        arguments = self._commands[path]["arguments"]
        if not arguments or (place >= len(arguments) and not self._commands[path]["many"]):
            return []
        return self._values(arguments[min(place, len(arguments) - 1)], self._current)

    def _values(self, kinds: Sequence[str], current: str) -> list[str]:
        """Return the words of the table, and what is found for the kinds that begin with `@`."""
        looks: dict[str, Callable[[], list[str]]] = {
            "@product": self._products,
            "@products": lambda: _listed(self._products(), current),
            "@logged": self._logged,
            "@service": self._services,
            "@topic": lambda: [name for name in self._commands if " " not in name],
            "@directory": lambda: _paths(current, lambda _: False),
            "@recording": lambda: _paths(current, is_recording),
            "@file": lambda: _paths(current, lambda _: True),
        }
        if REPLAY in kinds and current.startswith(REPLAY):
            rest = current.removeprefix(REPLAY)
            return [REPLAY + path for path in _paths(rest, is_recording)]
        return [text for kind in kinds for text in (looks[kind]() if kind in looks else [kind])]

    def _products(self) -> list[str]:
        """Return the products of the stack, as `run.json` knows them; else those by default."""
        try:
            run = json.loads((self._data_dir() / "run.json").read_bytes())
            products = run["request"]["products"]
        except (OSError, ValueError, LookupError, TypeError, ConfigError):
            return self._default_products
        return [one for one in products if isinstance(one, str)]

    def _services(self) -> list[str]:
        """Return the services of the stack, as `run.json` knows them."""
        try:
            run = json.loads((self._data_dir() / "run.json").read_bytes())
            return [str(service["name"]) for service in run["services"]]
        except (OSError, ValueError, LookupError, TypeError, ConfigError):
            return []

    def _logged(self) -> list[str]:
        """Return the services that have a log, and the groups of several."""
        try:
            logs = self._data_dir() / "logs"
        except ConfigError:
            return []
        names = sorted(path.stem for path in logs.glob("[!.]*.log"))
        groups = sorted({name.partition("-")[0] for name in names if "-" in name})
        return [*groups, *(name.replace("-", "/") for name in names)]

    def _data_dir(self) -> Path:
        """Return the data directory that the command will use.

        Raises:
            ConfigError: The user has no home directory.
        """
        given = self._environment.get("LF_DATA_DIR", "")
        for number, word in enumerate(self._words[:-1]):
            if word == "--data-dir":
                given = self._words[number + 1]
            elif word.startswith("--data-dir="):
                given = word.partition("=")[2]
        if given:
            return Path(given).expanduser()
        from ledgerflux.stack.default_dir import default_path

        return default_path(self._environment)


def is_recording(name: str) -> bool:
    """Say whether a file of that name may be a recording."""
    return name.endswith(RECORDINGS)


def _listed(products: Sequence[str], current: str) -> list[str]:
    """Return `A,B` with each product that is not in it yet."""
    head, comma, _ = current.rpartition(",")
    return [head + comma + one for one in products if one not in head.split(",")]


def _paths(current: str, wanted: Callable[[str], bool]) -> list[str]:
    """Return the directories, with `/`, and the wanted files that begin with `current`."""
    head, slash, start = current.rpartition("/")
    found = []
    try:
        with os.scandir(Path(head + slash or ".").expanduser()) as entries:
            for entry in entries:
                if not entry.name.startswith(start) or (entry.name[0] == "." and not start):
                    continue
                if entry.is_dir():
                    found.append(f"{head}{slash}{entry.name}/")
                elif wanted(entry.name):
                    found.append(head + slash + entry.name)
                if len(found) == FILES_MAX:
                    break
    except OSError:
        return []
    return sorted(found)
