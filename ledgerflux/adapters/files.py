"""Small files that must be whole or private."""

import os
import secrets
from pathlib import Path


def write_private(path: Path, content: bytes, *, uid: int = -1, gid: int = -1) -> None:
    """Replace `path` by `content` in one step, readable by its owner only.

    A reader sees the old content or the new, never half of it. `uid` and `gid` name
    another owner (-1: unchanged).
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        if (uid, gid) != (-1, -1):
            os.chown(temporary, uid, gid)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def secret_of(path: Path) -> str:
    """Return the secret kept in `path`, made of 128 random bits where there is none yet."""
    try:
        kept = path.read_text().strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    secret = secrets.token_hex(16)
    write_private(path, secret.encode())
    return secret
