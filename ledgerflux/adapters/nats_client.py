"""The NATS client library, with a shorter way for what comes most.

The library gives each message to a task of its subscription, and reads all its headers. Most
of what comes here is a record or an acknowledgement, whose taker only puts it somewhere: it is
called where the message was read, and of headers only those of the server's own answers count.
"""

from collections.abc import Callable

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

_SPACE = 32
_STATUS_AT = len(b"NATS/1.0")
"""A space here begins a status, as of the end of a pull request; else headers follow."""

Take = Callable[[Msg], None]


class DirectClient(Client):
    """`Client` whose messages can be taken in the turn of the loop in which they were read."""

    def __init__(self) -> None:
        super().__init__()
        self._takers: dict[int, Take] = {}

    async def direct(self, subject: str, take: Take) -> Subscription:
        """Call `take` for each message on `subject`, in order; it must be short.

        A message has headers only where the server says something of its own. What `take`
        raises goes to the client's `error_cb`.

        Raises:
            nats.errors.Error: The connection is closed.
        """

        async def take_late(message: Msg) -> None:
            take(message)

        subscription = await self.subscribe(subject, cb=take_late)
        self._takers[subscription._id] = take  # noqa: SLF001 - the library tells it nowhere else
        return subscription

    async def undirect(self, subscription: Subscription) -> None:
        """End what `direct` returned.

        Raises:
            nats.errors.Error: The connection is gone, and the subscription with it.
        """
        self._takers.pop(subscription._id, None)  # noqa: SLF001
        await subscription.unsubscribe()

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes
    ) -> None:
        take = self._takers.get(sid)
        if take is None:
            await super()._process_msg(sid, subject, reply, data, headers)
            return
        self.stats["in_msgs"] += 1
        self.stats["in_bytes"] += len(data)
        told = headers and headers[_STATUS_AT] == _SPACE
        known = await self._process_headers(headers) if told else None
        try:
            take(self._build_message(sid, subject, reply, data, known))
        except Exception as error:  # noqa: BLE001 - as the library does: others still hear theirs
            await self._error_cb(error)
