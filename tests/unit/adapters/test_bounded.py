"""A limit that holds."""

import asyncio

import pytest

from ledgerflux.adapters.bounded import bounded


async def test_what_ends_in_time_is_returned():
    async def work():
        await asyncio.sleep(0)
        return 7

    assert await bounded(work(), 5.0) == 7


async def test_what_it_raises_is_raised():
    async def work():
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await bounded(work(), 5.0)


async def test_work_that_swallows_its_cancellation_is_ended_all_the_same():
    cancelled = 0

    async def stubborn():
        nonlocal cancelled
        while cancelled < 3:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                cancelled += 1

    with pytest.raises(TimeoutError):
        await bounded(stubborn(), 0.01)
    assert cancelled == 3


async def test_who_waits_may_be_cancelled_and_takes_the_work_along():
    ended = asyncio.Event()

    async def work():
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    waiting = asyncio.ensure_future(bounded(work(), 3600.0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.is_set()
