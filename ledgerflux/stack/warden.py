"""The supervisor's line to its warden, the process that cleans up after a `kill -9`."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("warden_main.py")


class Warden:
    """A warden process and what it was told; started again where it died.

    Bounded by the number of children. Not for use from several threads.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._children: dict[int, int] = {}
        self._process = self._start()

    @property
    def pid(self) -> int:
        """Return the warden's process id."""
        return self._process.pid

    def add(self, pid: int, stop_signal: int) -> None:
        """Put the child `pid` in the warden's care."""
        self._children[pid] = stop_signal
        self._tell(f"+{pid} {stop_signal}\n")

    def remove(self, pid: int) -> None:
        """Say that the child `pid` has ended."""
        if self._children.pop(pid, None) is not None:
            self._tell(f"-{pid}\n")

    def keep_alive(self) -> None:
        """Start the warden again where it has died."""
        if self._process.poll() is None:
            return
        self._close()
        self._process = self._start()
        for pid, stop_signal in self._children.items():
            self._tell(f"+{pid} {stop_signal}\n")

    def dismiss(self) -> None:
        """Send the warden home: whatever is alive now is not its business."""
        self._tell("bye\n")
        self._close()
        self._process.wait()

    def abandon(self) -> None:
        """Leave everything that is alive now to the warden."""
        self._close()
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        # -I and -S: the program needs nothing of site-packages, and must not find
        # anything of the directory it is started in.
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(PROGRAM), str(self._data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        # A dead warden is started again, and told everything, by `keep_alive`.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._process.stdin.fileno(), line.encode())

    def _close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
