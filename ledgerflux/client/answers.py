"""Answers that requests of a client wait for, by the numbers of the requests."""

import asyncio

from ledgerflux.wire.gateway_reading import Message

AGAIN = Message(type="error", code="closed", retryable=True, retry_after_ms=0)
"""What a request is answered with whose connection is gone: it may be asked again."""


class Answers:
    """Bounded by the requests that wait: each does so for a time."""

    def __init__(self) -> None:
        self._asked_total = 0
        self._waiting: dict[int, asyncio.Future[Message]] = {}

    def expect(self) -> tuple[int, asyncio.Future[Message]]:
        """Return the number of a new request, and what its answer will be in."""
        self._asked_total += 1
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[self._asked_total] = future
        return self._asked_total, future

    def take(self, message: Message) -> None:
        """Hand over an answer; other messages are none."""
        if isinstance(message.req_id, int):
            future = self._waiting.pop(message.req_id, None)
            if future is not None and not future.done():
                future.set_result(message)

    def forget(self) -> None:
        """The connection is gone: nothing that was asked on it is answered."""
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_result(AGAIN)
