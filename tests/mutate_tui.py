"""Blanks one presenter, key or size class of the dashboard after the other: `just mutate-tui`.

Each time the dashboard's unit tests run until one fails; its name is printed. A mutation that
no test notices is named at the end, and the exit code is 1. Arguments choose mutations by a
part of their name; none: all.
"""

import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin, get_type_hints

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "unit" / "tui"
CHOSEN = "LF_MUTATION"
"""In the environment of the tests: what is blanked."""
BLANKS: dict[Any, Callable[[], object]] = {list: list, str: str, tuple: tuple, dict: dict}
TIMEOUT_S = 300
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
    {"present": _blank_presenter, "key": _blank_key, "size": _blank_size}[kind](rest)


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


def noticed_by(mutation: str) -> str | None:
    """Return the test that fails where `mutation` is blanked, None for none."""
    kind, _, rest = mutation.partition(":")
    own = TESTS / "present" / f"test_{rest.partition('.')[0]}.py"
    chosen = [*([str(own)] if kind == "present" and own.exists() else []), str(TESTS)]
    # What lists the keys notices a missing one of course; a test that presses it must too.
    left_out = ["--deselect", str(TESTS / "test_keys.py")] if kind == "key" else []
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider",
         "-p", "mutate_tui", "--timeout", "60", *left_out, *chosen],
        cwd=ROOT, env=os.environ | {CHOSEN: mutation, "PYTHONPATH": _path()},
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
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for mutation, test in zip(chosen, pool.map(noticed_by, chosen), strict=True):
            print(f"{mutation:56} {test or 'NOBODY NOTICED'}", flush=True)
            if test is None:
                missed.append(mutation)
    print(f"{len(chosen)} blanked, {len(missed)} not noticed: {' '.join(missed)}")
    return 1 if missed else 0


if CHOSEN in os.environ and __name__ != "__main__":
    blank(os.environ[CHOSEN])

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
