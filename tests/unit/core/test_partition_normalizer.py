import pytest
from histories import START_NS, histories, perform, records_of
from hypothesis import given
from hypothesis import strategies as st
from normalizing import Clients, Oracle

from ledgerflux.core.partition_normalizer import PartitionNormalizer
from ledgerflux.core.partition_notes import Resync, Session
from ledgerflux.model.checkpoint import PartitionCheckpoint
from ledgerflux.model.events import (
    BookSnapshot,
    BookUpdate,
    Heartbeat,
    Parsed,
    RecentTrades,
    Subscriptions,
    Ticker,
    Trade,
    Unknown,
    VenueError,
)
from ledgerflux.model.stream import Gap

BTC, ETH = "BTC-USD", "ETH-USD"
LEVEL2 = ("level2", "trades")


def opened(*products, channels=LEVEL2, run="r1"):
    machine = PartitionNormalizer()
    machine.open(run, "c1", products or (BTC, ETH), channels, START_NS)
    machine.take()
    return machine


def live(*products, channels=LEVEL2):
    """A machine with live books, whose next number is 1."""
    machine = opened(*products, channels=channels)
    machine.frame(Parsed(0, [snapshot(product) for product in machine.products]), START_NS)
    machine.take()
    return machine


def snapshot(product=BTC):
    return BookSnapshot(product, [("10", "1")], [("11", "1")], None)


def update(product=BTC, price="9"):
    return BookUpdate(product, [("buy", price, "1")], None)


def states(machine):
    return {product: stream.state for product, stream in machine.products.items()}


def made(machine):
    return [(item.product, item.type, item.event.seq) for item in machine.take()[0]]


def reload(machine):
    """The machine that a checkpoint of `machine` restores."""
    session, expected, counts, products = machine.checkpoint()
    return PartitionNormalizer.restore(
        PartitionCheckpoint(
            partition=0,
            venue="v",
            run=session.run,
            connection=session.connection,
            channels=list(session.channels),
            expected=expected,
            raw_number=0,
            raw_crc=0,
            raw_sequence=0,
            norm_number=0,
            norm_crc=0,
            norm_sequence=0,
            counts=counts,
            products=products,
            session_start=session.start,
            session_beat=session.beat,
        )
    )


# -- sessions ---------------------------------------------------------------------------


def test_a_session_starts_its_products_in_its_run():
    machine = opened(BTC, ETH)
    assert states(machine) == {BTC: "syncing", ETH: "syncing"}
    assert {stream.epoch for stream in machine.products.values()} == {"r1"}
    assert machine.session == Session("r1", "c1", LEVEL2)


def test_the_end_of_a_session_makes_every_book_stale():
    machine = live()
    machine.close("closed with 1006", START_NS)
    assert states(machine) == {BTC: "stale", ETH: "stale"}


def test_a_product_that_a_new_session_leaves_out_is_not_live_any_more():
    machine = live(BTC, ETH)
    machine.open("r1", "c2", [BTC], LEVEL2, START_NS)
    assert states(machine) == {BTC: "resyncing", ETH: "stale"}
    machine.open("r1", "c3", [BTC, ETH], LEVEL2, START_NS)
    machine.frame(Parsed(0, [snapshot(ETH)]), START_NS)
    assert states(machine)[ETH] == "live"


def test_what_all_products_passed_over_is_summed():
    machine = opened(BTC, ETH)
    for number, product in enumerate((BTC, ETH, ETH)):
        machine.frame(Parsed(number, [update(product)]), START_NS)
    assert machine.passed_over()["updates_ignored"] == 3
    assert machine.passed_over()["trades_repeated"] == 0


def test_frames_count_anew_in_each_run_of_the_source():
    machine = live()
    machine.lost("overflow", 3, START_NS)
    assert (machine.counts["raw_frames"], machine.counts["raw_gap_frames"]) == (1, 3)
    machine.open("r1", "c2", [BTC], LEVEL2, START_NS)
    assert (machine.counts["raw_frames"], machine.counts["raw_gap_frames"]) == (1, 3)
    machine.open("r2", "c3", [BTC], LEVEL2, START_NS)
    assert (machine.counts["raw_frames"], machine.counts["raw_gap_frames"]) == (0, 0)
    assert machine.counts["raw_gaps"] == 1


def test_a_session_that_ends_without_goodbye_is_counted_as_a_break():
    machine = live()
    machine.close("closed with 1001", START_NS)
    machine.open("r1", "c2", [BTC], LEVEL2, START_NS)
    assert machine.counts["raw_breaks"] == 0
    machine.close("closed without a close frame (1006)", START_NS, complete=False)
    machine.open("r1", "c3", [BTC], LEVEL2, START_NS)
    assert machine.counts["raw_breaks"] == 1
    machine.open("r1", "c4", [BTC], LEVEL2, START_NS)  # its ingest was killed
    assert machine.counts["raw_breaks"] == 2
    machine.open("r2", "c5", [BTC], LEVEL2, START_NS)
    assert machine.counts["raw_breaks"] == 0


def test_frames_of_the_open_session_are_told_apart():
    machine = live()
    assert machine.session_frames == 1
    machine.open("r1", "c2", [BTC], LEVEL2, START_NS)
    assert machine.session_frames == 0
    machine.frame(Parsed(0, [snapshot()]), START_NS)
    machine.lost("overflow", 3, START_NS)
    machine.take()
    assert reload(machine).session_frames == machine.session_frames == 4
    machine.close("closed with 1001", START_NS)
    assert machine.session_frames == 0


def test_each_session_numbers_its_frames_from_zero():
    machine = live()
    machine.open("r1", "c2", [BTC, ETH], LEVEL2, START_NS)
    machine.frame(Parsed(0, [snapshot(BTC), snapshot(ETH)]), START_NS)
    assert states(machine) == {BTC: "live", ETH: "live"}
    machine.open("r1", "c3", [BTC, ETH], LEVEL2, START_NS)
    machine.frame(Parsed(1, [snapshot(BTC)]), START_NS)
    assert machine.counts["sequence_holes"] == 1


# -- heartbeats -------------------------------------------------------------------------


def beat(counter, number=None):
    return Parsed(number, [Heartbeat(None, counter, None, None)])


def test_a_heartbeat_that_is_missing_makes_every_book_of_the_connection_suspect():
    machine = live()
    machine.frame(beat(7, 1), START_NS)
    machine.take()
    machine = reload(machine)
    machine.frame(beat(8, 2), START_NS)
    assert states(machine) == {BTC: "live", ETH: "live"}
    machine.frame(beat(10, 3), START_NS)
    assert states(machine) == {BTC: "suspect", ETH: "suspect"}
    gaps = [item.event for item in machine.take()[0] if isinstance(item.event, Gap)]
    assert {gap.detail for gap in gaps} == {"1 missing before heartbeat 10"}
    assert machine.counts["heartbeat_holes"] == 1


@pytest.mark.parametrize("counters", [(7, 7), (7, 3), (7, None, 8)])
def test_a_counter_that_begins_again_or_is_left_out_says_nothing(counters):
    machine = live()
    for number, counter in enumerate(counters, 1):
        machine.frame(beat(counter, number), START_NS)
    assert states(machine) == {BTC: "live", ETH: "live"}


@pytest.mark.parametrize(
    "loss",
    [
        lambda machine: machine.frame(Parsed(4, []), START_NS),
        lambda machine: machine.lost("overflow", 2, START_NS),
        lambda machine: machine.refused("malformed", 2, START_NS),
    ],
    ids=["hole", "lost", "refused"],
)
def test_a_heartbeat_inside_a_loss_is_not_a_second_one(loss):
    machine = live(BTC)
    machine.frame(beat(7, 1), START_NS)
    loss(machine)
    machine.take()
    number = machine.checkpoint()[1]
    machine.frame(Parsed(number, [snapshot()]), START_NS)
    machine.frame(beat(9, number + 1), START_NS)
    assert states(machine) == {BTC: "live"}
    gaps = [item for item in machine.take()[0] if item.type == "gap"]
    assert not gaps
    assert machine.counts["heartbeat_holes"] == 0


# -- numbers ----------------------------------------------------------------------------


def test_a_hole_makes_every_book_of_the_connection_suspect_at_once():
    machine = live()
    machine.frame(Parsed(3, [update()]), START_NS)
    events, resyncs = machine.take()
    assert states(machine) == {BTC: "suspect", ETH: "suspect"}
    gaps = [item.event for item in events if isinstance(item.event, Gap)]
    assert [(gap.missing, gap.detail) for gap in gaps] == [(2, "2 missing before sequence 3")] * 2
    assert resyncs == [Resync(product, gaps[0].detail) for product in (BTC, ETH)]
    assert machine.counts["sequence_holes"] == 1
    assert "update" not in {item.type for item in events}


def test_a_snapshot_in_the_frame_after_a_hole_is_good():
    machine = live()
    machine.frame(Parsed(3, [snapshot(BTC)]), START_NS)
    assert states(machine) == {BTC: "live", ETH: "suspect"}


@pytest.mark.parametrize("number", [0, 1])
def test_a_number_that_came_before_is_doubted_and_not_applied(number):
    machine = live()
    machine.frame(Parsed(1, []), START_NS)
    machine.frame(Parsed(number, [snapshot(BTC)]), START_NS)
    events, resyncs = machine.take()
    assert states(machine) == {BTC: "suspect", ETH: "suspect"}
    assert "snapshot" not in {item.type for item in events}
    assert len(resyncs) == 2
    assert machine.counts["sequence_repeats"] == 1


def test_frames_without_numbers_are_taken_as_they_come():
    machine = opened(BTC)
    machine.frame(Parsed(None, [snapshot()]), START_NS)
    machine.frame(Parsed(None, [update()]), START_NS)
    assert made(machine)[-1] == (BTC, "update", 2)


# -- losses -----------------------------------------------------------------------------


def test_frames_lost_before_the_log_make_books_suspect_but_no_second_hole():
    machine = live(BTC)
    machine.lost("overflow", 2, START_NS)
    machine.frame(Parsed(3, [snapshot()]), START_NS)
    events, resyncs = machine.take()
    gap = events[0].event
    assert (gap.cause, gap.missing, gap.state) == ("overflow", 2, "suspect")
    assert len(resyncs) == 1
    assert machine.counts["sequence_holes"] == 0
    assert states(machine) == {BTC: "live"}


def test_after_an_uncounted_loss_the_next_number_may_be_any():
    machine = live(BTC)
    for number in range(1, 50):
        machine.frame(Parsed(number, []), START_NS)
    machine.lost("store", None, START_NS)
    assert states(machine) == {BTC: "suspect"}
    machine.frame(Parsed(7, [snapshot()]), START_NS)  # of a connection that began meanwhile
    machine.frame(Parsed(8, [update()]), START_NS)
    assert states(machine) == {BTC: "live"}
    machine.frame(Parsed(10, []), START_NS)
    assert states(machine) == {BTC: "suspect"}


def test_a_loss_before_the_first_session_is_only_counted():
    machine = PartitionNormalizer()
    machine.lost("store", 2, START_NS)
    machine.lost("store", None, START_NS)
    assert machine.take() == ([], [])
    assert (machine.counts["raw_gap_frames"], machine.counts["raw_gaps"]) == (2, 2)


@pytest.mark.parametrize("sequence", [1, None])
def test_a_frame_that_can_not_be_read_may_have_held_anything(sequence):
    machine = live()
    machine.refused("malformed", sequence, START_NS)
    events, resyncs = machine.take()
    assert states(machine) == {BTC: "suspect", ETH: "suspect"}
    assert events[0].event.detail == "a frame could not be read: malformed"
    assert len(resyncs) == 2
    assert (machine.counts["refused"], machine.counts["raw_frames"]) == (1, 2)
    machine.frame(Parsed(2, [snapshot()]), START_NS)
    assert machine.counts["sequence_holes"] == (sequence is None)
    assert states(machine)[BTC] == "live"


# -- events -----------------------------------------------------------------------------


def test_a_book_that_can_not_be_is_asked_for_again():
    machine = live(BTC)
    bad = BookSnapshot(BTC, [("0", "1")], [], None)
    for number, event in enumerate((update(price="0"), bad, update()), 1):
        machine.frame(Parsed(number, [event]), START_NS)
    reason = "no price of a level: 0"
    assert machine.take()[1] == [Resync(BTC, reason), Resync(BTC, reason)]


def test_a_frame_says_what_in_it_could_not_be_used_once():
    machine = live(BTC)
    noticed = machine.frame(Parsed(1, [update("XRP-USD"), update(price="11")]), START_NS)
    assert noticed == [("unknown", "product XRP-USD"), ("book", "BTC-USD: the book is crossed")]
    assert machine.frame(Parsed(2, [snapshot()]), START_NS) == ()
    assert machine.counts["books_refused"] == 1


def test_a_crossed_book_is_asked_for_again():
    machine = live(BTC, ETH)
    machine.frame(Parsed(1, [update(price="11"), update(ETH)]), START_NS)
    events, resyncs = machine.take()
    assert resyncs == [Resync(BTC, "the book is crossed")]
    assert states(machine) == {BTC: "suspect", ETH: "live"}
    assert [item.type for item in events if item.product == ETH] == ["update"]


def test_events_of_one_frame_keep_their_order_within_a_product():
    machine = live(BTC, channels=("level2", "trades", "ticker"))
    trade = Trade(BTC, 5, "10", "1", "buy", "BUY", None)
    recent = RecentTrades(BTC, [Trade(BTC, 4, "10", "1", "buy", "BUY", None)])
    machine.frame(Parsed(1, [recent, trade, Ticker(BTC, "10"), update(), update()]), START_NS)
    assert made(machine) == [
        (BTC, "trade", 1),
        (BTC, "ticker", 1),
        (BTC, "update", 2),
        (BTC, "update", 3),
    ]


def test_a_ticker_is_made_only_where_the_session_brings_none():
    with_ticker, without = live(BTC, channels=("level2", "ticker")), live(BTC)
    for machine in (with_ticker, without):
        machine.frame(Parsed(1, [update(price="10.5")]), START_NS)
    assert [kind for _, kind, _ in made(with_ticker)] == ["update"]
    assert [kind for _, kind, _ in made(without)] == ["update", "ticker"]


@pytest.mark.parametrize(
    ("event", "count"),
    [
        (Unknown("l3"), "unknown"),
        (VenueError("rate_limited", "too many"), "venue_errors"),
        (update("XRP-USD"), "unknown_product"),
        (Heartbeat(None, 1, None, None), None),
        (Subscriptions({"level2": ["BTC-USD"]}), None),
    ],
)
def test_what_is_not_ours_is_counted_and_publishes_nothing(event, count):
    machine = live()
    before = dict(machine.counts)
    machine.frame(Parsed(1, [event]), START_NS)
    assert machine.take() == ([], [])
    assert states(machine) == {BTC: "live", ETH: "live"}
    grown = {name for name, value in machine.counts.items() if value > before.get(name, 0)}
    assert grown == {"raw_frames", *([count] if count else [])}


def test_taking_hands_over_everything_once_and_counts_it():
    machine = live()
    total, gaps = machine.counts["norm_events"], machine.counts["gaps"]
    machine.frame(Parsed(2, []), START_NS)
    events, resyncs = machine.take()
    assert len(events) == 4
    assert len(resyncs) == 2
    assert machine.take() == ([], [])
    assert (machine.counts["norm_events"], machine.counts["gaps"]) == (total + 4, gaps + 2)


def test_a_checkpoint_is_not_taken_before_everything_was_handed_over():
    machine = opened()
    machine.close("x", START_NS)
    with pytest.raises(AssertionError):
        machine.checkpoint()


# -- whatever the venue does ------------------------------------------------------------


@given(histories)
def test_clients_know_exactly_what_is_proved_whatever_happens(history):
    machine, clients, oracle = PartitionNormalizer(), Clients(), Oracle()
    for record in records_of(history):
        for call in record:
            perform(machine, call)
            oracle.take(call)
            clients.take(machine.take()[0])
            clients.check(machine)
            found = {
                product: (stream.book.bids(), stream.book.asks())
                for product, stream in machine.products.items()
                if stream.state == "live"
            }
            assert found == {product: book.levels() for product, book in oracle.proved.items()}


def outputs(machine, records):
    """What each record makes."""
    found = []
    for record in records:
        for call in record:
            perform(machine, call)
        found.append(machine.take())
    return found


@given(histories, st.integers(0, 10))
def test_a_restart_at_any_record_boundary_changes_no_later_event(history, cut):
    records = records_of(history)
    whole, first = PartitionNormalizer(), PartitionNormalizer()
    expected = outputs(whole, records)
    found = outputs(first, records[:cut])
    second = reload(first)
    assert second.checkpoint() == first.checkpoint()
    found += outputs(second, records[cut:])
    assert found == expected
    assert second.checkpoint() == whole.checkpoint()


@given(histories)
def test_the_same_records_make_the_same_events_however_they_are_grouped(history):
    records = records_of(history)
    single = [[call] for record in records for call in record]
    events = [
        [item for made, _ in outputs(PartitionNormalizer(), grouping) for item in made]
        for grouping in (records, records, single)
    ]
    assert events[0] == events[1] == events[2]
