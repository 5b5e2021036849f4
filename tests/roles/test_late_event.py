import asyncio

from ledgerflux.roles.late_event import LateEvent


async def test_all_who_wait_go_on_and_who_comes_later_waits_for_nothing():
    event = LateEvent()
    waiting = [asyncio.create_task(event.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    event.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)
        await event.wait()


async def test_cleared_it_is_waited_for_again():
    event = LateEvent()
    event.set()
    event.clear()
    waiting = asyncio.create_task(event.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    event.set()
    async with asyncio.timeout(5):
        await waiting
