from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_lines import MS, SERVER, acknowledgement, beat, line, snapshot, update

from ledgerflux.core.market_source import Closing, Item
from ledgerflux.core.recorded_items import Steps, items_of


def test_the_first_frame_of_a_connection_has_step_one():
    steps = Steps()
    assert [steps.step("a", 17), steps.step("b", 3), steps.step("a", 18)] == [1, 1, 1]
    steps.forget("a")
    steps.forget("unknown")
    assert steps.step("a", 0) == 1


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([0, 1, 2], [1, 1, 1]),
        ([0, 2, 3], [1, 2, 1]),
        ([0, 1, 1, 2], [1, 1, 0, 1]),
        ([0, 2, 1, 3], [1, 2, -1, 2]),
    ],
)
def test_holes_repeats_and_swaps_have_their_steps(numbers, expected):
    steps = Steps()
    assert [steps.step("a", number) for number in numbers] == expected


def test_what_is_left_out_leaves_no_hole():
    steps = Steps()
    steps.leave_out("a")
    assert steps.step("a", 1) == 1
    steps.leave_out("a")
    steps.leave_out("a")
    assert steps.step("a", 4) == 1


def test_only_what_the_exchange_sent_is_served():
    lines = [
        line(b"", kind="open"),
        line(b"{}", kind="sent"),
        line(b"{}", connection="rest", kind="rest"),
        line(b"", connection="rest", kind="close"),
        line(acknowledgement(0)),
        line(snapshot(1)),
        line(acknowledgement(2)),
        line(update(3)),
        line(b"{broken"),
        line(b"", kind="close"),
    ]
    items = list(items_of(lines, SERVER))
    assert [item.frame for item in items] == [snapshot(1), update(3), b"{broken"]
    assert [item.step for item in items] == [1, 1, 1]
    assert [item.digits is None for item in items] == [False, False, True]
    assert [item.offset_ns for item in items] == [0, MS, 2 * MS]


def test_an_acknowledgement_without_a_number_takes_none():
    lines = [line(snapshot(1)), line(b'{"channel":"subscriptions"}'), line(update(2))]
    assert [item.step for item in items_of(lines, SERVER)] == [1, 1]


def test_times_are_those_of_the_recording_and_never_go_back():
    lines = [
        line(update(0), ts=100 * MS),
        line(update(1), ts=150 * MS),
        line(update(2), ts=120 * MS),
        line(update(3)),
        line(update(4), ts=200 * MS),
    ]
    offsets = [item.offset_ns for item in items_of(lines, SERVER)]
    assert offsets == [0, 50 * MS, 50 * MS, 51 * MS, 100 * MS]


def test_times_that_begin_late_go_on_from_where_it_is():
    lines = [line(update(0)), line(update(1)), line(update(2), ts=7 * MS)]
    assert [item.offset_ns for item in items_of(lines, SERVER)] == [0, MS, MS]


def test_the_end_of_a_connection_is_served_where_others_go_on():
    lines = [
        line(snapshot(0, "A-B"), ts=0),
        line(beat(0), ts=1, connection="c-2"),
        line(b"", ts=5, kind="close"),
        line(b"", ts=6, connection="c-2", kind="close"),
        line(snapshot(0, "A-B"), ts=9, connection="c-3"),
        line(b"", ts=10, connection="c-3", kind="close"),
    ]
    items = list(items_of(lines, SERVER))
    assert items[2:4] == [Closing(5, frozenset({"A-B"})), Closing(6, frozenset())]
    assert [type(item) for item in items] == [Item, Item, Closing, Closing, Item]


@given(
    numbers=st.lists(st.integers(min_value=0, max_value=30), min_size=1, max_size=30),
    left_out=st.sets(st.integers(min_value=0, max_value=29)),
)
def test_steps_are_differences_of_corrected_numbers(numbers, left_out):
    lines = [
        line(acknowledgement(number) if index in left_out else beat(number))
        for index, number in enumerate(numbers)
    ]
    corrected = [
        number - len([other for other in left_out if other < index])
        for index, number in enumerate(numbers)
        if index not in left_out
    ]
    steps = [item.step for item in items_of(lines, SERVER)]
    differences = [b - a for a, b in pairwise(corrected)]
    assert steps == [1, *differences][: len(corrected)]
