"""Bad input as data: `tests/data/hostile`, one file a group, and what is expected of each row.

Bytes stand there as parts, one after the other: text, `{"hex": ...}`,
`{"repeat": ..., "times": ...}`, or `{"use": ...}`, a piece that the reader brings.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "data" / "hostile"


def group(name: str) -> dict[str, Any]:
    """Return the file `name`: its rows, and what holds for all of them."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def made(parts: Sequence[Any], pieces: Mapping[str, bytes] | None = None) -> bytes:
    """Return the bytes that `parts` describe."""
    return b"".join(_part(part, pieces or {}) for part in parts)


def _part(part: Any, pieces: Mapping[str, bytes]) -> bytes:
    if isinstance(part, str):
        return part.encode()
    if "hex" in part:
        return bytes.fromhex(part["hex"])
    if "use" in part:
        return pieces[part["use"]]
    return part["repeat"].encode() * part["times"]


def rows(name: str, table: str = "rows") -> list[Any]:
    """Return the rows of a group as parameters of a test, by their ids."""
    return [pytest.param(row, id=row["id"]) for row in group(name)[table]]
