import asyncio

import pytest

from ledgerflux.roles.pacer import Pacer
from ledgerflux.testing.clock import ManualClock

SECOND = 1_000_000_000


@pytest.fixture
def clock():
    return ManualClock(0)


async def test_the_first_turn_is_at_once_and_the_next_after_the_gap(clock):
    pacer = Pacer(clock, per_s=8)
    times = []
    for _ in range(4):
        await pacer.turn()
        times.append(clock.now_ns())
    assert times == [0, SECOND // 8, SECOND // 4, 3 * SECOND // 8]


async def test_time_that_passed_anyway_is_not_waited_again(clock):
    pacer = Pacer(clock, per_s=1)
    await pacer.turn()
    clock.advance(5)
    await pacer.turn()
    assert clock.now_ns() == 5 * SECOND


async def test_idle_time_saves_no_turns_up(clock):
    pacer = Pacer(clock, per_s=2)
    await pacer.turn()
    clock.advance(60)
    for _ in range(3):
        await pacer.turn()
    assert clock.now_ns() == 61 * SECOND


async def test_waiters_get_their_turns_in_order(clock):
    pacer = Pacer(clock, per_s=10)
    turns = []

    async def wait(name):
        await pacer.turn()
        turns.append((name, clock.now_ns()))

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for name in range(5):
            group.create_task(wait(name))
    assert turns == [(name, name * SECOND // 10) for name in range(5)]


async def test_a_waiter_that_gives_up_takes_nobodys_turn(clock):
    pacer = Pacer(clock, per_s=1)
    await pacer.turn()
    leaving = asyncio.ensure_future(pacer.turn())
    staying = asyncio.ensure_future(pacer.turn())
    leaving.cancel()
    async with asyncio.timeout(5):
        await staying
    assert clock.now_ns() == SECOND
