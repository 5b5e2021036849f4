"""Where the recordings are, for tests that play real feeds.

They are not part of the project: the folder stands beside the checkout, or where
`LF_FEEDS` points.
"""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ.get("LF_FEEDS") or Path(__file__).parents[2] / "shared" / "feeds")


def recording(name: str) -> Path:
    """Return the path of the recording `name`, or skip the test that asked for it."""
    path = FOLDER / f"{name}.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"recording {name} is not at hand: set LF_FEEDS to its folder")
    return path


def lines(name: str) -> Iterator[dict[str, Any]]:
    """Yield every line of the recording `name` as it stands in the container."""
    with gzip.open(recording(name), "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def received(name: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of the recording `name` that the exchange sent."""
    return (line for line in lines(name) if "kind" not in line)
