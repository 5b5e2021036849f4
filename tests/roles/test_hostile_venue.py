"""A venue that refuses, complains or leaves out: what ingest does about it, and what it tells."""

import asyncio
import json

import pytest
from hostile import group
from roles_support import Pipeline, advanced_frames

from ledgerflux.core.sharding import partition_of
from ledgerflux.errors import FeedError
from ledgerflux.wire.record import Kind, decode
from ledgerflux.wire.session import SessionOpen, decode_note
from ledgerflux.wire.subjects import RAW

VENUE = "coinbase-advanced"


def complaint(message):
    return json.dumps({"type": "error", "message": message}, separators=(",", ":")).encode()


def neighbours():
    """Two products that share a partition, so that they share a socket."""
    names = (f"A{number}-USD" for number in range(1000))
    other = next(name for name in names if partition_of(name) == partition_of("BTC-USD"))
    return ["BTC-USD", other]


def openings(pipeline):
    records = [decode(stored.payload) for stored in pipeline.bus.shared.streams[RAW].messages]
    notes = [decode_note(record.body) for record in records if record.kind is Kind.SESSION]
    return [note for note in notes if isinstance(note, SessionOpen)]


async def test_a_refused_product_is_left_out_and_the_others_are_asked_for_again():
    btc, other = neighbours()
    error = complaint(f"Failed to subscribe: {other} is not a valid product")
    frames = advanced_frames(6)[:7]
    pipeline = Pipeline(VENUE, [btc, other], [error, *frames])
    told = []
    asked = lambda: [r["product_ids"] for r in pipeline.feed.sent if r["channel"] == "level2"]  # noqa: E731

    def settled():
        told.append(pipeline.ingest.vitals())
        return asked()[-1] == [btc]

    await pipeline.run(settled)
    assert [sorted(products) for products in asked()] == [sorted([btc, other]), [btc]]
    last = told[-1]
    assert last.state == "degraded"
    assert last.reason.startswith(f"refused by the venue: {other} (Failed to subscribe")
    assert (last.counts["left_out"], last.counts["complaints"]) == (1, 1)
    [part] = pipeline.normalize.vitals().partitions
    assert part.states[other] in ("syncing", "stale")
    assert any(batch.type == "snapshot" for batch in pipeline.batches(btc))
    assert not any(batch.type == "snapshot" for batch in pipeline.batches(other))


async def test_a_refused_product_is_not_asked_for_on_the_next_socket():
    btc, other = neighbours()
    error = complaint(f"{other} is not a valid product")
    frames = advanced_frames(3)[:4]
    pipeline = Pipeline(VENUE, [btc, other], [error, *frames, None, *frames])
    await pipeline.run(lambda: len(openings(pipeline)) == 2)
    first, second = openings(pipeline)
    assert set(first.products) == {btc, other}
    assert second.products == [btc]


async def test_a_venue_that_asks_for_fewer_requests_is_left_alone_a_while():
    product, first = advanced_frames(0)[0]
    texts = iter([complaint("rate limit exceeded")])
    frames = [(product, lambda sequence: next(texts, None) or first(sequence))]
    pipeline = Pipeline(VENUE, [product], frames)
    slept = recorded_sleeps(pipeline)
    await pipeline.run(lambda: len(openings(pipeline)) == 2)
    assert any(5 <= seconds < 6 for seconds in slept)
    assert pipeline.batches(product)


async def test_a_complaint_about_nothing_of_ours_is_counted_and_changes_nothing():
    frames = advanced_frames(3)[:4]
    strange = [
        complaint("XYZ-USD is not a valid product"),
        complaint("who are you"),
        b'{"type":"error"',
    ]
    pipeline = Pipeline(VENUE, ["BTC-USD"], [frames[0], *strange, *frames[1:]])
    vitals = []
    await pipeline.run(lambda: vitals.append(pipeline.ingest.vitals()) or True)
    assert (vitals[-1].counts["complaints"], vitals[-1].counts["left_out"]) == (2, 0)
    assert len(openings(pipeline)) == 1


def recorded_sleeps(pipeline):
    slept, sleep = [], pipeline.clock.sleep

    async def recorded(seconds):
        slept.append(seconds)
        await sleep(seconds)

    pipeline.clock.sleep = recorded
    return slept


@pytest.mark.parametrize(
    ("code", "asked_s", "least_s"),
    sorted({(row["code"], None, row["least_s"]) for row in group("venue")["answers"]
            if row["id"] in ("forbidden", "moved", "the page of a proxy", "broken")}
           | {("feed_throttled", 7.0, 7), ("feed_tls", None, 10)}, key=str),
)  # fmt: skip
async def test_a_refused_connection_is_told_and_tried_again_after_its_wait(code, asked_s, least_s):
    pipeline = Pipeline(VENUE, ["BTC-USD"], advanced_frames(3)[:4])
    slept, connect, told = recorded_sleeps(pipeline), pipeline.feed.connect, []

    async def refuse_once(url):
        pipeline.feed.connect = connect
        error = FeedError(f"{url} says no", code=code)
        error.retry_after_s = asked_s
        asyncio.get_running_loop().call_soon(lambda: told.append(pipeline.ingest.vitals()))
        raise error

    pipeline.feed.connect = refuse_once
    await pipeline.run()
    assert any(least_s <= seconds <= least_s + 1 for seconds in slept)
    assert told[0].state == "degraded"
    assert told[0].reason == "not connected: BTC-USD (ws://test says no)"
    assert len(openings(pipeline)) == 1
