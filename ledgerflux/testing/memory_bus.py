"""The bus in memory: same answers as the real one, faults on demand, no I/O."""

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from operator import attrgetter
from typing import Literal

from ledgerflux.errors import AppendInDoubt, AppendRefused, BusError
from ledgerflux.ports import Mailbox, Stored, StreamState

Fault = Literal["lose-ack", "lose-append", "refuse"]
BATCH_MAX = 256


class _Stream:
    def __init__(self) -> None:
        self.messages: list[Stored] = []
        self.last_sequence = 0
        self.grown = asyncio.Event()
        self.identities: dict[str, int] = {}

    def last(self, subject: str) -> Stored | None:
        for stored in reversed(self.messages):
            if matches(subject, stored.subject):
                return stored
        return None

    def after(self, subject: str, sequence: int) -> Iterator[Stored]:
        """Yield what fits `subject` from `sequence` on, as the stream is now."""
        start = bisect_left(self.messages, sequence, key=attrgetter("sequence"))
        for place in range(start, len(self.messages)):
            if matches(subject, self.messages[place].subject):
                yield self.messages[place]

    def add(self, subject: str, payload: bytes) -> int:
        self.last_sequence += 1
        self.messages.append(Stored(self.last_sequence, subject, payload))
        grown, self.grown = self.grown, asyncio.Event()
        grown.set()
        return self.last_sequence


def matches(pattern: str, subject: str) -> bool:
    """Say whether `subject` fits `pattern` with the wildcards `*` and a final `>`."""
    want, got = pattern.split("."), subject.split(".")
    if want[-1] == ">":
        want.pop()
        if len(got) <= len(want):
            return False
        got = got[: len(want)]
    return len(want) == len(got) and all(w in ("*", g) for w, g in zip(want, got, strict=True))


class Shared:
    """What all connections see: streams, listeners, who answers what."""

    def __init__(self) -> None:
        self.streams: dict[str, _Stream] = {}
        self.listeners: list[tuple[str, Callable[[str, bytes], None]]] = []
        self.answers: dict[str, Callable[[bytes], Awaitable[bytes]]] = {}
        self.republish = {"MD_NORM": ("md.norm.", "md.live.")}


class MemoryBus:
    """`ports.Bus` for one process; every instance made by `connect` shares the streams.

    Faults of appends are scripted with `fail_append`; `down` makes everything unreachable.
    """

    def __init__(self, shared: "Shared | None" = None) -> None:
        self.shared = shared or Shared()
        self._faults: deque[Fault] = deque()
        self.down = False
        self.appends_total = 0

    def connect(self) -> "MemoryBus":
        """Return another connection to the same streams."""
        return MemoryBus(self.shared)

    def fail_append(self, *faults: Fault) -> None:
        """Let the next appends fail so, one after the other.

        `lose-ack` stores and does not answer, `lose-append` does neither, `refuse` answers
        that the expectation does not hold.
        """
        self._faults.extend(faults)

    async def append(
        self,
        stream: str,
        subject: str,
        payload: bytes,
        *,
        expected_last: int | None,
        identity: str | None = None,
    ) -> int:
        """Store `payload`; see `ports.Bus.append`."""
        await asyncio.sleep(0)
        if self.down:
            raise AppendInDoubt("the bus is down")
        self.appends_total += 1
        fault = self._faults.popleft() if self._faults else None
        if fault == "lose-append":
            raise AppendInDoubt("the append was lost")
        target = self._stream(stream)
        last = target.last(subject)
        expected_holds = expected_last is None or expected_last == (last.sequence if last else 0)
        if fault == "refuse" or not expected_holds:
            raise AppendRefused(f"the last message on {subject} is another")
        if identity is not None and identity in target.identities:
            return target.identities[identity]
        sequence = target.add(subject, payload)
        if identity is not None:
            target.identities[identity] = sequence
        if stream in self.shared.republish:
            source, destination = self.shared.republish[stream]
            self._deliver(subject.replace(source, destination, 1), payload)
        if stream.startswith("KV_"):
            self._deliver(subject, payload)
        if fault == "lose-ack":
            raise AppendInDoubt("the answer was lost")
        return sequence

    async def last(self, stream: str, subject: str) -> Stored | None:
        """Return the newest message on `subject`; see `ports.Bus.last`."""
        await self._reach()
        return self._stream(stream).last(subject)

    async def next(self, stream: str, subject: str, sequence: int) -> Stored | None:
        """Return the first message at or after `sequence`; see `ports.Bus.next`."""
        await self._reach()
        return next(self._stream(stream).after(subject, sequence), None)

    @asynccontextmanager
    async def read(
        self, stream: str, subject: str, sequence: int = 1
    ) -> AsyncIterator[AsyncIterator[Sequence[Stored]]]:
        """Follow `subject` from `sequence` on; see `ports.Bus.read`."""

        async def batches() -> AsyncIterator[Sequence[Stored]]:
            source, place = self._stream(stream), sequence
            while True:
                grown = source.grown
                batch = list(islice(source.after(subject, place), BATCH_MAX))
                if batch:
                    place = batch[-1].sequence + 1
                    yield batch
                else:
                    await grown.wait()

        yield batches()

    async def state(self, stream: str) -> StreamState:
        """Return how far `stream` reaches; see `ports.Bus.state`."""
        await self._reach()
        held = self._stream(stream)
        if not held.messages:
            return StreamState(0, held.last_sequence, 0, 0)
        size = sum(len(stored.payload) for stored in held.messages)
        return StreamState(held.messages[0].sequence, held.last_sequence, len(held.messages), size)

    def truncate(self, stream: str, *, keep_last: int) -> None:
        """Forget all but the newest messages, as a stream at its limit does."""
        held = self._stream(stream)
        held.messages = held.messages[max(0, len(held.messages) - keep_last) :]

    async def put(self, bucket: str, key: str, value: bytes) -> None:
        """Set `key`; see `ports.Bus.put`."""
        await self.append(f"KV_{bucket}", f"$KV.{bucket}.{key}", value, expected_last=None)

    async def get(self, bucket: str, key: str) -> bytes | None:
        """Return the value of `key`; see `ports.Bus.get`."""
        stored = await self.last(f"KV_{bucket}", f"$KV.{bucket}.{key}")
        return stored.payload if stored else None

    async def publish(self, subject: str, payload: bytes) -> None:
        """Send a core message; see `ports.Bus.publish`."""
        await self._reach()
        self._deliver(subject, payload)

    @asynccontextmanager
    async def subscribe(self, subject: str, *, pending: int = 1024) -> AsyncIterator[Mailbox]:
        """Listen to core messages; see `ports.Bus.subscribe`."""
        mailbox = Mailbox(pending)
        listener = (subject, mailbox.put)
        self.shared.listeners.append(listener)
        try:
            yield mailbox
        finally:
            self.shared.listeners.remove(listener)

    async def request(self, subject: str, payload: bytes, *, timeout_s: float = 2.0) -> bytes:
        """Send a core message and return the first answer; see `ports.Bus.request`."""
        await self._reach()
        if subject not in self.shared.answers:
            raise BusError(f"nobody answers on {subject}")
        try:
            async with asyncio.timeout(timeout_s):
                return await self.shared.answers[subject](payload)
        except TimeoutError as error:
            raise BusError(f"nobody answered on {subject} in time") from error

    @asynccontextmanager
    async def answer(
        self, subject: str, handler: Callable[[bytes], Awaitable[bytes]]
    ) -> AsyncIterator[None]:
        """Answer requests; see `ports.Bus.answer`."""
        self.shared.answers[subject] = handler
        try:
            yield
        finally:
            del self.shared.answers[subject]

    def _stream(self, name: str) -> _Stream:
        return self.shared.streams.setdefault(name, _Stream())

    def _deliver(self, subject: str, payload: bytes) -> None:
        for pattern, take in list(self.shared.listeners):
            if matches(pattern, subject):
                take(subject, payload)

    async def _reach(self) -> None:
        await asyncio.sleep(0)
        if self.down:
            raise BusError("the bus is down")
