"""What a gateway said before it closed: whether to come back, and when. No I/O."""

from ledgerflux.errors import GatewayError
from ledgerflux.wire.gateway_reading import Message

PAUSE_MAX_S = 60.0
"""Nobody can send a client away for longer."""
TERMINAL_CODES = range(4500, 5000)


class Goodbyes:
    """The `goodbye` of the connection in use, where there was one."""

    def __init__(self) -> None:
        self._last: Message | None = None

    def hear(self, message: Message) -> None:
        """Take a message; only a goodbye means something here."""
        if message.type == "goodbye":
            self._last = message

    def pause_s(self) -> float | None:
        """Return how long to stay away, None where nothing was said; then forget it."""
        last, self._last = self._last, None
        if last is None or last.reconnect_after_ms is None:
            return None
        return min(PAUSE_MAX_S, last.reconnect_after_ms / 1000)

    def judge(self, code: int | None, reason: str, how: str) -> None:
        """Look at a close frame's code and reason; `how` tells it in words.

        Raises:
            GatewayError: The gateway asked not to come back; `code` is its reason where it
                gave one of its own codes.
        """
        sent_away = self._last is not None and not self._last.reconnect
        if code in TERMINAL_CODES:
            raise GatewayError(f"the gateway {how}", code=reason or "closed")
        if sent_away:
            raise GatewayError(f"the gateway {how}", code="protocol_error")
