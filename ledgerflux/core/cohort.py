"""Sessions that follow the same streams and were sent the same: told once, written to at once.

A session is one of a cohort while nothing concerns it alone; whatever does takes it out first,
with everything the cohort was told and has not written. So what a client gets is the same,
message by message, whether it is alone or one of many.
"""

from collections.abc import Callable, Iterable

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.frame import Frame, StreamKey
from ledgerflux.core.snapshot import Position

Wants = tuple[frozenset[StreamKey], frozenset[tuple[str, frozenset[str] | None]]]
"""The streams and beats that a session follows."""


class Cohort:
    """Bounded: messages up to `mark_bytes`, then its members go on alone and may fall behind.

    `wake` is called when there is something to write, `alone` with each session that leaves.
    """

    __slots__ = (
        "__weakref__",
        "_alone",
        "_mark_bytes",
        "_messages",
        "_newest",
        "_positions",
        "_wake",
        "_woken",
        "members",
        "seats",
        "size",
        "wants",
    )

    def __init__(
        self,
        wants: Wants,
        mark_bytes: int,
        wake: "Callable[[Cohort], None]",
        alone: "Callable[[Cohort, ClientSession], None]",
    ) -> None:
        self.wants = wants
        self.members: dict[ClientSession, None] = {}
        self.seats: object = None
        """What its writer keeps of the members; None since others are members."""
        self.size = 0
        self._mark_bytes = mark_bytes
        self._wake = wake
        self._alone = alone
        self._messages: list[bytes] = []
        self._newest: dict[StreamKey, Frame] = {}
        self._woken = False
        self._positions: dict[StreamKey, Position] = {}

    @property
    def waits(self) -> bool:
        """Say whether something is queued."""
        return bool(self._messages or self._newest)

    def add(self, session: ClientSession) -> None:
        """Take in a session that was sent what the cohort was, while nothing is queued."""
        assert not self.waits
        self.members[session] = None
        self.seats = None
        session.cohort = self

    def offer(self, key: StreamKey, frame: Frame) -> None:
        """Queue `frame` of a stream for every member."""
        if self.size + len(frame.payload) > self._mark_bytes:
            for session in self.dissolve():
                session.offer(session.subscriptions[key[:2]], frame)
            return
        if frame.newest:
            self._newest[key] = frame
            self._wake_once()
            return
        newest = self._newest.pop(key, None)
        if newest is not None:
            self._positions[key] = newest.after
            self._put(newest.payload)
        assert frame.before is None or self._positions.get(key, frame.before) == frame.before
        self._positions[key] = frame.after
        self._put(frame.payload)

    def beat(self, message: bytes) -> None:
        """Queue a message of heartbeats or system, which may be left out where there is no room."""
        if self.size + len(message) > self._mark_bytes:
            for session in self.dissolve():
                session.beat(message)
            return
        self._put(message)

    def take(self) -> list[bytes]:
        """Return everything queued: it must be written to each member, or released to it."""
        messages, self._messages = self._messages, []
        for key, frame in self._newest.items():
            self._positions[key] = frame.after
            messages.append(frame.payload)
        self._newest.clear()
        self.size = 0
        self._woken = False
        return messages

    def release(self, session: ClientSession, unsent: Iterable[bytes] = ()) -> None:
        """Let a session go on alone, with what it was not sent yet; `unsent`: taken already."""
        del self.members[session]
        self.seats = None
        session.cohort = None
        for key, position in self._positions.items():
            session.subscriptions[key[:2]].position = position
        self._alone(self, session)
        session.take_over([*unsent, *self._messages])
        for key, frame in self._newest.items():
            session.offer(session.subscriptions[key[:2]], frame)

    def dissolve(self) -> list[ClientSession]:
        """Let every session go on alone; return them."""
        sessions = list(self.members)
        for session in sessions:
            self.release(session)
        return sessions

    def _put(self, message: bytes) -> None:
        self._messages.append(message)
        self.size += len(message)
        self._wake_once()

    def _wake_once(self) -> None:
        if not self._woken:
            self._woken = True
            self._wake(self)
