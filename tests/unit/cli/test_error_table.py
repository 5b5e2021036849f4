"""The table of error codes holds every code there is, and no other."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from ledgerflux import errors
from ledgerflux.wire.gateway_control import Code
from ledgerflux_cli.error_table import ERRORS
from ledgerflux_cli.exit_codes import EXIT_CODES

ROOT = Path(__file__).parents[3]
FILES = [*(ROOT / "ledgerflux").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]
TABLE = {row.code: row.exit_code for row in ERRORS}
GATEWAY_ONLY = set(get_args(Code)) - {"protocol_error"}


def raised():
    """Yield (code, exit code of the class) of every error that is made with a code of its own."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            kind = getattr(errors, getattr(getattr(node, "func", None), "id", ""), None)
            if not isinstance(node, ast.Call) or not isinstance(kind, type):
                continue
            for given in (word.value for word in node.keywords if word.arg == "code"):
                branches = (given.body, given.orelse) if isinstance(given, ast.IfExp) else (given,)
                for part in branches:
                    if isinstance(part, ast.Constant):
                        yield part.value, kind.exit_code


def classes(base=errors.LedgerFluxError):
    yield base
    for child in base.__subclasses__():
        yield from classes(child)


def test_no_code_stands_twice():
    assert len(TABLE) == len(ERRORS)


@pytest.mark.parametrize(("code", "exit_code"), sorted(set(raised())))
def test_every_code_that_is_raised_is_explained_with_its_exit_code(code, exit_code):
    assert TABLE.get(code) == exit_code


@pytest.mark.parametrize("kind", list(classes()), ids=lambda kind: kind.__name__)
def test_every_class_is_explained_with_its_exit_code(kind):
    if kind.__module__.startswith("ledgerflux"):
        assert TABLE.get(kind.code) == kind.exit_code or kind.code in TABLE


def test_every_code_of_the_gateway_is_explained():
    assert set(TABLE) >= GATEWAY_ONLY


def test_every_code_of_the_drawn_tree_is_explained():
    drawn = errors.__doc__.partition("::")[2].partition("The first code")[0]
    codes = set(re.findall(r"[a-z]+(?:_[a-z]+)+", drawn))
    assert "not_running" in codes, "the look itself must find codes"
    assert codes - set(TABLE) == set()


def test_no_code_is_explained_that_nothing_gives():
    sources = [path for path in FILES if path.name != "error_table.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert [code for code in TABLE if f'"{code}"' not in text] == []


def test_every_exit_code_of_the_table_is_a_known_one():
    assert set(TABLE.values()) <= {row.code for row in EXIT_CODES}
