"""Runs one partition of a role: where its log can't be what was written, it stops alone."""

import asyncio
from collections.abc import Awaitable, Callable

from ledgerflux.errors import Fenced, LogError
from ledgerflux.ports import Clock
from ledgerflux.telemetry.log import Events

RETRY_S = 5.0
RETRY_MAX_S = 60.0
SETTLED_NS = 2_000_000_000
"""What was opened again and still works after this long is well."""

log = Events(__name__)


class Keeper:
    """Opens a partition again, after growing pauses, where its log stopped it.

    Nothing is skipped: it stops at the same record until that is gone or mended. Everything
    but a `LogError` goes through.
    """

    def __init__(self, clock: Clock, partition: int) -> None:
        self.stops_total = 0
        self._clock = clock
        self._partition = partition
        self._why = ""
        self._opened_ns: int | None = None

    @property
    def trouble(self) -> str:
        """Return why the partition stopped, empty while all is well."""
        opened_ns = self._opened_ns
        if opened_ns is not None and self._clock.monotonic_ns() - opened_ns >= SETTLED_NS:
            return ""
        return self._why

    async def keep(self, run: Callable[[], Awaitable[None]]) -> None:
        """Call `run` again whenever the log stopped it.

        Raises:
            Fenced: Another writer took the partition.
        """
        wait_s = RETRY_S
        while True:
            try:
                self._opened_ns = self._clock.monotonic_ns()
                await run()
            except LogError as error:
                if isinstance(error, Fenced):
                    raise
                self._stop(error)
            except BaseExceptionGroup as group:
                self._stop(_only_log_errors(group))
            if _is_cancelled():  # what was raised while it ended took the cancellation's place
                raise asyncio.CancelledError
            await self._clock.sleep(wait_s)
            wait_s = min(RETRY_MAX_S, wait_s * 2)

    def _stop(self, error: LogError) -> None:
        self.stops_total += 1
        self._opened_ns = None
        self._why = f"partition {self._partition:02d} stopped: {error.message}"
        log.error(
            "partition.stopped", partition=self._partition, code=error.code, why=error.message
        )


def _only_log_errors(group: BaseExceptionGroup[BaseException]) -> LogError:
    """Return the first of a group of nothing but the log's errors; else raise the group."""
    ours, rest = group.split(lambda error: isinstance(error, LogError) and not _is_fenced(error))
    if ours is None or rest is not None:
        raise group
    first: BaseException = ours
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, LogError)
    return first


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _is_fenced(error: BaseException) -> bool:
    return isinstance(error, Fenced)
