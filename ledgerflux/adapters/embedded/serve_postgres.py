"""The wheel's Postgres as a server for other machines: `python -m ...serve_postgres --data-dir D`.

For containers where no image of Postgres can be had. It listens on TCP, every connection needs
the password (SCRAM), and this process becomes the server: SIGINT ends it, as Postgres has it.
"""

import argparse
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ledgerflux.adapters.embedded.postgres_host import find_programs
from ledgerflux.errors import StackError

USER = DATABASE = "ledgerflux"
PORT = 5432
PROTOCOL = 196_608
READY_S = 2.0
_ACCESS = "host all all all scram-sha-256\nlocal all all scram-sha-256\n"
_OPTIONS = {
    "listen_addresses": "*",
    "port": str(PORT),
    "unix_socket_directories": tempfile.gettempdir(),
    "password_encryption": "scram-sha-256",
    "max_connections": "20",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def is_ready(host: str = "127.0.0.1", port: int = PORT) -> bool:
    """Say whether the server asks clients for their password.

    Source: PostgreSQL protocol 3.0, StartupMessage; `R` is an authentication request, `E` says
    that the server is still starting.
    """
    names = f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
    try:
        with socket.create_connection((host, port), READY_S) as line:
            line.sendall(struct.pack("!ii", len(names) + 8, PROTOCOL) + names)
            return line.recv(1) == b"R"
    except OSError:
        return False


def make_data(programs: Path, data: Path, password_file: Path) -> None:
    """Make the data directory beside its place and move it there once it is whole.

    Raises:
        StackError: initdb fails.
    """
    new = data.with_name(f"{data.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    _run(
        str(programs / "initdb"), "-D", str(new), "-U", USER, "--pwfile", str(password_file),
        "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions",
    )  # fmt: skip
    single = (str(programs / "postgres"), "--single", "-D", str(new), "template1")
    _run(*single, told=f"CREATE DATABASE {DATABASE}\n")
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
