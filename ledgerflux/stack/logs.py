"""The logs of a stack as one stream, from the files in its data directory."""

import heapq
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ledgerflux.adapters.log_files import older_of
from ledgerflux.errors import ConfigError, NotRunning
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.telemetry.log_lines import LEVELS, Level, LogLine, read_line, words_of

LINE_BYTES_MAX = 64 * 1024
"""A longer line is shown in pieces."""
UNTIMED_MAX = 1000
"""So many lines at the head of a file may wait for a line with a time."""


class Entry(NamedTuple):
    """One line and the service that wrote it."""

    service: str
    line: LogLine


class Wanted(NamedTuple):
    """Which lines: from a level on, in a span of time, with and without a pattern.

    Patterns are looked for in the words of a line, its service in front.
    """

    level: Level = "debug"
    since_ns: int | None = None
    until_ns: int | None = None
    include: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None

    def is_over(self, now_ns: int) -> bool:
        """Say whether nothing that is written at `now_ns` or later is wanted."""
        return self.until_ns is not None and now_ns >= self.until_ns

    def takes(self, entry: Entry) -> bool:
        """Say whether `entry` is wanted."""
        line = entry.line
        if LEVELS.index(line.level) < LEVELS.index(self.level):
            return False
        if self.since_ns is not None and line.time_ns < self.since_ns:
            return False
        if self.until_ns is not None and line.time_ns >= self.until_ns:
            return False
        if self.include is None and self.exclude is None:
            return True
        text = f"{entry.service} {words_of(line)}"
        if self.include is not None and not self.include.search(text):
            return False
        return self.exclude is None or not self.exclude.search(text)


def services_in(run_dir: RunDir) -> list[str]:
    """Return the services that have written a log, in alphabetical order."""
    return sorted(path.stem for path in run_dir.logs.glob("[!.]*.log"))


def choose_services(run_dir: RunDir, asked: Iterable[str]) -> list[str]:
    """Return the services that `asked` names: `gateway` (all), `gateway/0`, `normalize/2`.

    Raises:
        NotRunning: No stack has ever written a log here.
        ConfigError: `unknown_service`, naming those that exist.
    """
    known = services_in(run_dir)
    if not known:
        raise NotRunning(f"no stack has run in {run_dir.path}", try_next=["lf up"])
    chosen: set[str] = set()
    for name in asked:
        meant = name.replace("/", "-")
        found = {one for one in known if meant in (one, f"{one}-0", one.rpartition("-")[0])}
        if not found:
            raise ConfigError(
                f"no log of {name!r} here: there are {', '.join(known)}", code="unknown_service"
            )
        chosen |= found
    return sorted(chosen) or known


class Logs:
    """The lines of some services, merged by time; each call of `more` goes on from the last.

    `services` None means all there are, also those that come later. With `whole_lines`, a
    line that is being written waits for its end.
    """

    def __init__(
        self, run_dir: RunDir, services: Iterable[str] | None, *, whole_lines: bool = False
    ) -> None:
        self._run_dir = run_dir
        self._services = None if services is None else tuple(services)
        self._whole_lines = whole_lines
        self._files: dict[str, _LogFile] = {}

    def more(self) -> Iterator[Entry]:
        """Yield what was written since, in the order of time; to be read to the end."""
        names = services_in(self._run_dir) if self._services is None else self._services
        for name in names:
            if name not in self._files:
                path = self._run_dir.log(name)
                self._files[name] = _LogFile(name, path, whole_lines=self._whole_lines)
        lines = [file.more() for file in self._files.values()]
        return heapq.merge(*lines, key=lambda entry: entry.line.time_ns)


class _LogFile:
    """One service's log and where its reader stands; survives cuts and renames.

    The older file holds, at the same offsets, what the log held before it was cut.
    """

    def __init__(self, service: str, path: Path, *, whole_lines: bool) -> None:
        self._service = service
        self._path = path
        self._whole_lines = whole_lines
        self._inode: int | None = None
        self._offset = 0
        self._before: LogLine | None = None
        self._untimed: list[LogLine] = []

    def more(self) -> Iterator[Entry]:
        """Yield the lines after the last one read."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            now = os.fstat(file.fileno())
            if self._inode != now.st_ino or now.st_size < self._offset:
                yield from self._older()
                self._offset = 0
            self._inode = now.st_ino
            yield from self._lines(file)
        yield from self._at(now.st_mtime_ns)

    def _older(self) -> Iterator[Entry]:
        try:
            with older_of(self._path).open("rb") as file:
                yield from self._lines(file)
        except FileNotFoundError:
            return

    def _lines(self, file: BinaryIO) -> Iterator[Entry]:
        file.seek(self._offset)
        while raw := file.readline(LINE_BYTES_MAX):
            if self._whole_lines and not raw.endswith(b"\n") and len(raw) < LINE_BYTES_MAX:
                return
            self._offset += len(raw)
            text = raw.rstrip(b"\r\n").decode(errors="replace")
            if text.strip():
                yield from self._entries(read_line(text, self._before))

    def _entries(self, line: LogLine) -> Iterator[Entry]:
        """Yield `line`; lines before the first one with a time wait for that time."""
        self._before = line
        if line.time_ns == 0 and len(self._untimed) < UNTIMED_MAX:
            self._untimed.append(line)
            return
        yield from self._at(line.time_ns)
        yield Entry(self._service, line)

    def _at(self, time_ns: int) -> Iterator[Entry]:
        """Yield the lines that had no time, as if they were of `time_ns`."""
        untimed, self._untimed = self._untimed, []
        if untimed:
            self._before = (self._before or untimed[-1])._replace(time_ns=time_ns)
        for line in untimed:
            yield Entry(self._service, line._replace(time_ns=time_ns))
