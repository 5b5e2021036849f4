"""Screens held by pictures in text: `pytest --snap-update` writes those that changed.

A picture is a file of tests/data/tui, so a review shows what a user would see change.
"""

import difflib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "data" / "tui"


def pytest_addoption(parser):
    parser.addoption(
        "--snap-update", action="store_true", help="write the dashboard's pictures anew"
    )


@pytest.fixture
def picture(request, tmp_path):
    """Compare the lines of a screen with the picture of that name."""

    def compare(name, lines):
        path = FOLDER / f"{name}.txt"
        text = "\n".join(line.rstrip() for line in lines) + "\n"
        if request.config.getoption("--snap-update"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.is_file(), f"no picture {name}: pytest --snap-update makes it"
        kept = path.read_text(encoding="utf-8")
        if text != kept:
            (tmp_path / path.name).write_text(text, encoding="utf-8")
            before, now = kept.split("\n"), text.split("\n")
            changes = difflib.unified_diff(before, now, "kept", "now", n=0, lineterm="")
            told = f"{name} is not what it was (now: {tmp_path / path.name})"
            pytest.fail("\n".join((told, *changes)))

    return compare
