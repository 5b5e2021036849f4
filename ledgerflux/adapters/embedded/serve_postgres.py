"""The wheel's Postgres as a server for other machines: `python -m ...serve_postgres --data-dir D`.

For containers where no image of Postgres can be had. It listens on TCP, every connection needs
the password (SCRAM), and this process becomes the server: SIGINT ends it, as Postgres has it.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ledgerflux.adapters.embedded.postgres_host import find_programs
from ledgerflux.adapters.embedded.postgres_words import (
    ASKS_FOR_PASSWORD,
    MAKE_DATABASE,
    PASSWORDS,
    PORT,
    initdb_command,
    single_command,
    startup_message,
)
from ledgerflux.errors import StackError

READY_S = 2.0
_ACCESS = f"host all all all {PASSWORDS}\nlocal all all {PASSWORDS}\n"
_OPTIONS = {
    "listen_addresses": "*",
    "port": str(PORT),
    "unix_socket_directories": tempfile.gettempdir(),
    "password_encryption": PASSWORDS,
    "max_connections": "20",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def is_ready(host: str = "127.0.0.1", port: int = PORT) -> bool:
    """Say whether the server asks clients for their password."""
    try:
        with socket.create_connection((host, port), READY_S) as line:
            line.sendall(startup_message())
            return line.recv(1) == ASKS_FOR_PASSWORD
    except OSError:
        return False


def make_data(programs: Path, data: Path, password_file: Path) -> None:
    """Make the data directory beside its place and move it there once it is whole.

    Raises:
        StackError: initdb fails.
    """
    new = data.with_name(f"{data.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    _run(*initdb_command(programs, new, password_file))
    _run(*single_command(programs, new), told=MAKE_DATABASE)
    (new / "pg_hba.conf").write_text(_ACCESS)
    new.rename(data)


def _run(*argv: str, told: str = "") -> None:
    ran = subprocess.run(argv, input=told, capture_output=True, text=True, check=False)  # noqa: S603 -- programs of the wheel
    if ran.returncode != 0 or "ERROR" in ran.stderr:
        words = " / ".join((ran.stderr or ran.stdout).strip().splitlines()[-3:])
        raise StackError(f"{Path(argv[0]).name} failed: {words}", code="service_died")


def command(programs: Path, data: Path) -> list[str]:
    """Return what this process becomes."""
    options = [text for name, value in _OPTIONS.items() for text in ("-c", f"{name}={value}")]
    return [str(programs / "postgres"), "-D", str(data), *options]


def main(arguments: Sequence[str]) -> int:
    """Become the server, or say whether it is ready."""
    parser = argparse.ArgumentParser(prog="serve_postgres", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=Path("/data"), metavar="DIR")
    parser.add_argument("--password-file", type=Path, metavar="FILE")
    parser.add_argument("--is-ready", action="store_true", help="only ask: exit 0 or 1")
    asked = parser.parse_args(arguments)
    if asked.is_ready:
        return 0 if is_ready() else 1
    programs, data = find_programs(), asked.data_dir / "postgres"
    if not (data / "PG_VERSION").exists():
        if asked.password_file is None:
            parser.error("--password-file: who makes the data says its password")
        make_data(programs, data, asked.password_file)
    argv = command(programs, data)
    os.execv(argv[0], argv)  # noqa: S606 -- it becomes the server
    return 1  # nobody comes back


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StackError as error:
        sys.exit(f"error[{error.code}]: {error}")
