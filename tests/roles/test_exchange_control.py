"""The exchange as it is controlled: pause, speed, steps, seeks, and what a restart keeps."""

import asyncio

import msgspec
import pytest
from exchanges import VENUE, S, World, frames_of, recording_of, sizes_of, until
from recordings import recording
from reference import rebuild

from ledgerflux.core.book import Book
from ledgerflux.core.market_socket import MOVED
from ledgerflux.model.events import BookSnapshot
from ledgerflux.roles.runtime import read_feed
from ledgerflux.venues.registry import venue
from ledgerflux.wire.replay import ReplayOrder, decode_answer, encode_order
from ledgerflux.wire.subjects import exchange_subject

TRADES = "coinbase-advanced-20260809-btcusd-trades"
CLASSIC = "coinbase-exchange-l2-ticker-matches-20210417-6p"


async def order(world, action, **words):
    answer = await world.bus.request(
        exchange_subject("order"), encode_order(ReplayOrder(action, **words))
    )
    return decode_answer(answer)


async def told(world, action, **words):
    answer = await order(world, action, **words)
    assert answer.error is None, answer
    return answer.replay


async def moved(world, **words):
    await told(world, "seek", **words)
    async with asyncio.timeout(10):
        while (now := await told(world, "status")).state == "seeking":
            await asyncio.sleep(0.002)
    return now


@pytest.fixture
def world(tmp_path):
    source = recording_of(tmp_path / "day.lfr", 9, gap_ns=S)
    return World(tmp_path / "state", source)


async def test_a_market_is_paused_stepped_and_resumed(world):
    async with world.exchange(speed=1000.0, paused=True) as role:
        client = await world.subscriber()
        await frames_of(client, 1)
        now = await told(world, "step", count=3)
        assert (now.state, now.paused, now.speed, now.can[-1]) == ("paused", True, 1000.0, "seek")
        assert sizes_of(await frames_of(client, 3)) == [
            ("snapshot", "1"), ("update", "1"), ("update", "2"),
        ]  # fmt: skip
        now = await told(world, "status")
        assert (now.frames, now.offset_ns, now.time_ns) == (3, 2 * S, 2 * S)
        assert now.recording.frames == 10
        assert (now.recording.span_ns, sum(now.recording.rates)) == (9 * S, 10)
        assert (await told(world, "resume")).state != "paused"
        assert sizes_of(await frames_of(client, 7))[-1] == ("update", "9")
        await until(lambda: role.vitals().replay.state == "ended")


async def test_a_step_pauses_a_market_that_runs(world):
    async with world.exchange(speed=0.1):
        client = await world.subscriber()
        await frames_of(client, 2)
        assert (await told(world, "step")).paused
        assert sizes_of(await frames_of(client, 1)) == [("update", "1")]


async def test_the_speed_changes_and_what_is_held_is_measured(world):
    async with world.exchange(speed=0.1) as role:
        client = await world.subscriber()
        await frames_of(client, 2)
        assert (await told(world, "speed", speed="max")).speed is None
        assert sizes_of(await frames_of(client, 9))[-1] == ("update", "9")
        await until(lambda: role.vitals().counts["ended"])
        await told(world, "pause")
        assert (await told(world, "speed", speed=2.0)).speed == 2.0
        await moved(world, at_ms=0)
        world.clock.ahead_ns += S
        assert (await told(world, "status")).held is None


async def test_after_a_seek_there_is_another_run_and_the_book_of_that_place(world):
    async with world.exchange(speed=1000.0) as role:
        client = await world.subscriber()
        await frames_of(client, 11)
        before = await read_feed(world.bus)
        now = await moved(world, at_ms=4_000)
        assert (now.frames, now.offset_ns) == (4, 4 * S)
        after = await read_feed(world.bus)
        assert after.run == world.ledger.run == role.vitals().run != before.run
        assert after == msgspec.structs.replace(before, run=after.run)
        assert world.ledger.sent == 0
        await client.leave()
        again = await world.subscriber()
        frames = await frames_of(again, 8)
        assert sizes_of(frames)[0] == ("snapshot", "3")
        assert sizes_of(frames)[-1] == ("update", "9")
        assert [VENUE.sequence(frame) for frame in frames] == list(range(8))
        await until(lambda: role.vitals().counts["ended"])
        assert (world.ledger.sent, role.vitals().counts["seeks"]) == (8, 1)


async def test_whoever_stays_after_a_seek_is_closed(world):
    async with world.exchange(speed=1000.0):
        client = await world.subscriber()
        await frames_of(client, 11)
        await moved(world, by_ms=-5_000)
        world.clock.ahead_ns += 4 * S
        await told(world, "status")
        with pytest.raises(Exception, match=str(MOVED.code)):
            await client.next()


async def test_seeks_made_together_add_up_and_are_one_move(world):
    async with world.exchange(paused=True) as role:
        runs = {world.ledger.run}
        for _ in range(3):
            now = await told(world, "seek", by_ms=2_000)
        assert now.offset_ns == 6 * S
        await until(lambda: role.vitals().replay.state == "paused")
        runs.add(world.ledger.run)
        assert role.vitals().replay.offset_ns == 6 * S
        assert len(runs) == 2


async def test_what_can_not_be_done_is_said_with_a_code(world, tmp_path):
    async with world.exchange(paused=True):
        assert (await order(world, "seek")).error.code == "bad_argument"
        assert (await order(world, "speed")).error.code == "bad_argument"
        nonsense = await world.bus.request(exchange_subject("order"), b'{"action":"fly"}')
        assert decode_answer(nonsense).error.code == "bad_argument"
    made = World(tmp_path / "made", "synthetic:100", ["BTC-USD"])
    async with made.exchange():
        answer = await order(made, "seek", by_ms=1)
        assert answer.error.code == "cannot_seek"
        now = await told(made, "pause")
        assert (now.recording, "seek" in now.can, now.loop) == (None, False, False)
    timeless = recording_of(tmp_path / "none.lfr", 3)
    path = tmp_path / "none.lfr"
    path.write_bytes(path.read_bytes().replace(b'"ts":0', b'"ts":null'))
    other = World(tmp_path / "other", timeless)
    async with other.exchange(paused=True):
        assert (await order(other, "seek", to_ms=5)).error.code == "cannot_seek"
        assert (await moved(other, at_ms=2)).offset_ns == 2_000_000


async def test_a_killed_exchange_is_as_it_was_told_to_be(world):
    async with world.exchange(speed=1.0):
        await told(world, "speed", speed=50.0)
        await told(world, "pause")
        await moved(world, at_ms=3_000)
        run = world.ledger.run
    async with world.exchange(speed=1.0):
        now = await told(world, "status")
        assert (now.state, now.speed, now.frames) == ("paused", 50.0, 3)
        assert world.ledger.run == run
    async with world.exchange(speed=7.0):
        now = await told(world, "resume")
        assert (now.paused, now.speed) == (False, 7.0)


@pytest.mark.parametrize("name", [TRADES, CLASSIC])
async def test_books_after_a_seek_are_those_of_the_recording_there(tmp_path, name):
    path = recording(name)
    world = World(tmp_path / "state", f"replay:{path}")
    speaks = venue(world.plan.hearing.name)
    async with world.exchange(paused=True):
        held = (await told(world, "status")).recording
        for share in (0.9, 0.3, 0.6):
            target_ns = held.begin_ns + int(held.span_ns * share)
            now = await moved(world, to_ms=target_ns // 1_000_000)
            assert now.time_ns >= target_ns // 1_000_000 * 1_000_000
            client = world.listener.connect("/")
            for frame in speaks.subscribe(world.plan.products, ("level2",)):
                await client.ask(frame)
            books = {}
            while set(books) != set(world.plan.products):
                for event in speaks.parse(await client.next()).events:
                    if isinstance(event, BookSnapshot):
                        books[event.product] = Book()
                        books[event.product].replace(event.bids, event.asks)
            for product, book in rebuild(path, now.time_ns).books.items():
                assert [list(level) for level in books[product].bids()] == book.bids()
                assert [list(level) for level in books[product].asks()] == book.asks()
            await client.leave()
