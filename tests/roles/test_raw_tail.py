"""What a socket brought on its way into RAW: a crowded inbox holds its socket back."""

import asyncio

from ledgerflux.core.inbox import Inbox, Room
from ledgerflux.roles import raw_tail
from ledgerflux.roles.raw_tail import RawTail
from ledgerflux.testing.clock import ManualClock
from ledgerflux.wire.record import Kind

FRAME = b"x" * 150


class Writer:
    """Appends, and keeps what it was given."""

    def __init__(self):
        self.drafts = []

    async def append(self, item):
        await asyncio.sleep(0)
        self.drafts.append(item)


def crowded_tail():
    inbox = Inbox(Room(1 << 20), crowded_bytes=200)
    return inbox, RawTail(inbox, Writer(), ManualClock())


async def test_a_crowded_inbox_holds_its_socket_back_until_there_is_room():
    inbox, tail = crowded_tail()
    assert await tail.put(1, FRAME)
    assert inbox.crowded
    second = asyncio.create_task(tail.put(2, FRAME))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not second.done()
    appending = asyncio.create_task(tail.run())
    assert await asyncio.wait_for(second, 10)
    appending.cancel()


async def test_a_socket_is_held_back_once_and_then_read_into_the_room_left(monkeypatch):
    monkeypatch.setattr(raw_tail, "ROOM_WAIT_S", 0.01)
    inbox, tail = crowded_tail()
    assert await tail.put(1, FRAME)
    async with asyncio.timeout(10):
        assert await tail.put(2, FRAME)
    monkeypatch.setattr(raw_tail, "ROOM_WAIT_S", 600)
    async with asyncio.timeout(10):
        assert await tail.put(3, FRAME)
    assert inbox.crowded


async def test_how_long_the_oldest_frame_of_a_record_took_into_the_log_is_counted_for_all():
    clock = ManualClock()
    tail = RawTail(Inbox(Room(1 << 20), crowded_bytes=1 << 19), Writer(), clock)
    now_ns = clock.now_ns()
    for age_ms in (8, 2, 1):
        await tail.put(now_ns - age_ms * 1_000_000, FRAME)
    tail.note(Kind.SESSION, b"{}")
    appending = asyncio.create_task(tail.run())
    await tail.drain()
    appending.cancel()
    tail.latency.turn()
    assert tail.stored_total == sum(tail.latency.histogram) == 3
    assert 8 <= tail.latency.percentile_ms(0.01) <= 8.2
