"""What both of our Postgres servers are told and asked, on a socket and in a container."""

import struct
from pathlib import Path

USER = "ledgerflux"
DATABASE = "ledgerflux"
PORT = 5432
MAKE_DATABASE = f"CREATE DATABASE {DATABASE}\n"
"""For a server without clients."""
ASKS_FOR_PASSWORD = b"R"
"""The first byte of an answer to `startup_message`: a server that is starting says `E`."""
PASSWORDS = "scram-sha-256"
_PROTOCOL = 196_608


def startup_message() -> bytes:
    """Return what a client says first.

    Source: PostgreSQL protocol 3.0, StartupMessage.
    """
    names = f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
    return struct.pack("!ii", len(names) + 8, _PROTOCOL) + names


def initdb_command(programs: Path, data: Path, password_file: Path) -> tuple[str, ...]:
    """Return what makes a data directory in which every connection needs the password."""
    secret = ("-U", USER, "--pwfile", str(password_file), f"--auth={PASSWORDS}")
    language = ("--encoding=UTF8", "--locale=C", "--no-instructions")
    return (str(programs / "initdb"), "-D", str(data), *secret, *language)


def single_command(programs: Path, data: Path) -> tuple[str, ...]:
    """Return a server without clients, which ends with its input."""
    quiet = ("-c", "log_checkpoints=off")
    return (str(programs / "postgres"), "--single", "-D", str(data), *quiet, "template1")
