"""Writes the lock files of the image, hashes and no addresses: `python tests/locks.py [--check]`.

Versions that are locked stay as long as they fit; `--upgrade` takes the newest.
"""

import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME, EMBEDDED, BUILD = (
    "requirements.lock", "requirements-embedded.lock", "requirements-build.lock",
)  # fmt: skip
COMMAND = (
    "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes",
    "--no-header", "--no-annotate", "--no-emit-index-url",
)  # fmt: skip


def wanted() -> dict[str, list[str]]:
    """Return what each lock file must hold, without what that needs itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    return {
        RUNTIME: [*project["project"]["dependencies"], *extras["jwt"]],
        EMBEDDED: extras["embedded"],
        BUILD: project["build-system"]["requires"],
    }


def lock(name: str, requirements: Sequence[str], *more: str) -> None:
    """Write one lock file; the others agree with that of the runtime."""
    agreeing = [] if name == RUNTIME else ["--constraint", RUNTIME]
    subprocess.run(
        [sys.executable, "-m", "uv", *COMMAND, *agreeing, *more, "-", "-o", name],
        input="\n".join(requirements), text=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip


if __name__ == "__main__":
    for file, names in wanted().items():
        lock(file, names, *sys.argv[1:])
