"""A role as its supervisor starts it: `python -m ledgerflux.stack.child ROLE FLAGS`.

The same role and flags as `lf run`, without its help, variables, files and checks, which
would be most of what a start costs: whoever wrote these flags has checked them.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ledgerflux.errors import LedgerFluxError, lines_of
from ledgerflux.settings import RoleSettings
from ledgerflux.stack.build import run_role
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.stack.servers import nats_of, postgres_of
from ledgerflux.telemetry.log import log_to_stream

LISTS = ("products", "origins", "shared_networks")
SWITCHES = ("take_over", "paused", "insecure_public", "read_only")


def main() -> int:
    """Run the role; return its exit code."""
    role = sys.argv[1]
    try:
        settings = read_arguments(role, sys.argv[2:])
        log_to_stream(settings.log_level)
        return run_role(role, settings)
    except LedgerFluxError as error:
        sys.stderr.write("".join(f"{line}\n" for line in lines_of(error)))
        return error.exit_code


def read_arguments(role: str, words: Sequence[str]) -> RoleSettings:
    """Return the settings in `words`, and the servers of the data directory they name.

    Raises:
        NotRunning: No server is known there.
        msgspec.ValidationError: These are not the flags of a role.
    """
    given = _flags(words)
    run_dir = RunDir(Path(given["data_dir"]))
    values = {
        **given,
        **nats_of(run_dir)._asdict(),
        "postgres_dsn": postgres_of(run_dir) if role == "snapshot" else None,
        "instance": given.get("instance") or given.get("shard", "0"),
    }
    for name in LISTS:
        if name in given:
            values[name] = given[name].split(",")
    return msgspec.convert(values, RoleSettings, strict=False, dec_hook=lambda kind, of: kind(of))


def _flags(words: Sequence[str]) -> dict[str, str]:
    """Return `--at-end hold --paused` as names and texts."""
    given = {}
    rest = iter(words)
    for word in rest:
        name = word.removeprefix("--").replace("-", "_")
        given[name] = "true" if name in SWITCHES else next(rest)
    return given


if __name__ == "__main__":
    sys.exit(main())
