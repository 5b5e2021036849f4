"""docs/bad-input.md names tests that exist, and every group of hostile data is used by one."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "bad-input.md").read_text(encoding="utf-8")
SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def functions(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_each_row_names_a_test_that_exists():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "::" in line]
    assert len(rows) > 40
    assert [name for name in NAMED if name[1] not in functions(name[0])] == []


def test_each_threat_names_a_test_that_exists():
    rows = [line for line in SECURITY.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 10
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        assert [name for name in named if name[1] not in functions(name[0])] == []


def test_each_row_of_a_table_has_a_test_but_those_not_yet():
    now, _, _ = PAGE.partition("## Not yet")
    rows = [line for line in now.splitlines() if line.startswith("| ")]
    body = [row for row in rows if not row.startswith(("| input", "| ---"))]
    assert [row for row in body if "::" not in row] == []


def test_every_file_of_hostile_data_is_read_by_a_test():
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    for path in (ROOT / "tests" / "data" / "hostile").glob("*.json"):
        assert any(f'"{path.stem}"' in source for source in sources), path
