"""What a recording holds, and whether it is whole: counted line by line, without I/O.

Judged are received frames only: the numbers that the venue gives a connection must go on by
one, and receive times must not go back. What was written down beside them (requests, REST
answers) is counted.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ledgerflux.core.dialect import Hearing
from ledgerflux.model.recording import RecordedLine

PROBLEMS_MAX = 20
"""So many problems are kept in words; all are counted."""
NAMES_MAX = 4096
"""So many products, connections and channels are told apart."""
OTHERS = "(others)"
DIGITS_MAX = 19

Parse = Callable[[bytes], str | None]
"""Returns why a frame can't be read, None where it can."""


class Problem(NamedTuple):
    """One thing that is wrong: its kind, the line (from 1), and words."""

    kind: str
    line: int
    text: str


@dataclass(slots=True)
class Connection:
    """One connection of a recording: its frames, numbers and times.

    `expected` is the next number, None where any may come. Of those beyond `NAMES_MAX` nothing
    is judged: they are many in one.
    """

    frames: int = 0
    first_line: int = 0
    first_number: int | None = None
    last_number: int | None = None
    expected: int | None = None
    last_ns: int | None = None


@dataclass(slots=True)
class RecordingAudit:
    """Takes the lines of a recording in order.

    Attributes:
        hearing: The dialect of the recording; None where no dialect of ours knows it.
        refuses: Says why a frame can't be read; None to leave that out.
        lines: All lines.
        frames: Received frames.
        kinds: Frames by channel, or by the venue's own word where the channel is not ours.
        notes: Lines that are no frame, by kind.
        products: Frames by product.
        connections: By name.
        first_ns: Receive time of the first frame that has one.
        last_ns: The same of the last.
        problems: The first `PROBLEMS_MAX`.
        problems_total: How many there are of each kind.
    """

    hearing: Hearing | None = None
    refuses: Parse | None = None
    lines: int = 0
    frames: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    products: Counter[str] = field(default_factory=Counter)
    connections: dict[str, Connection] = field(default_factory=dict)
    first_ns: int | None = None
    last_ns: int | None = None
    problems: list[Problem] = field(default_factory=list)
    problems_total: Counter[str] = field(default_factory=Counter)

    @property
    def whole(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.problems_total

    def take(self, line: RecordedLine) -> None:
        """Take the next line."""
        self.lines += 1
        if line.kind is not None:
            _count(self.notes, line.kind)
            if line.kind == "close" and line.connection in self.connections:
                self.connections[line.connection].expected = None
            return
        self.frames += 1
        connection = self._connection(line.connection)
        connection.frames += 1
        judged = line.connection in self.connections
        self._time(line, connection, judged=judged)
        if self.hearing is not None:
            self._route(line, self.hearing)
            self._number(line, connection, self.hearing, judged=judged)
        if self.refuses is not None and (why := self.refuses(line.raw)) is not None:
            self._problem("frame", why)

    def broken(self, text: str) -> None:
        """Take in that the next line can't be read."""
        self.lines += 1
        self._problem("unreadable", text)

    def end(self) -> None:
        """Take in that there are no more lines."""
        if not self.frames:
            self._problem("empty", "no frame was received")

    def _connection(self, name: str) -> Connection:
        found = self.connections.get(name)
        if found is None:
            name = name if len(self.connections) < NAMES_MAX else OTHERS
            found = self.connections.setdefault(name, Connection(first_line=self.lines))
        return found

    def _time(self, line: RecordedLine, connection: Connection, *, judged: bool) -> None:
        if line.ts_ns is None:
            return
        if judged and connection.last_ns is not None and line.ts_ns < connection.last_ns:
            back_ns = connection.last_ns - line.ts_ns
            self._problem("time", f"{line.connection} goes back by {back_ns} ns")
        connection.last_ns = line.ts_ns
        if self.first_ns is None:
            self.first_ns = line.ts_ns
        self.last_ns = line.ts_ns if self.last_ns is None else max(self.last_ns, line.ts_ns)

    def _route(self, line: RecordedLine, hearing: Hearing) -> None:
        route = hearing.route(line.raw)
        if route.acknowledgement:
            _count(self.kinds, "acknowledgements")
        else:
            _count(self.kinds, "/".join(route.channels) or "other")
        for product in route.products:
            _count(self.products, product)

    def _number(
        self, line: RecordedLine, connection: Connection, hearing: Hearing, *, judged: bool
    ) -> None:
        digits = hearing.digits(line.raw)
        if digits is None:
            return
        text = line.raw[digits[0] : digits[1]]
        if len(text) > DIGITS_MAX:
            self._problem("frame", f"a number of {len(text)} digits")
            return
        number, expected = int(text), connection.expected
        if connection.first_number is None:
            connection.first_number = number
        connection.last_number, connection.expected = number, number + 1
        if not judged or expected is None or number == expected:
            return
        name = line.connection
        if number > expected:
            self._problem("gap", f"{name}: {number - expected} missing before number {number}")
        elif number == expected - 1:
            self._problem("repeat", f"{name}: number {number} a second time")
        else:
            self._problem("backwards", f"{name}: number {number} after {expected - 1}")

    def _problem(self, kind: str, text: str) -> None:
        self.problems_total[kind] += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(Problem(kind, self.lines, text))


def _count(counts: Counter[str], name: str) -> None:
    counts[name if name in counts or len(counts) < NAMES_MAX else OTHERS] += 1
