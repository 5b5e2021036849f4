"""The client of the README, as it stands there, on a stack that runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

README = Path(__file__).parents[2] / "README.md"
WANTED = 20


def test_the_client_in_ten_lines_prints_a_live_book(stack):
    up = stack.start("--products", "BTC-USD", "--source", "synthetic:200")
    [code] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    code = code.replace("http://127.0.0.1:8000", up["gateway"]["http"])
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines = [process.stdout.readline() for _ in range(WANTED)]
    finally:
        process.kill()
        _, errors = process.communicate()
    assert "Traceback" not in errors
    assert lines[-1].startswith("live Position("), lines
