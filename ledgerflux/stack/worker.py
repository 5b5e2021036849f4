"""One of the gateways that share a port: `python -m ledgerflux.stack.worker DATA_DIR`.

Its settings come in on standard input as JSON: they may hold the password of the bus, which
nobody must read in a list of processes. The data directory is named for the warden.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from ledgerflux.errors import LedgerFluxError, lines_of
from ledgerflux.settings import RoleSettings
from ledgerflux.stack.build import run_role
from ledgerflux.telemetry.log import log_to_stream


def order(settings: RoleSettings) -> bytes:
    """Return what a worker with these settings is told."""
    return msgspec.json.encode(settings, enc_hook=str)


def read_order(told: bytes) -> RoleSettings:
    """Return the settings of `order`."""
    return msgspec.json.decode(told, type=RoleSettings, dec_hook=_made)


def _made(kind: type, text: Any) -> Any:
    assert kind is Path, kind
    return Path(text)


def main() -> int:
    """Run the gateway; return its exit code."""
    settings = read_order(sys.stdin.buffer.read())
    log_to_stream(settings.log_level)
    try:
        return run_role("gateway", settings)
    except LedgerFluxError as error:
        sys.stderr.write("".join(f"{line}\n" for line in lines_of(error)))
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
