"""What a recording holds for an exchange: what it sent, in its order and at its times.

Received frames but acknowledgements are items, and so is the end of a connection after which
others still speak. Everything else that was written down (what was sent, opened, asked by
REST) is left out.
"""

from collections.abc import Iterable, Iterator

from ledgerflux.core.dialect import Hearing
from ledgerflux.core.market_source import Closing, Item
from ledgerflux.model.recording import RecordedLine
from ledgerflux.model.units import NANOS_PER_MS

UNTIMED_STEP_NS = NANOS_PER_MS
"""Between items of a recording without times."""


class Steps:
    """How far the numbers of each recorded connection moved from frame to frame.

    A frame that is left out takes its own step with it: what is next counts from there as if
    it had never been.
    """

    def __init__(self) -> None:
        self._expected: dict[str, int] = {}

    def step(self, connection: str, number: int) -> int:
        """Return the step of a frame: 1 for the first of a connection."""
        step = number - self._expected.get(connection, number) + 1
        self._expected[connection] = number + 1
        return step

    def leave_out(self, connection: str) -> None:
        """Pass over a numbered frame that is not served."""
        if connection in self._expected:
            self._expected[connection] += 1

    def forget(self, connection: str) -> None:
        """Let `connection` begin anew."""
        self._expected.pop(connection, None)


def items_of(lines: Iterable[RecordedLine], hearing: Hearing) -> Iterator[Item | Closing]:
    """Yield what `lines` hold for an exchange, offsets from 0 and never going back."""
    steps = Steps()
    clock = _Times()
    spoken: dict[str, set[str]] = {}
    ended: dict[str, int] = {}
    for line in lines:
        if line.kind == "close" and line.connection in spoken:
            ended[line.connection] = clock.offset_ns(line.ts_ns)
            steps.forget(line.connection)
        if line.kind is not None:
            continue
        route = hearing.route(line.raw)
        digits = hearing.digits(line.raw)
        if route.acknowledgement:
            if digits is not None:
                steps.leave_out(line.connection)
            continue
        for connection, offset_ns in ended.items():
            yield Closing(offset_ns, frozenset(spoken.pop(connection)))
        ended.clear()
        spoken.setdefault(line.connection, set()).update(route.products)
        number = None if digits is None else int(line.raw[digits[0] : digits[1]])
        step = 1 if number is None else steps.step(line.connection, number)
        yield Item(clock.offset_ns(line.ts_ns), line.raw, route, digits, step)


class _Times:
    """Offsets of lines: as recorded, never back, `UNTIMED_STEP_NS` where nobody knows."""

    def __init__(self) -> None:
        self._start_ns: int | None = None
        self._offset_ns: int | None = None

    def offset_ns(self, ts_ns: int | None) -> int:
        last_ns = self._offset_ns
        if ts_ns is None:
            offset_ns = 0 if last_ns is None else last_ns + UNTIMED_STEP_NS
        else:
            if self._start_ns is None:
                self._start_ns = ts_ns - (last_ns or 0)
            offset_ns = max(ts_ns - self._start_ns, last_ns or 0)
        self._offset_ns = offset_ns
        return offset_ns
