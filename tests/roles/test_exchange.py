"""exchange: what it tells the others, and what it does when processes and sockets come and go."""

import asyncio
import json
from itertools import pairwise

import msgspec
import pytest
from exchanges import (
    NAME,
    SPEAK,
    VENUE,
    S,
    World,
    all_frames,
    frames_of,
    recording_of,
    sizes_of,
    turns,
    until,
)

from ledgerflux.adapters.state_file import StateFile
from ledgerflux.core import market_socket
from ledgerflux.core.book import Book
from ledgerflux.errors import Conflict, FeedError
from ledgerflux.model.events import BookSnapshot, BookUpdate, Trade
from ledgerflux.model.recording import RecordedLine
from ledgerflux.roles import exchange as exchange_module
from ledgerflux.roles import exchange_sockets
from ledgerflux.roles.exchange import Exchange
from ledgerflux.roles.runtime import read_feed
from ledgerflux.wire.recording import encode_line
from ledgerflux.wire.subjects import exchange_subject


async def test_the_feed_conf_leads_others_to_the_market(tmp_path):
    world = World(tmp_path / "state", recording_of(tmp_path / "day.lfr", 3))
    async with world.exchange() as role:
        conf = await read_feed(world.bus)
        assert (conf.venue, conf.source) == (NAME, "replay:day.lfr")
        assert (conf.products, conf.channels) == (["BTC-USD"], ["level2"])
        assert conf.run == world.ledger.run == role.vitals().run
        assert conf.url == f"ws://127.0.0.1:{world.ledger.port}/"


async def test_an_address_to_advertise_is_what_others_are_told(tmp_path):
    world = World(tmp_path / "state", recording_of(tmp_path / "day.lfr", 3))
    async with world.exchange(advertise="ws://exchange:9000/"):
        conf = await read_feed(world.bus)
        assert conf.url == "ws://exchange:9000/"


async def test_health_says_what_the_market_does(tmp_path):
    world = World(tmp_path / "state", recording_of(tmp_path / "day.lfr", 3))
    async with world.exchange(speed=None) as role:
        vitals = role.vitals()
        assert (vitals.state, vitals.reason) == ("ready", "waiting for subscribers")
        assert vitals.counts == {
            "sent": 0,
            "sent_open": 0,
            "position": 0,
            "sockets": 0,
            "paused": 0,
            "ended": 0,
            "seeks": 0,
        }
        client = await world.subscriber()
        assert len(await frames_of(client, 5)) == 5
        await until(lambda: role.vitals().counts["ended"])
        assert role.vitals().counts == {
            "sent": 5,
            "sent_open": 5,
            "position": 4,
            "sockets": 1,
            "paused": 0,
            "ended": 1,
            "seeks": 0,
        }
        assert role.vitals().reason == "the market has ended"
        await client.leave()
        await until(lambda: role.vitals().counts["sockets"] == 0)


async def test_the_role_is_starting_until_the_feed_conf_is_written(tmp_path):
    world = World(tmp_path / "state", "synthetic:100", ["BTC-USD"])
    world.bus.down = True
    role = Exchange(
        world.bus,
        world.clock,
        world.listener,
        world.plan,
        ledger := StateFile(world.path, world.plan.identity),
    )
    assert role.vitals().reason == "finding its place in the market"
    task = asyncio.create_task(role.run())
    await until(lambda: "down" in role.vitals().reason)
    assert role.vitals().state == "starting"
    world.bus.down = False
    await until(lambda: role.vitals().state == "ready")
    task.cancel()
    await asyncio.wait([task])
    ledger.close()


async def test_a_paused_market_is_started_over_the_bus(tmp_path):
    world = World(tmp_path / "state", recording_of(tmp_path / "day.lfr", 2))
    async with world.exchange(paused=True, speed=None) as role:
        client = await world.subscriber()
        assert len(await frames_of(client, 1)) == 1
        assert role.vitals().counts["paused"]
        assert role.vitals().reason == "paused: lf replay start"
        answer = msgspec.json.decode(await world.bus.request(exchange_subject("start"), b""))
        assert answer == {"source": "replay:day.lfr", "state": "waiting", "was_paused": True}
        assert len(await frames_of(client, 3)) == 3
        again = msgspec.json.decode(await world.bus.request(exchange_subject("start"), b""))
        assert not again["was_paused"]
    async with world.exchange(paused=True, speed=None) as role:
        assert not role.vitals().counts["paused"]


async def test_the_market_moves_at_its_pace(tmp_path):
    world = World(tmp_path / "state", recording_of(tmp_path / "day.lfr", 3, gap_ns=2 * S // 10))
    async with world.exchange(speed=4.0) as role:
        client = await world.subscriber()
        await frames_of(client, 2)
        began_ns = world.clock.monotonic_ns()
        await frames_of(client, 3)
        assert world.clock.monotonic_ns() - began_ns > 0.13 * S
        await until(lambda: role.vitals().counts["ended"])


async def test_with_at_end_exit_the_role_returns_when_everything_was_sent(tmp_path):
    world = World(tmp_path / "state", recording_of(tmp_path / "day.lfr", 700))
    world.ledger = StateFile(world.path, world.plan.identity)
    role = Exchange(
        world.bus,
        world.clock,
        world.listener,
        world.plan,
        world.ledger,
        speed=None,
        at_end="exit",
    )
    task = asyncio.create_task(role.run())
    await until(lambda: role.vitals().state == "ready")
    client = await world.subscriber(window_bytes=1_000)
    assert sizes_of(await frames_of(client, 702))[-1] == ("update", "700")
    async with asyncio.timeout(5):
        await task
    with pytest.raises(FeedError, match="1012"):
        await client.next()
    assert world.ledger.sent == 702
    world.ledger.close()


async def test_with_at_end_loop_the_market_begins_again(tmp_path):
    world = World(tmp_path / "state", recording_of(tmp_path / "day.lfr", 2))
    async with world.exchange(speed=None, at_end="loop") as role:
        client = await world.subscriber(window_bytes=1)
        frames = await frames_of(client, 10)
        assert [VENUE.sequence(frame) for frame in frames] == list(range(10))
        assert sizes_of(frames)[:7] == [
            ("snapshot", "1"),
            ("update", "1"),
            ("update", "2"),
        ] * 2 + [("snapshot", "1")]
        assert not role.vitals().counts["ended"]


async def test_a_restarted_exchange_goes_on_and_what_was_not_sent_comes_again(tmp_path):
    world = World(tmp_path / "state", recording_of(tmp_path / "day.lfr", 900))
    async with world.exchange(speed=None) as role:
        client = await world.subscriber(window_bytes=1)
        seen = sizes_of(await frames_of(client, 300))
        run, port = world.ledger.run, world.ledger.port
        await until(lambda: role.vitals().counts["position"] > 700)
    position, sent = world.position, 300
    assert position <= 299
    async with world.exchange(speed=None) as role:
        assert (world.ledger.run, world.ledger.port) == (run, port)
        assert role.vitals().counts["position"] == position
        client = await world.subscriber()
        rest = sizes_of(await all_frames(client, role))
        assert rest[0][0] == "snapshot"
        assert int(rest[0][1]) <= int(seen[-1][1])
        assert rest[1:] == [("update", str(n)) for n in range(int(rest[0][1]) + 1, 901)]
        assert role.vitals().counts["sent"] >= sent + len(rest) + 1
    async with world.exchange(speed=None) as role:
        assert role.vitals().counts["ended"]


async def test_a_restarted_made_market_goes_on_with_its_books_and_trades(tmp_path, monkeypatch):
    monkeypatch.setattr(exchange_module, "KEEP_HOUSE_S", 0.01)
    monkeypatch.setattr(exchange_module, "KEEP_EVERY_NS", 0)
    world = World(tmp_path / "state", "synthetic:3000", ["BTC-USD"])
    book, trade_ids = Book(), []

    def apply(frames):
        for frame in frames:
            for event in VENUE.parse(frame).events:
                if isinstance(event, BookSnapshot):
                    book.replace(event.bids, event.asks)
                elif isinstance(event, BookUpdate):
                    book.apply(event.changes)
                elif isinstance(event, Trade):
                    trade_ids.append(event.trade_id)

    for _ in range(3):
        async with world.exchange():
            client = await world.subscriber(VENUE.channels)
            apply(await frames_of(client, 700))
            await until(lambda: world.ledger.kept() is not None)
        assert not book.crossed()
    missing = {b - a for a, b in pairwise(trade_ids)} - {1}
    assert len(trade_ids) > 100
    assert all(step < 400 for step in missing)


async def test_the_kept_state_spares_the_way_back(tmp_path, monkeypatch):
    monkeypatch.setattr(exchange_module, "KEEP_HOUSE_S", 0.01)
    monkeypatch.setattr(exchange_module, "KEEP_EVERY_NS", 0)
    world = World(tmp_path / "state", "synthetic:3000", ["BTC-USD"])
    async with world.exchange() as role:
        client = await world.subscriber(VENUE.channels)
        await frames_of(client, 2_000)
        kept_now = world.plan.open(world.ledger.kept(), 0, loop=False).position
        assert 0 < kept_now <= role.vitals().counts["position"]
    opened = []
    original = world.plan.open

    def open_(kept, wall_ns, *, loop):
        opened.append(original(kept, wall_ns, loop=loop).position)
        return original(kept, wall_ns, loop=loop)

    world.plan.open = open_
    async with world.exchange() as role:
        assert opened[0] >= kept_now
        assert role.vitals().counts["position"] >= opened[0]


async def test_a_recorded_close_ends_the_socket_after_everything_before_it(tmp_path):
    source = recording_of(tmp_path / "day.lfr", 3)
    lines = (tmp_path / "day.lfr").read_bytes()
    close = encode_line(RecordedLine(0, "c-1", "close", b""))
    (tmp_path / "day.lfr").write_bytes(lines + close + lines)
    world = World(tmp_path / "state", source)
    async with world.exchange(speed=None) as role:
        client = await world.subscriber()
        assert [VENUE.sequence(frame) for frame in await frames_of(client, 5)] == list(range(5))
        with pytest.raises(FeedError, match="1001 the recorded session ended here"):
            await client.next()
        assert role.vitals().reason == "waiting for subscribers"
        back = await world.subscriber()
        assert len(await all_frames(back, role)) == 6


async def test_a_socket_that_does_not_read_is_closed_at_a_pace(tmp_path):
    world = World(tmp_path / "state", recording_of(tmp_path / "day.lfr", 40, gap_ns=S // 1_000))
    async with world.exchange() as role:
        slow = await world.subscriber(window_bytes=1)
        quick = await world.subscriber()
        await frames_of(quick, 42)
        world.clock.ahead_ns = 11 * S
        await until(lambda: slow.closed is not None)
        assert slow.closed == (1008, "ErrSlowConsume")
        await until(lambda: role.vitals().counts["sockets"] == 1)
        assert role.vitals().counts["ended"]


async def test_at_speed_max_the_market_waits_for_a_socket_that_does_not_read(tmp_path):
    updates = market_socket.FRAMES_MAX + 2_000
    world = World(tmp_path / "state", recording_of(tmp_path / "day.lfr", updates))
    async with world.exchange(speed=None) as role:
        slow = await world.subscriber(window_bytes=1)
        await until(lambda: role.vitals().lag_records > market_socket.FRAMES_MAX)
        world.clock.ahead_ns = 60 * S
        await turns(100)
        assert role.vitals().counts["position"] < updates
        frames = await all_frames(slow, role)
        assert [VENUE.sequence(frame) for frame in frames] == list(range(updates + 2))


async def test_who_does_not_read_its_books_is_not_heard_any_more(tmp_path, monkeypatch):
    monkeypatch.setattr(market_socket, "BYTES_MAX", 4_000)
    world = World(tmp_path / "state", "synthetic:1", ["BTC-USD"])
    async with world.exchange() as role:
        client = await world.subscriber(window_bytes=1)
        [request] = VENUE.subscribe(["BTC-USD"], ["level2"])
        for _ in range(200):
            await client.ask(request)
        await until(lambda: role.vitals().lag_records > 0)
        await turns(1_000)
        assert role.vitals().lag_records < 10
        books = 0
        while books < 201:
            books += b'"type":"snapshot"' in (await client.next())[:200]


async def test_only_so_many_sockets_are_served(tmp_path, monkeypatch):
    monkeypatch.setattr(exchange_sockets, "SOCKETS_MAX", 2)
    world = World(tmp_path / "state", "synthetic:10", ["BTC-USD"])
    async with world.exchange() as role:
        first, _ = await world.subscriber(), await world.subscriber()
        await until(lambda: role.vitals().counts["sockets"] == 2)
        third = await world.subscriber()
        with pytest.raises(FeedError, match="1013 too many connections"):
            await third.next()
        await first.leave()
        await until(lambda: role.vitals().counts["sockets"] == 1)
        assert await (await world.subscriber()).next()


async def test_a_port_that_was_taken_meanwhile_is_given_up(tmp_path):
    world = World(tmp_path / "state", "synthetic:10", ["BTC-USD"])
    async with world.exchange():
        port = world.ledger.port
    async with world.listener.serve("127.0.0.1", port, {}), world.exchange():
        assert world.ledger.port != port


async def test_a_port_that_was_asked_for_and_is_taken_is_an_error(tmp_path):
    world = World(tmp_path / "state", "synthetic:10", ["BTC-USD"])
    async with world.listener.serve("127.0.0.1", 50_123, {}):
        with pytest.raises(ExceptionGroup) as caught:
            async with world.exchange(port=50_123):
                pytest.fail("it listens")
    assert caught.group_contains(Conflict)


async def test_another_source_on_the_same_state_is_another_run(tmp_path):
    first = World(tmp_path / "state", "synthetic:10", ["BTC-USD"])
    async with first.exchange():
        run = first.ledger.run
    second = World(tmp_path / "state", "synthetic:20", ["BTC-USD"])
    async with second.exchange() as role:
        assert second.ledger.run != run
        assert role.vitals().counts["sent"] == 0


async def test_frames_that_no_socket_was_handed_are_not_counted(tmp_path):
    world = World(tmp_path / "state", recording_of(tmp_path / "day.lfr", 500))
    async with world.exchange(speed=None) as role:
        client = await world.subscriber(window_bytes=1)
        await frames_of(client, 10)
        await client.leave()
        await until(lambda: role.vitals().counts["sockets"] == 0)
        assert role.vitals().counts["sent"] <= 11 + market_socket.BATCH_FRAMES_MAX
        assert json.loads(SPEAK.acknowledge({}, 0))["channel"] == "subscriptions"


@pytest.mark.parametrize(
    ("per_s", "tick_ns"),
    [(100, 500_000), (1_000, 2_000_000), (3_000, 6_000_000), (5_000, 8_000_000)],
)
def test_the_busier_a_market_the_less_often_it_is_looked_at(per_s, tick_ns):
    pace, now_ns = exchange_sockets.Pace(), S
    for items in (per_s, per_s // 10, per_s):  # of late counts, not what once was
        for _ in range(200):
            now_ns += 10_000_000
            rest_ns = pace.turn(items // 100, now_ns) - now_ns
    assert rest_ns == pytest.approx(tick_ns, rel=0.01)
