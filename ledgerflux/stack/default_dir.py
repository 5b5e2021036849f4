"""Where a user's stack lives when nobody says; imports nothing that takes time."""

from collections.abc import Mapping
from pathlib import Path

from ledgerflux.errors import ConfigError


def default_path(environment: Mapping[str, str]) -> Path:
    """Return the data directory of this user: below `XDG_STATE_HOME`, else `~/.local/state`.

    Raises:
        ConfigError: The user has no home directory.
    """
    state = environment.get("XDG_STATE_HOME", "")
    if Path(state).is_absolute():
        return Path(state) / "ledgerflux" / "default"
    home = Path(environment.get("HOME") or "~").expanduser()
    if not home.is_absolute():
        raise ConfigError(
            "this user has no home directory to keep the data in",
            try_next=["lf up --data-dir DIR"],
        )
    return home / ".local" / "state" / "ledgerflux" / "default"
