"""The supervisor of a detached stack: `python -m ledgerflux.stack.background DATA_DIR`.

Reads an `UpOrder` from standard input and writes events as JSON lines to standard
output until the stack is up; then nobody listens there any more.
"""

import os
import sys
from pathlib import Path

import msgspec

from ledgerflux.errors import LedgerFluxError
from ledgerflux.stack.events import Event, Up
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.stack.up import UpOrder, failure, run_stack


def main() -> int:
    """Run the stack; return its exit code."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=UpOrder)
    speaker = _Speaker()
    try:
        return run_stack(
            order.request,
            RunDir(Path(sys.argv[1])),
            wait_timeout_s=order.wait_timeout_s,
            tell=speaker.tell,
        )
    except LedgerFluxError as error:
        speaker.tell(failure(error))
        return error.exit_code


class _Speaker:
    """Standard output, until whoever started us has heard enough or has gone."""

    def __init__(self) -> None:
        self._listened_to = True

    def tell(self, event: Event) -> None:
        if not self._listened_to:
            return
        try:
            os.write(1, msgspec.json.encode(event) + b"\n")
        except BrokenPipeError:
            self._listened_to = False
        if isinstance(event, Up):
            self._listened_to = False
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
