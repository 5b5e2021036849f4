import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_lines import MS, SERVER, beat, book_frame, line, parse, snapshot, update
from recordings import recording

from ledgerflux.core import recorded_market
from ledgerflux.core.book import Book
from ledgerflux.core.market_clock import END_OF_TIME
from ledgerflux.core.market_source import Closing, Item
from ledgerflux.core.recorded_market import RecordedMarket
from ledgerflux.core.recording_survey import survey
from ledgerflux.model.events import BookSnapshot, BookUpdate
from ledgerflux.wire.recording import decode_line


def market(lines, **options):
    return RecordedMarket(lambda: iter(lines), survey(lines, SERVER), SERVER, parse, **options)


def test_items_come_when_they_are_due_and_then_there_are_none():
    source = market([line(snapshot(0), ts=10), line(update(1), ts=30)])
    assert source.due_ns() == 0
    assert source.time_ns() == 10
    assert source.take(0).frame == snapshot(0)
    assert source.due_ns() == 20
    assert source.take(19) is None
    assert source.position == 1
    assert source.take(20).frame == update(1)
    assert source.time_ns() == 30
    assert source.due_ns() is None
    assert source.take(END_OF_TIME) is None
    source.begin(0)
    assert source.save() is None


def test_the_book_is_the_one_at_the_position():
    source = market([line(update(0)), line(snapshot(1)), line(update(2)), line(beat(3))])
    source.take(END_OF_TIME)
    assert source.book("A-B") is None
    source.take(END_OF_TIME)
    assert source.book("A-B") == ([("9", "1")], [("11", "1")])
    source.take(END_OF_TIME)
    assert source.book("A-B") == ([("9", "2")], [("11", "1")])
    assert source.book("C-D") is None


@pytest.mark.parametrize(
    "damaged",
    [
        update(2, price="-1"),
        book_frame(2, "snapshot", "A-B", ("bid", "9", "-1")),
        book_frame(2, "update", "A-B", ("bid", "x", "1")),
    ],
)
def test_a_book_that_can_not_be_known_is_none_until_the_next_snapshot(damaged):
    lines = [line(snapshot(0, "C-D")), line(snapshot(1)), line(damaged), line(snapshot(3))]
    source = market(lines)
    for _ in range(3):
        source.take(END_OF_TIME)
    assert source.book("A-B") is None
    assert source.book("C-D") is not None
    source.take(END_OF_TIME)
    assert source.book("A-B") is not None


def test_a_loop_begins_again_and_time_goes_on():
    source = market(
        [
            line(snapshot(0), ts=0),
            line(b"", ts=1, kind="close"),
            line(update(5), ts=2, connection="c-2"),
        ],
        loop=True,
    )
    items = [source.take(END_OF_TIME) for _ in range(6)]
    assert [type(item) for item in items] == [Item, Closing, Item] * 2
    assert [getattr(item, "step", 1) for item in items] == [1] * 6
    assert items[4].offset_ns == 2 + MS + 1
    assert source.due_ns() == 2 * (2 + MS)


def test_skipping_is_playing_in_slices(monkeypatch):
    lines = [line(snapshot(0)), *(line(update(n, size=str(n))) for n in range(1, 600))]
    played, skipped = market(lines), market(lines)
    left = 500
    slices = 0
    while left:
        left = skipped.skip(left)
        slices += 1
    for _ in range(500):
        played.take(END_OF_TIME)
    assert slices == 2
    assert (skipped.position, skipped.due_ns()) == (played.position, played.due_ns())
    assert skipped.book("A-B") == played.book("A-B")
    while left := skipped.skip(1_000):
        assert left == 744
    assert skipped.position == 600


@pytest.mark.parametrize("position", [1, 2, 3, 4, 7, 8, 9, 3_000_001])
def test_rounds_of_a_loop_are_not_played_to_be_skipped(position):
    lines = [line(snapshot(0)), line(update(1, size="3")), line(update(2, price="8"))]
    source = market(lines, loop=True)
    left = position
    for _ in range(2):
        left = source.skip(left) if left else 0
    assert source.position == position
    expected = market(lines, loop=True)
    for _ in range(position if position < 10 else 3 + position % 3):
        expected.take(END_OF_TIME)
    assert source.book("A-B") == expected.book("A-B")
    assert source.take(END_OF_TIME).frame == expected.take(END_OF_TIME).frame


@pytest.mark.parametrize("part", ["reconnect"])
def test_the_book_of_a_real_recording_is_what_its_frames_make(part):
    path = recording(f"coinbase-advanced-20260809-btcusd-{part}")

    def lines():
        with gzip.open(path) as file:
            for number, text in enumerate(file, 1):
                yield decode_line(text, number)

    source = RecordedMarket(lines, survey(lines(), SERVER), SERVER, parse)
    book = Book()
    while (item := source.take(END_OF_TIME)) is not None:
        if isinstance(item, Item) and "level2" in item.route.channels:
            for event in parse(item.frame):
                if isinstance(event, BookSnapshot):
                    book.replace(event.bids, event.asks)
                elif isinstance(event, BookUpdate):
                    book.apply(event.changes)
    assert source.book("BTC-USD") == (book.bids(), book.asks())


def level2_lines(steps_ms):
    """Return a recording of a book that changes at the given times."""
    at_ms, lines = 0, [line(snapshot(0), 1_000 * MS)]
    for number, step_ms in enumerate(steps_ms, 1):
        at_ms += step_ms
        lines.append(line(update(number, size=str(number)), (1_000 + at_ms) * MS))
    return lines


def state_of(source):
    return (source.position, source.due_ns(), source.book("A-B"))


def arrive(source, offset_ns):
    while not source.travel(offset_ns):
        pass


@given(st.lists(st.integers(0, 9), max_size=20), st.lists(st.integers(-5, 120), max_size=6))
def test_wherever_one_travels_everything_before_it_was_played_and_nothing_else(steps, targets):
    lines = level2_lines(steps)
    travelled = market(lines)
    for target_ms in targets:
        arrive(travelled, target_ms * MS)
        played = market(lines)
        held_ns = max(0, min(target_ms * MS, played.extent.span_ns))
        while played.due_ns() is not None and played.due_ns() < held_ns:
            played.take(END_OF_TIME)
        assert state_of(travelled) == state_of(played)
        assert travelled.place(held_ns)[1:] == (held_ns, 1_000 * MS + held_ns)
        travelled.take(END_OF_TIME)


def test_a_long_way_is_gone_in_slices(monkeypatch):
    monkeypatch.setattr(recorded_market, "SKIP_ITEMS_MAX", 2)
    source = market(level2_lines([1] * 5))
    assert not source.travel(5 * MS)
    assert not source.travel(5 * MS)
    assert source.travel(5 * MS)
    assert source.due_ns() == 5 * MS


def test_in_a_loop_one_travels_within_the_round():
    source = market(level2_lines([1, 1]), loop=True)
    source.skip(4)
    assert source.place(source.due_ns()).items == 1
    arrive(source, 0)
    assert (source.position, source.due_ns()) == (3, 3 * MS)
    source.skip(3 * 3)
    assert source.place(source.due_ns()) == (0, 0, 1_000 * MS)
    arrive(source, 2 * MS)
    assert source.place(source.due_ns()) == (2, 2 * MS, 1_002 * MS)


def test_the_extent_says_where_it_is_busy_and_where_it_breaks():
    lines = [
        line(snapshot(0), 1_000 * MS),
        line(update(2), 1_150 * MS),
        line(b"", 1_150 * MS, kind="close"),
        line(update(0), 1_300 * MS, "c-2"),
    ]
    held = market(lines).extent
    assert (held.items, held.span_ns, held.begin_ns) == (4, 300 * MS, 1_000 * MS)
    assert held.profile.frames == (1, 1, 0, 1)
    assert held.profile.marks == (("gap", 150 * MS), ("close", 150 * MS))
