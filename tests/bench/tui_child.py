"""The dashboard as it is, with its frames timed: `python tests/bench/tui_child.py OUT URL`.

Writes what every frame took, when it came and when the clock ticked to OUT when it ends.
"""

import gc
import json
import sys
import time
from array import array
from pathlib import Path

gc.disable()  # as `run` does before it loads the same

from textual.screen import Screen  # noqa: E402

from ledgerflux_tui.app import Dashboard  # noqa: E402
from ledgerflux_tui.options import Options  # noqa: E402
from ledgerflux_tui.run import run  # noqa: E402

ROOM = 100_000


class Kept:
    """When things began, monotonic seconds, and what each took: its memory is taken at once.

    What the dashboard's memory grows by is measured: a list would grow by 1.5 MB in 10 minutes.
    """

    def __init__(self) -> None:
        self._values = array("d", bytes(16 * ROOM))
        self._count = 0

    def add(self, begun_s: float, took_s: float) -> None:
        """Keep one.

        Raises:
            IndexError: There is no room: after three hours at ten a second.
        """
        at = 2 * self._count
        self._values[at], self._values[at + 1] = begun_s, took_s
        self._count += 1

    def pairs(self) -> list[tuple[float, float]]:
        """Return them in order."""
        used = self._values[: 2 * self._count]
        return list(zip(used[::2], used[1::2], strict=True))


FRAMES, TICKS = Kept(), Kept()


def timed(owner: type, name: str, kept: Kept) -> None:
    """Time every call of a method of `owner`."""
    method = getattr(owner, name)

    def call(self: object, *args: object) -> object:
        begun_s = time.monotonic()
        try:
            return method(self, *args)
        finally:
            kept.add(begun_s, time.monotonic() - begun_s)

    setattr(owner, name, call)


def main() -> int:
    """Run it on this terminal."""
    out, url = sys.argv[1:]
    timed(Screen, "_on_timer_update", FRAMES)
    timed(Dashboard, "tick", TICKS)
    try:
        return run([url], None, Options())
    finally:
        Path(out).write_text(json.dumps({"frames": FRAMES.pairs(), "ticks": TICKS.pairs()}))


if __name__ == "__main__":
    sys.exit(main())
