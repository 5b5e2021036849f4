"""The signals that ask a supervisor to stop."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
"""The exit code of who was interrupted before it was up, or forced."""


@contextlib.contextmanager
def stop_signals(ask_to_stop: Callable[[str], None]) -> Iterator[None]:
    """While open, each stop signal calls `ask_to_stop` with its name; call it within a loop."""
    loop = asyncio.get_running_loop()
    for signum in STOP_SIGNALS:
        loop.add_signal_handler(signum, ask_to_stop, signum.name)
    try:
        yield
    finally:
        for signum in STOP_SIGNALS:
            loop.remove_signal_handler(signum)
