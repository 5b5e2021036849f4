"""Waiting for what is away: the bus or the store."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from ledgerflux.errors import BusError, StoreError
from ledgerflux.ports import Clock

RETRY_S = 0.2
RETRY_MAX_S = 5.0

T = TypeVar("T")


class Patience:
    """Tries again what only time can cure.

    `trouble` says what is waited for; it is empty while all is well. `store_away` says whether
    that is the store.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.trouble = ""
        self.store_away = False

    async def insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what `call` returns, called again after growing pauses until it does.

        Raises:
            BusError: Trying again can't help.
            StoreError: Trying again can't help.
        """
        wait_s = RETRY_S
        while True:
            try:
                value = await call()
            except (BusError, StoreError) as error:
                if not error.retryable:
                    raise
                self.trouble, self.store_away = str(error), isinstance(error, StoreError)
                await self._clock.sleep(wait_s)
                wait_s = min(RETRY_MAX_S, wait_s * 2)
            else:
                self.trouble, self.store_away = "", False
                return value
