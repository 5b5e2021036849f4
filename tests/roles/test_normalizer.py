"""RAW records through the real dialects: what is made, what is refused, what a restart changes."""

import itertools
import json

import pytest
from data.hostile_frames import HOSTILE_FRAMES
from data.venue_frames import ADVANCED, EXCHANGE
from dialects import BOOK, VENUES, fed, made_of, started, states
from histories import weighted
from hypothesis import given, settings
from hypothesis import strategies as st
from normalizing import Clients
from raw_records import AT_NS, PRODUCTS, WRITE, advanced, frames_record, note_record, opening, raw
from recordings import received

from ledgerflux.core.partition_normalizer import PartitionNormalizer
from ledgerflux.core.partition_notes import Resync
from ledgerflux.errors import LogError
from ledgerflux.roles.normalizer import UNKNOWN_SAMPLES_MAX, DeadLetter, Normalizer
from ledgerflux.venues.base import Refused
from ledgerflux.wire import checkpoint
from ledgerflux.wire.record import Kind, pack_frames, unpack_frames
from ledgerflux.wire.session import (
    FrameGap,
    Marker,
    SessionClose,
    SessionOpen,
    encode_note,
)

CHANGE = [("buy", "2.50", "0.1")]


# -- records ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", VENUES)
def test_frames_become_batches_of_client_events(name):
    normalizer = started(name)
    frames = [
        WRITE[name](2, ("update", "BTC-USD", CHANGE)),
        WRITE[name](3, ("trade", "BTC-USD", 7)),
    ]
    output = normalizer.take(frames_record(3, frames))
    told = [(b.product, b.type, b.first_seq, b.items) for b in output.batches]
    assert told == [
        ("BTC-USD", "update", 2, 1),
        ("BTC-USD", "trade", 1, 1),
        ("BTC-USD", "ticker", 2, 1),
    ]
    assert json.loads(output.batches[0].body)[0]["changes"] == [["buy", "2.50", "0.1"]]
    assert (output.resyncs, output.dead, output.newest_receive_ns) == ([], [], AT_NS + 1)


@pytest.mark.parametrize(
    ("name", "side", "raw_side"),
    [("coinbase-advanced", "sell", "BUY"), ("coinbase-exchange", "buy", "sell")],
)
def test_the_takers_side_and_the_venues_word_are_both_told(name, side, raw_side):
    output = started(name).take(frames_record(3, [WRITE[name](2, ("trade", "BTC-USD", 7))]))
    trade = made_of([output])[0].event
    assert (trade.side, trade.raw_side) == (side, raw_side)


@pytest.mark.parametrize("name", VENUES)
def test_sessions_and_losses_move_every_book(name):
    normalizer = started(name)
    output = normalizer.take(note_record(3, FrameGap("overflow", 2, AT_NS, AT_NS + 9, "c1")))
    assert states(normalizer) == dict.fromkeys(PRODUCTS, "suspect")
    assert [resync.product for resync in output.resyncs] == PRODUCTS
    gap = made_of([output])[0].event
    assert (gap.cause, gap.missing) == ("overflow", 2)
    assert gap.ts_receive.endswith("42.000000009Z")
    normalizer.take(note_record(4, SessionClose("c1", "closed with 1006", AT_NS)))
    assert states(normalizer) == dict.fromkeys(PRODUCTS, "stale")
    normalizer.take(note_record(5, opening()))
    assert states(normalizer) == dict.fromkeys(PRODUCTS, "resyncing")


def test_who_writes_is_no_matter_of_what_was_written():
    normalizer = started("coinbase-advanced")
    output = normalizer.take(raw(3, Kind.TERM, encode_note(Marker("w", 1))))
    assert output == ([], 0, [], [], 0)


@pytest.mark.parametrize("kind", [Kind.EVENTS, Kind.MARKER])
def test_a_record_that_can_not_be_in_raw_stops_the_partition(kind):
    with pytest.raises(LogError, match=f"RAW record 3 is of kind {kind.name}"):
        started("coinbase-advanced").take(raw(3, kind, b"\n"))


def test_a_marker_where_a_session_must_be_stops_the_partition():
    with pytest.raises(LogError, match="RAW record 3 holds a marker's note"):
        started("coinbase-advanced").take(note_record(3, Marker("w", 1)))


def test_a_record_cut_short_stops_the_partition():
    whole = frames_record(3, [EXCHANGE["heartbeat"]])
    with pytest.raises(LogError, match="cut short"):
        started("coinbase-exchange").take(whole._replace(body=whole.body[:-1]))


def test_records_that_fell_to_the_limit_are_told_as_a_gap_of_the_store():
    normalizer = started("coinbase-advanced")
    output = normalizer.lost(3, 7, AT_NS)
    gap = made_of([output])[0].event
    assert (gap.cause, gap.missing, gap.state) == ("store", None, "suspect")
    assert [resync.product for resync in output.resyncs] == PRODUCTS
    assert (output.dead, output.newest_receive_ns) == ([], AT_NS)
    assert normalizer.machine.counts["raw_records_lost"] == 5


# -- bytes that are no message ----------------------------------------------------------


@pytest.mark.parametrize("name", VENUES)
def test_refused_bytes_are_handed_out_exactly_with_place_and_reason(name):
    normalizer = started(name)
    frames = [WRITE[name](2, ("trade", "BTC-USD", 7)), b"{not json", b"\xff"]
    output = normalizer.take(frames_record(3, frames))
    assert [(d.number, d.place, d.reason, d.frame) for d in output.dead] == [
        (3, 1, "malformed", b"{not json"),
        (3, 2, "encoding", b"\xff"),
    ]
    assert all(letter.detail for letter in output.dead)
    assert states(normalizer) == dict.fromkeys(PRODUCTS, "suspect")
    assert normalizer.machine.counts["dlq"] == normalizer.machine.counts["refused"] == 2
    assert [batch.type for batch in output.batches][:2] == ["trade", "ticker"]


def test_a_refused_frame_whose_number_can_be_read_is_no_second_hole():
    normalizer = started("coinbase-advanced")
    bad = advanced(2, ("update", "BTC-USD", [("buy", "1,000", "1")]))
    fresh = advanced(3, ("snapshot", "BTC-USD", BOOK))
    output = normalizer.take(frames_record(3, [bad, fresh]))
    assert [letter.reason for letter in output.dead] == ["number"]
    assert normalizer.machine.counts["sequence_holes"] == 0
    assert states(normalizer)["BTC-USD"] == "live"


@pytest.mark.parametrize("name", VENUES)
@pytest.mark.parametrize(("label", "frame", "reason"), HOSTILE_FRAMES)
def test_no_hostile_frame_stops_a_partition_or_is_dropped(name, label, frame, reason):
    normalizer = started(name)
    output = normalizer.take(frames_record(3, [frame]))
    found = [letter.reason for letter in output.dead if letter.reason != "unknown"]
    assert found == ([reason] if reason else [])
    assert all(letter.frame == frame for letter in output.dead)
    after = frames_record(4, [WRITE[name](90, ("snapshot", "BTC-USD", BOOK))])
    normalizer.take(after)
    assert states(normalizer)["BTC-USD"] == "live"


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("coinbase-exchange", b'{"type":"l%d"}'),
        ("coinbase-advanced", b'{"channel":"l%d","sequence_num":%d}'),
    ],
)
def test_one_sample_of_each_unknown_kind_is_kept_and_books_stay(name, frame):
    normalizer = started(name)

    def unknown(kind, number):
        return frame % ((kind, number) if frame.count(b"%d") > 1 else kind)

    output = normalizer.take(frames_record(3, [unknown(7, 2), unknown(7, 3), unknown(8, 4)]))
    assert output.dead == [
        DeadLetter(3, 0, "unknown", "l7", unknown(7, 2), AT_NS),
        DeadLetter(3, 2, "unknown", "l8", unknown(8, 4), AT_NS + 2),
    ]
    assert normalizer.machine.counts["unknown"] == 3
    assert normalizer.machine.counts["dlq"] == 2
    assert states(normalizer) == dict.fromkeys(PRODUCTS, "live")
    many = [unknown(100 + n, 5 + n) for n in range(100)]
    assert len(normalizer.take(frames_record(4, many)).dead) == UNKNOWN_SAMPLES_MAX - 2


@pytest.mark.parametrize(
    ("name", "examples"), [("coinbase-advanced", ADVANCED), ("coinbase-exchange", EXCHANGE)]
)
def test_every_kind_of_message_of_the_venue_is_taken(name, examples):
    normalizer, outputs = fed(
        name, note_record(1, opening()), frames_record(2, list(examples.values()))
    )
    assert not any(output.dead for output in outputs)
    assert normalizer.machine.counts["raw_frames"] == len(examples)


# -- restart and renormalizing ----------------------------------------------------------


def restarted(normalizer, number):
    """A normalizer that another process would make from the stored checkpoint."""
    saved = normalizer.checkpoint(7, raw=(number, 11, 12), norm_end=(13, 14, 15))
    assert (saved.partition, saved.venue) == (7, normalizer.venue.name)
    assert (saved.raw_number, saved.raw_crc, saved.raw_sequence) == (number, 11, 12)
    assert (saved.norm_number, saved.norm_crc, saved.norm_sequence) == (13, 14, 15)
    read = checkpoint.decode(checkpoint.encode(saved))
    assert read == saved
    return Normalizer(normalizer.venue, PartitionNormalizer.restore(read))


def test_a_checkpoint_says_where_the_session_stands():
    normalizer = started("coinbase-advanced")
    saved = normalizer.checkpoint(7, raw=(2, 0, 0), norm_end=(0, 0, 0))
    assert (saved.run, saved.connection, saved.channels) == ("r1", "c1", ["level2", "trades"])
    assert saved.expected == 2
    assert saved.counts["raw_frames"] == 2
    assert [product.product for product in saved.products] == PRODUCTS


def test_a_restored_normalizer_asks_for_the_same_books():
    normalizer = restarted(started("coinbase-advanced"), 2)
    output = normalizer.take(
        frames_record(3, [advanced(2, ("update", "BTC-USD", [("buy", "6", "1")]))])
    )
    assert output.resyncs == [Resync("BTC-USD", "the book is crossed")]


_low = st.sampled_from(["1", "2", "2.0", "3"])
_high = st.sampled_from(["6", "7.0", "8"])
_size = st.sampled_from(["1", "2.50", "0", "0.00"])
_changes = st.lists(
    st.tuples(st.just("buy"), _low, _size) | st.tuples(st.just("sell"), _high, _size),
    min_size=1,
    max_size=3,
)
_product = st.sampled_from(PRODUCTS)
_hostile = st.sampled_from([frame for _, frame, _ in HOSTILE_FRAMES if len(frame) < 10_000])
_says = weighted(
    (6, st.tuples(st.just("update"), _product, _changes)),
    (2, st.tuples(st.just("snapshot"), _product, st.just(BOOK))),
    (3, st.tuples(st.just("trade"), _product, st.sampled_from([1, 1, 0, 3]))),
    (1, st.tuples(st.just("update"), _product, st.just([("buy", "7.5", "1")]))),
    (1, st.tuples(st.just("update"), _product, st.just([("buy", "0", "1")]))),
    (1, _hostile),
)
_frames = st.lists(
    st.tuples(
        _says,
        weighted((15, st.just(0)), (1, st.sampled_from([2, -1]))),
        weighted((30, st.just(False)), (1, st.just(True))),
    ),
    min_size=1,
    max_size=5,
)
_notes = st.one_of(
    st.builds(opening, st.sampled_from(["same", "another"])),
    st.just(SessionClose("c1", "closed with 1006", AT_NS)),
    st.builds(
        FrameGap,
        st.just("overflow"),
        st.none() | st.integers(1, 3),
        st.just(1),
        st.just(AT_NS),
        st.just("c1"),
    ),
)
_histories = st.lists(weighted((5, _frames), (1, _notes)), max_size=8)


def records_of(name, history):
    """RAW records of a connection that starts well and then brings `history`."""
    write, run, sequence, ids = WRITE[name], 1, 2, dict.fromkeys(PRODUCTS, 10)
    books = [write(n, ("snapshot", product, BOOK)) for n, product in enumerate(PRODUCTS)]
    records = [note_record(1, opening()), frames_record(2, books)]
    for number, item in enumerate(history, 3):
        if isinstance(item, SessionOpen):
            run, sequence = run + (item.run == "another"), 0
            item = opening(f"r{run}")
        if not isinstance(item, list):
            records.append(note_record(number, item))
            continue
        frames = []
        for says, jump, cut in item:
            if isinstance(says, tuple):
                if says[0] == "trade":
                    ids[says[1]] += says[2]
                    says = ("trade", says[1], ids[says[1]])
                frame = write(max(0, sequence + jump), says)
                sequence += 1 + max(0, jump)
                says = frame[: len(frame) // 2] if cut else frame
            frames.append(says)
        records.append(frames_record(number, frames))
    return records


def same_without_record_boundaries(outputs):
    return made_of(outputs), [resync for output in outputs for resync in output.resyncs]


@pytest.mark.parametrize("name", VENUES)
@settings(max_examples=40)
@given(history=_histories, cut=st.integers(0, 10))
def test_whatever_raw_holds_events_are_a_function_of_it(name, history, cut):
    records = records_of(name, history)
    _, expected = fed(name, *records)
    assert fed(name, *records)[1] == expected  # the same bytes twice

    first, found = fed(name, *records[:cut])
    second, more = fed(name, *records[cut:], normalizer=restarted(first, cut))
    assert [o[:2] for o in found + more] == [o[:2] for o in expected]  # dead samples apart

    singles = []
    for record in records:
        singles += one_frame_each(record)
    _, alone = fed(name, *singles)
    assert same_without_record_boundaries(alone) == same_without_record_boundaries(expected)

    clients = Clients()
    clients.take(made_of(expected))
    clients.check(second.machine)


def one_frame_each(record):
    """The records that would hold the frames of `record` one by one."""
    if record.kind is not Kind.FRAMES:
        return [record]
    frames = unpack_frames(record.body)
    return [record._replace(body=pack_frames([frame]), items=1) for frame in frames]


@pytest.mark.parametrize("name", VENUES)
@settings(max_examples=25)
@given(history=_histories)
def test_every_refused_frame_of_a_history_is_kept(name, history):
    records = records_of(name, history)
    normalizer, outputs = fed(name, *records)
    dead = [letter for output in outputs for letter in output.dead]
    kept = [(d.number, d.frame) for d in dead if d.reason not in ("unknown", "book")]
    refused = []
    for record in records:
        if record.kind is not Kind.FRAMES:
            continue
        for _, frame in unpack_frames(record.body):
            try:
                normalizer.venue.parse(frame)
            except Refused:
                refused.append((record.number, frame))
    assert kept == refused


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        ("coinbase-advanced", "coinbase-advanced-20260809-btcusd-live"),
        ("coinbase-exchange", "coinbase-exchange-l2-ticker-matches-20210417-6p"),
    ],
)
def test_a_recording_gives_the_same_bytes_after_a_restart(name, recorded):
    lines = itertools.islice(received(recorded), 800)
    groups = itertools.groupby(lines, key=lambda line: line["conn"])
    products = ["BTC-USD", "SKL-USD", "BAND-BTC", "CRV-EUR"]
    records = []
    for _, group in groups:
        records.append(note_record(len(records) + 1, opening(products=products)))
        frames = [line["raw"].encode() for line in group]
        records += [
            frames_record(len(records) + 1 + place, frames[at : at + 40])
            for place, at in enumerate(range(0, len(frames), 40))
        ]
    whole, expected = fed(name, *records)
    cut = len(records) // 2
    first, found = fed(name, *records[:cut])
    second, more = fed(name, *records[cut:], normalizer=restarted(first, cut))
    assert [o[:2] for o in found + more] == [o[:2] for o in expected]  # dead samples apart
    first_state, whole_state = second.machine.checkpoint(), whole.machine.checkpoint()
    assert first_state[:2] + first_state[3:] == whole_state[:2] + whole_state[3:]
    assert {**first_state[2], "dlq": 0} == {**whole_state[2], "dlq": 0}
    clients = Clients()
    clients.take(made_of(expected))
    clients.check(whole.machine)
