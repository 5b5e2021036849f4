"""verify finds what is wrong with a log, and says nothing when nothing is."""

import msgspec
import pytest
from roles_support import Pipeline, advanced_frames

from ledgerflux.core.sharding import partition_of
from ledgerflux.model.stream import Gap
from ledgerflux.ports import Stored
from ledgerflux.roles.audits import NormAudit, Problems
from ledgerflux.roles.verify import EXCHANGE_KEY, Verifier
from ledgerflux.testing.clock import ManualClock
from ledgerflux.wire import norm
from ledgerflux.wire.health import HEALTH_BUCKET, Health
from ledgerflux.wire.record import PREFIX_BYTES, Kind, draft, encode
from ledgerflux.wire.subjects import NORM, RAW, norm_subject, raw_subject

PRODUCTS = ["BTC-USD", "ETH-USD"]


@pytest.fixture
async def pipeline():
    made = Pipeline("coinbase-advanced", PRODUCTS, advanced_frames(40))
    made.feed.goodbye = True
    await made.run()
    return made


async def report_of(pipeline, shards=(1, 4, 7), sent=None, sent_open=0):
    if sent is not None:
        health = Health(
            role="exchange", instance="0", pid=1, state="ready", time_ns=0, started_ns=0,
            counts={"sent": sent, "sent_open": sent_open},
        )  # fmt: skip
        await pipeline.bus.put(HEALTH_BUCKET, EXCHANGE_KEY, msgspec.json.encode(health))
    return await Verifier(pipeline.bus, ManualClock(), None).run(shards)


def failed(report):
    return {check.name for check in report.checks if check.ok is False}


def tamper(pipeline, stream, subject, change):
    """Replace the messages of `subject` by what `change` makes of them."""
    held = pipeline.bus.shared.streams[stream]
    mine = [stored for stored in held.messages if stored.subject == subject]
    kept = change(mine)
    others = [stored for stored in held.messages if stored.subject != subject]
    held.messages = sorted(others + kept)
    held.last_sequence = held.messages[-1].sequence


BTC_RAW = raw_subject(partition_of("BTC-USD"), "coinbase-advanced")
BTC_NORM = norm_subject(partition_of("BTC-USD"), "coinbase-advanced")


async def test_a_whole_log_verifies_with_all_counts(pipeline):
    report = await report_of(pipeline, sent=82)
    assert report.ok, report
    assert {check.name for check in report.checks if check.ok} == {
        "chains", "frames", "renormalize-1", "renormalize-4", "renormalize-7",
    }  # fmt: skip
    assert report.counts["raw_frames"] == report.counts["exchange_sent"] == 82
    assert report.counts["norm_trades"] == 16


@pytest.mark.parametrize("sent", [81, 83])
async def test_a_frame_too_few_or_too_many_is_found(pipeline, sent):
    assert failed(await report_of(pipeline, (), sent=sent)) == {"frames"}


async def test_frames_after_which_nobody_said_goodbye_are_declared_not_missing():
    pipeline = Pipeline("coinbase-advanced", ["BTC-USD"], advanced_frames(40))
    await pipeline.run()  # ends in the middle of its session
    report = await report_of(pipeline, (), sent=50)
    assert report.ok, report
    assert report.counts["raw_breaks"] == 1
    assert report.counts["raw_frames"] == 41
    assert failed(await report_of(pipeline, (), sent=40)) == {"frames"}, "never more than sent"


@pytest.mark.parametrize(("stream", "subject"), [(RAW, BTC_RAW), (NORM, BTC_NORM)])
async def test_a_lost_record_is_found(pipeline, stream, subject):
    tamper(pipeline, stream, subject, lambda stored: stored[:4] + stored[5:])
    assert "chains" in failed(await report_of(pipeline, ()))


@pytest.mark.parametrize(("stream", "subject"), [(RAW, BTC_RAW), (NORM, BTC_NORM)])
async def test_a_flipped_bit_is_found(pipeline, stream, subject):
    def flip(stored):
        place = 4
        payload = bytearray(stored[place].payload)
        payload[PREFIX_BYTES + 3] ^= 1
        stored[place] = Stored(stored[place].sequence, subject, bytes(payload))
        return stored

    tamper(pipeline, stream, subject, flip)
    assert "chains" in failed(await report_of(pipeline, ()))


async def test_a_norm_record_put_in_twice_is_found(pipeline):
    def repeat(stored):
        return [*stored, Stored(stored[-1].sequence + 1000, BTC_NORM, stored[-2].payload)]

    tamper(pipeline, NORM, BTC_NORM, repeat)
    report = await report_of(pipeline, ())
    assert "chains" in failed(report)
    assert report.problems


def trades_of(ids, seq=1):
    """One batch of trades with these ids."""
    events = [
        norm.TradeEvent(at, trade_id, "1", "1", "buy", "BUY", None, "2026-08-09T05:23:42Z")
        for at, trade_id in enumerate(ids, seq)
    ]
    return norm.Batch(
        "BTC-USD", "trades", "trade", "r1", seq, len(ids), msgspec.json.encode(events)
    )


def gap_of(first, last, seq):
    event = Gap(seq, "2026-08-09T05:23:42Z", "upstream", "live", from_id=first, to_id=last)
    return norm.Batch("BTC-USD", "trades", "gap", "r1", seq, 1, msgspec.json.encode([event]))


@pytest.mark.parametrize(
    ("batches", "problems"),
    [
        ([trades_of([7, 8]), trades_of([9], 3)], 0),
        ([trades_of([7]), gap_of(8, 10, 2), trades_of([11], 3)], 0),
        ([trades_of([7]), trades_of([9], 2)], 1),
        ([trades_of([7]), gap_of(8, 9, 2), trades_of([11], 3)], 1),
        ([trades_of([7]), gap_of(9, 10, 2), trades_of([11], 3)], 1),
        ([trades_of([7]), gap_of(None, None, 2), trades_of([8], 3)], 0),
    ],
)
def test_a_trade_id_is_told_or_named_by_a_gap(batches, problems):
    found = Problems()
    audit = NormAudit(BTC_NORM, "coinbase-advanced", found)
    items = sum(batch.items for batch in batches)
    made = draft(Kind.EVENTS, items, norm.pack(batches), a=0, b=1)
    payload, _ = encode(made, number=1, term=1, publish_ns=1, previous_crc=0)
    audit.take(payload)
    assert found.total == problems, found.texts


async def test_a_log_that_lost_its_beginning_is_not_made_again(pipeline):
    tamper(pipeline, RAW, BTC_RAW, lambda stored: stored[5:])
    report = await report_of(pipeline, (1,))
    assert failed(report) == {"renormalize-1"}
