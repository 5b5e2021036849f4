"""A limit that holds also for a library that swallows being cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
AGAIN_S = 0.05


async def bounded(work: Coroutine[Any, Any, T], timeout_s: float) -> T:
    """Return what `work` returns within `timeout_s`; it has ended in any case afterwards.

    `asyncio.timeout` cancels once. Code that catches the cancellation while it cleans up and
    goes on would then run without any limit: here it is cancelled until it has ended.

    Raises:
        TimeoutError: It took longer.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=timeout_s)
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=AGAIN_S)
