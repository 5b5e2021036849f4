"""Gate: each module of the pure packages is covered, branches too, by its own test file.

Reads the data of `pytest tests/unit --cov --cov-context=test`; prints what is missing and ends
with 1 if anything is. A line that other tests happen to run does not count.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).parents[1]
PURE = ("errors.py", "model", "core", "venues", "wire")
AT_IMPORT = "^$"
"""Context of what runs while a module is imported: its definitions."""


def modules() -> Iterator[Path]:
    """Yield the modules under the gate."""
    for name in PURE:
        top = ROOT / "ledgerflux" / name
        files = [top] if top.is_file() else sorted(top.rglob("*.py"))
        yield from (file for file in files if file.name != "__init__.py")


def test_file_of(module: Path) -> Path:
    """Return where the tests of `module` live."""
    place = module.relative_to(ROOT / "ledgerflux")
    return Path("tests/unit") / place.parent / f"test_{place.name}"


def missing(coverage: Coverage, module: Path) -> str:
    """Return what the module's own tests leave out, in words; empty for nothing.

    A module that only declares is covered by being imported.
    """
    own = test_file_of(module)
    contexts = [AT_IMPORT, f"^{re.escape(own.as_posix())}::"]
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        coverage.json_report([str(module)], outfile=report.name, contexts=contexts)
        (found,) = json.loads(Path(report.name).read_text())["files"].values()
    lines, branches = found["missing_lines"], found["missing_branches"]
    if not lines and not branches:
        return ""
    if not (ROOT / own).exists():
        return f"has no {own}"
    return f"lines {lines}, branches {branches} are not covered by {own}"


def main() -> int:
    """Look at every module; return the exit code."""
    coverage = Coverage(data_file=str(ROOT / ".coverage"), config_file=str(ROOT / "pyproject.toml"))
    coverage.load()
    if not any(coverage.get_data().measured_contexts()):
        sys.stdout.write("no line is told with its test: --cov --cov-context=test, not with -n 0\n")
        return 1
    faults = 0
    looked = list(modules())
    for module in looked:
        fault = missing(coverage, module)
        if fault:
            faults += 1
            sys.stdout.write(f"{module.relative_to(ROOT)}: {fault}\n")
    sys.stdout.write(f"{len(looked)} modules, {faults} not fully covered by their own tests\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
