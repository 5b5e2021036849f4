"""docs/limits.md: every queue of the code stands there, and what it names exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
SOURCES = [
    path
    for path in sorted((ROOT / "ledgerflux").rglob("*.py"))
    if "testing" not in path.parts  # twins of the world: a test ends before they fill up
]


def queues(path):
    """Yield the calls that make a queue, and whether the call itself bounds it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        keywords = {keyword.arg for keyword in node.keywords}
        if name in ("Queue", "LifoQueue", "PriorityQueue"):
            yield name, bool(node.args) or "maxsize" in keywords
        elif name == "deque":
            yield name, len(node.args) > 1 or "maxlen" in keywords


def of_project(path):
    return path.relative_to(ROOT / "ledgerflux").as_posix()


KEPT = [path for path in SOURCES if any(queues(path))]


def test_the_look_itself_finds_queues():
    assert "core/inbox.py" in map(of_project, KEPT)


def test_a_queue_that_is_a_list_is_on_the_page_too():
    assert "`core/outbox.py`" in PAGE


@pytest.mark.parametrize("path", KEPT, ids=of_project)
def test_every_queue_of_the_code_is_on_the_page(path):
    assert f"`{of_project(path)}`" in PAGE
    assert all(bounded for name, bounded in queues(path) if name != "deque")


def test_every_file_named_on_the_page_exists():
    named = re.findall(r"`((?:\w+/)+\w+\.py)`", PAGE)
    assert named
    packages = (ROOT / "ledgerflux", ROOT / "tui/ledgerflux_tui")
    assert [path for path in named if not any((at / path).exists() for at in packages)] == []
