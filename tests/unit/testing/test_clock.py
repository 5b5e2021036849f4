import asyncio

from ledgerflux.testing.clock import ManualClock

SECOND = 1_000_000_000


def test_time_stands_until_it_is_moved():
    clock = ManualClock(5 * SECOND)
    assert (clock.now_ns(), clock.now_ns(), clock.monotonic_ns()) == (5 * SECOND,) * 3
    clock.advance(1.5)
    assert clock.now_ns() == clock.monotonic_ns() == 6 * SECOND + SECOND // 2


async def test_sleeping_moves_time_and_lets_others_run():
    clock, order = ManualClock(0), []

    async def sleeper() -> None:
        order.append("before")
        await clock.sleep(10)
        order.append("after")

    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper())
        group.create_task(sleeper())
    assert order == ["before", "before", "after", "after"]
    assert clock.now_ns() == 20 * SECOND
