"""ingest: what is subscribed, what is written, and what it does when a socket misbehaves."""

import asyncio
import json

import msgspec
import pytest
from roles_support import Pipeline, advanced_frames

from ledgerflux.core.backoff import Backoff
from ledgerflux.core.feed_refusal import floor_s
from ledgerflux.core.sharding import partition_of
from ledgerflux.errors import BusError, FeedError
from ledgerflux.roles.runtime import market_is_paused, write_feed
from ledgerflux.wire.health import HEALTH_BUCKET, Health
from ledgerflux.wire.record import Kind, decode, unpack_frames
from ledgerflux.wire.replay import ReplayHealth
from ledgerflux.wire.session import SessionClose, SessionOpen, decode_note
from ledgerflux.wire.subjects import RAW, raw_subject, resync_subject

VENUE = "coinbase-advanced"


def raw_records(pipeline, product="BTC-USD"):
    subject = raw_subject(partition_of(product), VENUE)
    stored = pipeline.bus.shared.streams[RAW].messages
    records = [decode(message.payload) for message in stored if message.subject == subject]
    return [record for record in records if record.number]


def notes(pipeline):
    return [decode_note(r.body) for r in raw_records(pipeline) if r.kind is Kind.SESSION]


def resubscribed(pipeline):
    """Return the level2 requests after the first subscription, as (type, products)."""
    level2 = [r for r in pipeline.feed.sent if r.get("channel") == "level2"]
    return [(r["type"], r["product_ids"]) for r in level2[1:]]


def _crossed(sequence):
    """A frame after which the best bid is above the best ask."""
    level = {"side": "bid", "event_time": "", "price_level": "500", "new_quantity": "1"}
    event = {"type": "update", "product_id": "BTC-USD", "updates": [level]}
    body = {"channel": "l2_data", "timestamp": "2026-08-09T05:23:42Z", "sequence_num": sequence}
    return json.dumps({**body, "events": [event]}).encode()


async def test_frames_stand_in_raw_as_they_came_between_open_and_close():
    pipeline = Pipeline(VENUE, ["BTC-USD"], advanced_frames(30))
    await pipeline.run()
    frames = [
        frame
        for record in raw_records(pipeline)
        if record.kind is Kind.FRAMES
        for _, frame in unpack_frames(record.body)
    ]
    makers = [make for product, make in advanced_frames(30) if product == "BTC-USD"]
    assert frames == [make(sequence) for sequence, make in enumerate(makers)]
    first, last = notes(pipeline)
    assert isinstance(first, SessionOpen)
    assert first.products == ["BTC-USD"]
    assert first.run == "r1"
    assert isinstance(last, SessionClose)


async def test_receive_times_never_step_back_within_a_partition():
    pipeline = Pipeline(VENUE, ["BTC-USD"], advanced_frames(30))
    pipeline.clock.now_ns = iter(range(10**18, 10**18 - 10**6, -1)).__next__
    await pipeline.run()
    times = [
        receive_ns
        for record in raw_records(pipeline)
        if record.kind is Kind.FRAMES
        for receive_ns, _ in unpack_frames(record.body)
    ]
    assert times == sorted(set(times))


async def test_products_of_one_partition_share_a_socket_and_others_have_their_own():
    pipeline = Pipeline(VENUE, ["BTC-USD", "ETH-USD"], advanced_frames(3))
    await pipeline.run()
    asked = {tuple(request["product_ids"]) for request in pipeline.feed.sent}
    assert asked == {("BTC-USD",), ("ETH-USD",)}
    assert {request["channel"] for request in pipeline.feed.sent} == {
        "level2", "market_trades", "heartbeats",
    }  # fmt: skip


async def test_an_ended_socket_is_opened_again_and_both_sessions_are_recorded():
    frames = advanced_frames(5)[:6]
    pipeline = Pipeline(VENUE, ["BTC-USD"], [*frames, None, *frames])
    await pipeline.run()
    kinds = [type(note) for note in notes(pipeline)]
    assert kinds == [SessionOpen, SessionClose, SessionOpen, SessionClose]
    assert "1001" in notes(pipeline)[1].reason


@pytest.mark.parametrize("step", [2, 0, -1])
async def test_a_broken_sequence_asks_the_venue_for_a_fresh_book_at_once(step):
    frames = advanced_frames(10)
    product, make = frames[5]
    broken = [*frames[:5], (product, lambda sequence: make(sequence - 1 + step)), *frames[6:11]]
    pipeline = Pipeline(VENUE, ["BTC-USD"], broken)
    await pipeline.run(until=lambda: len(resubscribed(pipeline)) >= 2)
    assert resubscribed(pipeline) == [("unsubscribe", ["BTC-USD"]), ("subscribe", ["BTC-USD"])]
    states = pipeline.normalize.vitals().partitions[0].states
    assert states["BTC-USD"] in ("suspect", "stale")


async def test_ingest_sees_a_hole_itself_before_any_normalizer_does():
    frames = advanced_frames(10)
    product, make = frames[5]
    broken = [*frames[:5], (product, lambda sequence: make(sequence + 1))]
    pipeline = Pipeline(VENUE, ["BTC-USD"], broken)
    await write_feed(pipeline.bus, pipeline.conf)
    task = asyncio.create_task(pipeline.ingest.run())
    async with asyncio.timeout(20):
        while len(resubscribed(pipeline)) < 2:
            await asyncio.sleep(0)
    task.cancel()
    assert resubscribed(pipeline) == [("unsubscribe", ["BTC-USD"]), ("subscribe", ["BTC-USD"])]


@pytest.mark.parametrize("payload", [b"not json", b"\xff", b"[]", b'{"product":["BTC-USD"]}', b""])
async def test_nonsense_on_the_control_subject_ends_nothing(payload):
    pipeline = Pipeline(VENUE, ["BTC-USD"], advanced_frames(2)[:3])
    await write_feed(pipeline.bus, pipeline.conf)
    subject = resync_subject(VENUE, partition_of("BTC-USD"))
    task = asyncio.create_task(pipeline.ingest.run())
    await pipeline.feed.done.wait()
    for said in (payload, b'{"product":"BTC-USD"}'):
        await pipeline.bus.publish(subject, said)
    async with asyncio.timeout(5):
        while not (task.done() or resubscribed(pipeline)):
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled(), task.exception()


async def test_a_normalizer_that_does_not_believe_a_book_has_it_asked_again():
    frames = advanced_frames(3)
    pipeline = Pipeline(VENUE, ["BTC-USD"], [*frames[:4], ("BTC-USD", _crossed)])
    await write_feed(pipeline.bus, pipeline.conf)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(pipeline.ingest.run()),
            group.create_task(pipeline.normalize.run()),
        ]
        while not resubscribed(pipeline):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
    gaps = [b for b in pipeline.batches("BTC-USD") if b.type == "gap"]
    assert b"crossed" in gaps[0].body


async def test_repeated_asking_is_spaced():
    pipeline = Pipeline(VENUE, ["BTC-USD"], advanced_frames(2)[:3])
    await write_feed(pipeline.bus, pipeline.conf)
    subject = resync_subject(VENUE, partition_of("BTC-USD"))
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        task = group.create_task(pipeline.ingest.run())
        await pipeline.feed.done.wait()
        start_ns = pipeline.clock.monotonic_ns()
        for _ in range(20):
            await pipeline.bus.publish(subject, b'{"product":"BTC-USD"}')
            for _ in range(20):
                await asyncio.sleep(0)
        elapsed_s = (pipeline.clock.monotonic_ns() - start_ns) / 1e9
        # At most one step in 5 s, of two requests each: off and on again, or a new socket's.
        assert 1 <= len(resubscribed(pipeline)) / 2 <= 1 + elapsed_s / 5 < 20
        task.cancel()


async def test_another_source_means_new_sockets():
    pipeline = Pipeline(VENUE, ["BTC-USD"], advanced_frames(2)[:3])
    await write_feed(pipeline.bus, pipeline.conf)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        task = group.create_task(pipeline.ingest.run())
        await pipeline.feed.done.wait()
        pipeline.feed.sent.clear()
        conf = msgspec.structs.replace(pipeline.conf, products=["ETH-USD"], run="r2")
        await write_feed(pipeline.bus, conf)
        while not pipeline.feed.sent:
            await asyncio.sleep(0)
        assert pipeline.feed.sent[0]["product_ids"] == ["ETH-USD"]
        task.cancel()


async def test_a_live_venue_that_says_nothing_is_left_and_asked_again(monkeypatch):
    monkeypatch.setattr("ledgerflux.roles.ingest.SILENCE_S", 0.05)
    pipeline = Pipeline(VENUE, ["BTC-USD"], [])
    pipeline.conf = msgspec.structs.replace(pipeline.conf, source=VENUE)
    await pipeline.run(until=lambda: len(notes(pipeline)) >= 3)
    assert [type(note) for note in notes(pipeline)[:3]] == [SessionOpen, SessionClose, SessionOpen]
    assert notes(pipeline)[1].reason == "silent for 0.05 s"


def _beat(sequence):
    event = {"current_time": "", "heartbeat_counter": sequence}
    body = {"channel": "heartbeats", "timestamp": "2026-08-09T05:23:42Z"}
    return json.dumps(
        {**body, "sequence_num": sequence, "events": [event]}, separators=(",", ":")
    ).encode()


async def _tell_of_market(pipeline, *, paused):
    """Say what an exchange says whose market is paused, or runs; it stays news."""
    now_ns = pipeline.clock.now_ns() + 10**15
    state = "paused" if paused else "running"
    replay = ReplayHealth("synthetic:9", state, paused, 1.0, 0.0, False, 1, 0, 0)
    health = Health("exchange", "0", 7, "ready", now_ns, now_ns, replay=replay)
    await pipeline.bus.put(HEALTH_BUCKET, health.key, msgspec.json.encode(health))


async def test_a_made_market_that_is_paused_may_be_silent_and_one_that_is_not_may_not(monkeypatch):
    monkeypatch.setattr("ledgerflux.roles.ingest.LOCAL_STALL_S", 0.05)
    asked = []

    async def noted(bus, now_ns):
        asked.append(await market_is_paused(bus, now_ns))
        return asked[-1]

    monkeypatch.setattr("ledgerflux.roles.ingest.market_is_paused", noted)
    pipeline = Pipeline(VENUE, ["BTC-USD"], [("BTC-USD", _beat)])
    pipeline.conf = msgspec.structs.replace(pipeline.conf, source="synthetic:9")
    await _tell_of_market(pipeline, paused=True)
    await pipeline.run(until=lambda: len(asked) >= 3)
    assert asked[:3] == [True] * 3
    assert [type(note) for note in notes(pipeline)] == [SessionOpen, SessionClose]
    assert notes(pipeline)[1].reason != "silent for 0.05 s"

    pipeline = Pipeline(VENUE, ["BTC-USD"], [("BTC-USD", _beat)])
    pipeline.conf = msgspec.structs.replace(pipeline.conf, source="synthetic:9")
    await _tell_of_market(pipeline, paused=False)
    await pipeline.run(until=lambda: len(notes(pipeline)) >= 3)
    assert notes(pipeline)[1].reason == "silent for 0.05 s"


async def test_each_refusal_makes_the_wait_before_the_next_try_longer():
    pipeline = Pipeline(VENUE, ["BTC-USD"], [])
    pipeline.conf = msgspec.structs.replace(pipeline.conf, source=VENUE)
    slept, sleep, connect = [], pipeline.clock.sleep, pipeline.feed.connect
    refusals = iter(range(4))

    async def recorded(seconds):
        slept.append(seconds)
        await sleep(seconds)

    async def refuse(url):
        if next(refusals, None) is None:
            return await connect(url)
        raise FeedError("no", code="feed_refused")

    pipeline.clock.sleep, pipeline.feed.connect = recorded, refuse
    pipeline.ingest._random = lambda: 0.3
    await pipeline.run()
    backoff, least_s = Backoff(), floor_s("feed_refused", None)
    waits = [backoff.fail(0.3, floor_s=least_s) for _ in range(4)]
    assert waits == sorted(set(waits))
    assert [seconds for seconds in slept if seconds in waits][:4] == waits


async def test_a_request_for_a_fresh_book_that_got_lost_is_repeated():
    frames = advanced_frames(3)
    pipeline = Pipeline(VENUE, ["BTC-USD"], [*frames[:4], ("BTC-USD", _crossed)])
    bus, lost = pipeline.normalize._bus, []
    publish = bus.publish

    async def lose_the_first(subject, payload):
        if subject == resync_subject(VENUE, partition_of("BTC-USD")) and not lost:
            lost.append(payload)
            raise BusError("away")
        await publish(subject, payload)

    bus.publish = lose_the_first
    await pipeline.run(until=lambda: bool(resubscribed(pipeline)))
    assert len(lost) == 1
