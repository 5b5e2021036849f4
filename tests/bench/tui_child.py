"""The dashboard as it is, with its frames timed: `python tests/bench/tui_child.py OUT URL`.

Writes what every frame took, when it came and when the clock ticked to OUT when it ends.
"""

import gc
import json
import sys
import time
from pathlib import Path

gc.disable()  # as `run` does before it loads the same

from textual.screen import Screen  # noqa: E402

from ledgerflux_tui.app import Dashboard  # noqa: E402
from ledgerflux_tui.options import Options  # noqa: E402
from ledgerflux_tui.run import run  # noqa: E402

FRAMES: list[tuple[float, float]] = []
"""When each frame began, monotonic seconds, and what it took."""
TICKS: list[tuple[float, float]] = []


def timed(owner: type, name: str, kept: list[tuple[float, float]]) -> None:
    """Time every call of a method of `owner`."""
    method = getattr(owner, name)

    def call(self: object, *args: object) -> object:
        begun_s = time.monotonic()
        try:
            return method(self, *args)
        finally:
            kept.append((begun_s, time.monotonic() - begun_s))

    setattr(owner, name, call)


def main() -> int:
    """Run it on this terminal."""
    out, url = sys.argv[1:]
    timed(Screen, "_on_timer_update", FRAMES)
    timed(Dashboard, "tick", TICKS)
    try:
        return run([url], None, Options())
    finally:
        Path(out).write_text(json.dumps({"frames": FRAMES, "ticks": TICKS}))


if __name__ == "__main__":
    sys.exit(main())
