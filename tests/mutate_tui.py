"""Blanks one presenter, key or size class of the dashboard after the other: `just mutate-tui`.

Each time the dashboard's unit tests run until one fails; its name is printed. Of a key only those
run that press it, which a first run of all has found out. A mutation that no test notices is named
at the end, and the exit code is 1. Arguments choose mutations by a part of their name; none: all.
"""

import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin, get_type_hints

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "unit" / "tui"
CHOSEN = "LF_MUTATION"
"""In the environment of the tests: what is blanked."""
BLANKS: dict[Any, Callable[[], object]] = {list: list, str: str, tuple: tuple, dict: dict}
RECORD = "record"
"""In place of a mutation: nothing is blanked, and who presses which key is written to a file."""
RECORD_FILE = "LF_MUTATION_RECORD"
TIMEOUT_S = 600
FAILED = re.compile(r"^FAILED (\S+)", re.MULTILINE)


def presenters() -> Iterator[tuple[ModuleType, str]]:
    """Yield every public function of `present` that returns text, lines or rows."""
    package = importlib.import_module("ledgerflux_tui.present")
    for found in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"ledgerflux_tui.present.{found.name}")
        for name, value in vars(module).items():
            ours = inspect.isfunction(value) and value.__module__ == module.__name__
            if ours and not name.startswith("_") and _returned(value) in BLANKS:
                yield module, name


def _returned(function: Callable[..., object]) -> object:
    kind = get_type_hints(function).get("return")
    return get_origin(kind) or kind


def sizes() -> Iterator[tuple[str, str]]:
    """Yield every size class: of which list of the dashboard, and its name."""
    from ledgerflux_tui.app import Dashboard

    for listed in ("HORIZONTAL_BREAKPOINTS", "VERTICAL_BREAKPOINTS"):
        for _, name in getattr(Dashboard, listed):
            yield listed, name


def mutations() -> list[str]:
    """Return the name of everything that can be blanked."""
    from ledgerflux_tui.keys import ACTIONS

    return [
        *(f"present:{module.__name__.rpartition('.')[2]}.{name}" for module, name in presenters()),
        *(f"key:{action.id}:{key}" for action in ACTIONS for key in action.keys),
        *(f"size:{listed}:{name}" for listed, name in sizes()),
    ]


def blank(mutation: str) -> None:
    """Blank it in this process, before anything has taken it."""
    kind, _, rest = mutation.partition(":")
    does = {
        "present": _blank_presenter, "key": _blank_key, "size": _blank_size, RECORD: _record,
    }  # fmt: skip
    does[kind](rest)


def _blank_presenter(where: str) -> None:
    name, _, function = where.partition(".")
    module = importlib.import_module(f"ledgerflux_tui.present.{name}")
    empty = BLANKS[_returned(getattr(module, function))]
    setattr(module, function, lambda *_, **__: empty())


def _blank_key(where: str) -> None:
    from dataclasses import replace

    from ledgerflux_tui import keys

    wanted, _, key = where.partition(":")
    keys.ACTIONS = tuple(
        replace(action, keys=tuple(one for one in action.keys if one != key))
        if action.id == wanted
        else action
        for action in keys.ACTIONS
    )


def _blank_size(where: str) -> None:
    from ledgerflux_tui.app import Dashboard

    listed, _, name = where.partition(":")
    kept = [item for item in getattr(Dashboard, listed) if item[1] != name]
    setattr(Dashboard, listed, kept)


def _record(_: str) -> None:
    from ledgerflux_tui import keys

    find, path = keys.find, Path(os.environ[RECORD_FILE])

    def told(view: str, key: str, **rest: Any) -> Any:
        action = find(view, key, **rest)
        if action is not None:
            test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
            with path.open("a") as file:
                file.write(f"{action.id}:{key}\t{test}\n")
        return action

    keys.find = told


def pressed_by() -> dict[str, list[str]]:
    """Run all tests once; return those that press each key, by action and key.

    Those that list the keys are left out: who presses a key that is gone must notice.
    """
    with tempfile.NamedTemporaryFile("r") as file:
        _run(RECORD, [str(TESTS)], {RECORD_FILE: file.name})
        found: dict[str, dict[str, None]] = {}
        for line in file:
            key, _, test = line.strip().partition("\t")
            found.setdefault(key, {})[test] = None
    return {
        key: [test for test in tests if "test_keys.py" not in test] for key, tests in found.items()
    }


def noticed_by(mutation: str, pressed: Mapping[str, Sequence[str]]) -> str | None:
    """Return the test that fails where `mutation` is blanked, None for none."""
    kind, _, rest = mutation.partition(":")
    own = TESTS / "present" / f"test_{rest.partition('.')[0]}.py"
    chosen = [*([str(own)] if kind == "present" and own.exists() else []), str(TESTS)]
    if kind == "key":
        chosen = list(pressed.get(rest, ()))
    return _run(mutation, chosen) if chosen else None


def _run(mutation: str, chosen: Sequence[str], more: Mapping[str, str] | None = None) -> str | None:
    """Return the first of the chosen tests that fails under a mutation."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider",
         "-p", "mutate_tui", "--timeout", "60", *chosen],
        cwd=ROOT, env=os.environ | {CHOSEN: mutation, "PYTHONPATH": _path(), **(more or {})},
        capture_output=True, text=True, check=False, timeout=TIMEOUT_S,
    )  # fmt: skip
    failed = FAILED.search(ran.stdout)
    if failed is None and ran.returncode != 0:
        return f"not even collected: {ran.stdout.strip().splitlines()[-1]}"
    return failed[1] if failed else None


def _path() -> str:
    return os.pathsep.join([str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])


def main(words: list[str]) -> int:
    """Blank what is asked for, print who noticed, and say whether somebody always did."""
    chosen = [name for name in mutations() if not words or any(word in name for word in words)]
    missed = []
    pressed = pressed_by() if any(name.startswith("key:") for name in chosen) else {}
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        notice = partial(noticed_by, pressed=pressed)
        for mutation, test in zip(chosen, pool.map(notice, chosen), strict=True):
            print(f"{mutation:56} {test or 'NOBODY NOTICED'}", flush=True)
            if test is None:
                missed.append(mutation)
    print(f"{len(chosen)} blanked, {len(missed)} not noticed: {' '.join(missed)}")
    return 1 if missed else 0


if CHOSEN in os.environ and __name__ != "__main__":
    blank(os.environ[CHOSEN])

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
