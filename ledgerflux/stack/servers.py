"""How a role started by hand or by a supervisor finds the servers of its stack."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from ledgerflux.errors import ConfigError, NotRunning
from ledgerflux.stack.run_dir import RunDir


class NatsLogin(NamedTuple):
    """Where NATS is and how to get in; named as in `RoleSettings`."""

    nats_url: str
    nats_user: str | None = None
    nats_password: str | None = None


def nats_of(run_dir: RunDir) -> NatsLogin:
    """Return the NATS of the stack in `run_dir`.

    Raises:
        NotRunning: There is none.
    """
    state = run_dir.read()
    if state is None or state.nats is None:
        raise NotRunning(
            f"no NATS is known: nothing runs in {run_dir.path}",
            try_next=["lf up nats postgres", "lf run ROLE --nats URL"],
        )
    return NatsLogin(state.nats.url, state.nats.user, state.nats.password)


def split_url(url: str) -> NatsLogin:
    """Take user and password out of `url`.

    Raises:
        ConfigError: It names no host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("nats", "tls") or not parts.hostname:
        raise ConfigError(f"--nats: {url!r} is no address such as nats://host:4222")
    place = parts.netloc.rpartition("@")[2]
    return NatsLogin(
        f"{parts.scheme}://{place}",
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


def password_in(file: Path) -> str:
    """Return the password that `file` holds, without the end of its line.

    Raises:
        ConfigError: It can't be read, or is empty.
    """
    try:
        password = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ConfigError(f"the password file {file} can't be read: {reason}") from error
    if not password:
        raise ConfigError(f"the password file {file} is empty")
    return password


def postgres_of(run_dir: RunDir) -> str:
    """Return the connection string of the Postgres in `run_dir`.

    Raises:
        NotRunning: There is none.
    """
    state = run_dir.read()
    if state is None or state.postgres is None:
        raise NotRunning(
            f"no Postgres is known: none runs in {run_dir.path}",
            try_next=["lf up nats postgres", "lf run snapshot --postgres DSN"],
        )
    return state.postgres
