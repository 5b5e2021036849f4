"""What a running stack has refused: reads MD_DLQ, changes nothing."""

import re
from collections import deque
from collections.abc import AsyncIterator
from typing import NamedTuple

from ledgerflux.core.sharding import partition_of
from ledgerflux.errors import ConfigError, LogError
from ledgerflux.ports import Bus, Stored
from ledgerflux.stack.asking import ask_bus
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.wire.dead_letter import LetterHead, decode_letter
from ledgerflux.wire.subjects import DLQ

KEPT_BYTES = 400
"""So much of a letter's content stands in a list."""
WINDOW_GROWTH = 8
_PRODUCT_ID = re.compile(rb"[A-Z0-9]{2,16}-[A-Z]{2,8}")


class Letter(NamedTuple):
    """One refused thing.

    `number` is its place in MD_DLQ and names it; `size` counts all bytes that were refused,
    of which `content` may be the beginning only.
    """

    number: int
    head: LetterHead
    size: int
    content: bytes


class Query(NamedTuple):
    """Which letters: the newest `limit`, of one product, of one reason."""

    product: str | None = None
    reason: str | None = None
    limit: int = 50

    @property
    def subject(self) -> str:
        """Return the subject that leaves out what the server can leave out."""
        partition = "*" if self.product is None else f"{partition_of(self.product):02d}"
        return f"md.dlq.{partition}.{self.reason or '*'}"

    def takes(self, content: bytes) -> bool:
        """Say whether `content` speaks of the product, or of none that can be told."""
        if self.product is None or self.product.encode() in content:
            return True
        return _PRODUCT_ID.search(content) is None


class Found(NamedTuple):
    """The letters asked for, oldest first, and how many MD_DLQ holds in all."""

    letters: list[Letter]
    held: int


def find_letters(run_dir: RunDir, query: Query) -> Found:
    """Return the newest letters that `query` names, their content cut to `KEPT_BYTES`.

    Raises:
        NotRunning: No stack runs there.
        BusError: Its NATS does not answer.
    """
    return ask_bus(run_dir, lambda bus: newest(bus, query), name="dlq")


def get_letter(run_dir: RunDir, number: int) -> Letter:
    """Return the letter `number`, whole.

    Raises:
        NotRunning: No stack runs there.
        BusError: Its NATS does not answer.
        ConfigError: There is no such letter (`unknown_letter`).
        LogError: It can't be read.
    """
    return ask_bus(run_dir, lambda bus: one(bus, number), name="dlq")


async def newest(bus: Bus, query: Query) -> Found:
    """Return the newest letters; reads back from the end until there are enough."""
    state = await bus.state(DLQ)
    window = query.limit
    while True:
        start = max(state.first_sequence, state.last_sequence - window + 1, 1)
        letters: deque[Letter] = deque(maxlen=query.limit)
        if state.messages:
            async for stored in _stored(bus, query.subject, start, state.last_sequence):
                letter = _letter(stored)
                if query.takes(letter.content):
                    letters.append(letter._replace(content=letter.content[:KEPT_BYTES]))
        if len(letters) == query.limit or start <= max(1, state.first_sequence):
            return Found(list(letters), state.messages)
        window *= WINDOW_GROWTH


async def one(bus: Bus, number: int) -> Letter:
    """Return the letter `number`.

    Raises:
        ConfigError: There is none (`unknown_letter`).
    """
    stored = await bus.next(DLQ, "md.dlq.>", number)
    if stored is None or stored.sequence != number:
        raise ConfigError(
            f"MD_DLQ holds no {number}", code="unknown_letter", try_next=["lf dlq ls"]
        )
    return _letter(stored)


async def _stored(bus: Bus, subject: str, start: int, last: int) -> AsyncIterator[Stored]:
    """Yield what is on `subject` from `start` up to `last`."""
    first = await bus.next(DLQ, subject, start)
    end = await bus.last(DLQ, subject)
    if first is None or end is None or first.sequence > last:
        return
    async with bus.read(DLQ, subject, first.sequence) as batches:
        async for batch in batches:
            for stored in batch:
                if stored.sequence <= last:
                    yield stored
            if batch[-1].sequence >= min(last, end.sequence):
                return


def _letter(stored: Stored) -> Letter:
    """Return what `stored` holds; what can't be read is shown as it is."""
    try:
        head, content = decode_letter(stored.payload)
    except LogError as error:
        _, _, partition, reason = stored.subject.split(".")
        head, content = LetterHead("", int(partition), reason, error.message), stored.payload
    return Letter(stored.sequence, head, len(content), content)
