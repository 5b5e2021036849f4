"""An event that costs nothing until somebody waits for it."""

import asyncio


class LateEvent:
    """`asyncio.Event` for what thousands have and few wait for."""

    __slots__ = ("_event", "_is_set")

    def __init__(self) -> None:
        self._is_set = False
        self._event: asyncio.Event | None = None

    def set(self) -> None:
        """Let everybody go on who waits."""
        self._is_set = True
        if self._event is not None:
            self._event.set()
            self._event = None

    def clear(self) -> None:
        """Let those wait who come from now on."""
        self._is_set = False

    async def wait(self) -> None:
        """Return once it is set."""
        if not self._is_set:
            self._event = self._event or asyncio.Event()
            await self._event.wait()
