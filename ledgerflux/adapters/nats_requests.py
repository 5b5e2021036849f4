"""Requests over NATS, whose answers come to one inbox of our own.

The client library's own asynchronous publish never resolves when the server refuses.
"""

import asyncio

from nats import errors as nats_errors
from nats.aio.msg import Msg

from ledgerflux.adapters.nats_client import DirectClient
from ledgerflux.errors import BusError

TIMEOUT_S = 5.0


class NatsRequests:
    """Those of one connection that wait for their answers; each ends with its timeout."""

    def __init__(self, client: DirectClient) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        self._waiting: dict[str, asyncio.Future[Msg]] = {}
        self._tokens = 0

    async def open(self) -> None:
        """Listen for answers, once connected."""
        await self._client.direct(f"{self._inbox}.*", self._on_answer)

    async def ask(
        self,
        subject: str,
        payload: bytes,
        headers: dict[str, str] | None,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> Msg:
        """Send a message and return the first answer.

        Raises:
            BusError: Nobody listens, or no answer came in time.
        """
        self._tokens += 1
        token = str(self._tokens)
        future: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._waiting[token] = future
        try:
            await self.publish(subject, payload, f"{self._inbox}.{token}", headers)
            async with asyncio.timeout(timeout_s):
                message = await future
        except TimeoutError as error:
            raise BusError(f"no answer on {subject} within {timeout_s:g} s") from error
        finally:
            self._waiting.pop(token, None)
        if message.headers and message.headers.get("Status") == "503":
            raise BusError(f"nobody answers on {subject}")
        return message

    async def publish(
        self, subject: str, payload: bytes, reply: str, headers: dict[str, str] | None
    ) -> None:
        """Send a message.

        Raises:
            BusError: The connection is lost.
        """
        try:
            await self._client.publish(subject, payload, reply=reply, headers=headers)
        except (nats_errors.Error, OSError) as error:
            raise BusError(f"can't send to {subject}: {type(error).__name__}") from error

    def _on_answer(self, message: Msg) -> None:
        future = self._waiting.pop(message.subject.rpartition(".")[2], None)
        if future is not None and not future.done():
            future.set_result(message)

    def fail(self, reason: str) -> None:
        """Tell everybody who waits that no answer will come."""
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(BusError(reason))
