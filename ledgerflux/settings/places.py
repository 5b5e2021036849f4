"""Where settings files are looked for, and where what can be made again is kept."""

from collections.abc import Mapping
from pathlib import Path

PROJECT_FILE = "ledgerflux.toml"


def settings_files(environment: Mapping[str, str], directory: Path) -> list[Path]:
    """Return the paths, the strongest first; they need not exist."""
    config = environment.get("XDG_CONFIG_HOME", "")
    home = environment.get("HOME", "")
    paths = [directory / PROJECT_FILE]
    if Path(config).is_absolute():
        paths.append(Path(config) / "ledgerflux" / "config.toml")
    elif Path(home).is_absolute():
        paths.append(Path(home) / ".config" / "ledgerflux" / "config.toml")
    return paths


def cache_dir(environment: Mapping[str, str]) -> Path:
    """Return this user's directory below `XDG_CACHE_HOME`, else `~/.cache`; it need not exist."""
    cache = environment.get("XDG_CACHE_HOME", "")
    root = Path(cache) if Path(cache).is_absolute() else Path.home() / ".cache"
    return root / "ledgerflux"
