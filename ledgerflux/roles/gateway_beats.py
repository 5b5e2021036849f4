"""What is told once a second: where products stand, and how the whole stack is."""

from collections.abc import Callable

from ledgerflux.core.fanout import Fanout
from ledgerflux.core.patterns import names
from ledgerflux.ports import Clock
from ledgerflux.roles.gateway_health import HealthBoard
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.status import Status

CHANGES_EVERY_S = 0.1
"""Of changes that follow each other faster than this, the last is told."""


def beat_heads(fanout: Fanout, counter: int, now_ns: int) -> None:
    """Queue heartbeat number `counter` for the clients that follow them."""
    heads = fanout.heads()
    messages = {
        wanted: gateway_frames.heartbeat(
            fanout.venue,
            {name: head for name, head in heads.items() if names(wanted, name)},
            counter,
            now_ns,
        )
        for wanted in fanout.beat_sets("heartbeats")
    }
    fanout.beat("heartbeats", messages)


class SystemChannel:
    """Tells `status` to the clients that follow it, also at once when a service's state changes."""

    def __init__(
        self, board: HealthBoard, clock: Clock, fanout: Fanout, status: Callable[[], Status]
    ) -> None:
        self._board = board
        self._clock = clock
        self._fanout = fanout
        self._status = status
        self._word = ""

    @property
    def word(self) -> str:
        """Return how the stack is, in the one word of a greeting; at most a second old."""
        if not self._word:
            self._word = "online" if self._status().state == "healthy" else "degraded"
        return self._word

    def tell(self) -> None:
        """Queue the document now, where anybody wants it."""
        self._word = ""
        if self._fanout.beat_sets("system"):
            document = self._status().to_json()
            self._fanout.beat("system", {None: gateway_frames.system(document)})

    async def run(self) -> None:
        """Tell every change of a service until cancelled."""
        while True:
            await self._board.changed.wait()
            self._board.changed.clear()
            self.tell()
            await self._clock.sleep(CHANGES_EVERY_S)
