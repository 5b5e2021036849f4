import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core import inbox as module
from ledgerflux.core.inbox import (
    FRAME_COST_BYTES,
    RECORD_BYTES_MAX,
    Frames,
    Inbox,
    Lost,
    Note,
    Room,
)
from ledgerflux.wire import record


def inbox_of(bytes_max, crowded_bytes=1 << 30):
    return Inbox(Room(bytes_max), crowded_bytes=crowded_bytes)


def test_frames_of_one_moment_go_into_one_record():
    inbox = inbox_of(10_000)
    assert not inbox
    for number in range(3):
        assert inbox.put(number, b"f%d" % number)
    assert inbox
    assert inbox.take() == Frames([(0, b"f0"), (1, b"f1"), (2, b"f2")])
    assert not inbox


def test_a_note_keeps_its_place_among_the_frames():
    inbox = inbox_of(10_000)
    inbox.put(1, b"before")
    inbox.note(2, b"note")
    inbox.put(2, b"after")
    assert [inbox.take() for _ in range(3)] == [
        Frames([(1, b"before")]),
        Note(2, b"note"),
        Frames([(2, b"after")]),
    ]


def test_a_record_closes_at_its_size_and_a_larger_frame_stands_alone():
    inbox = inbox_of(10 * RECORD_BYTES_MAX)
    half, large = bytes(RECORD_BYTES_MAX // 2), bytes(RECORD_BYTES_MAX + 1)
    for frame in (half, half, b"x", large, b"y"):
        inbox.put(0, frame)
    taken = [[len(frame) for _, frame in inbox.take().frames] for _ in range(4)]
    assert taken == [[len(half), len(half)], [1], [len(large)], [1]]


def test_the_log_and_the_inbox_agree_on_the_size_of_a_record():
    assert RECORD_BYTES_MAX == record.RECORD_BYTES_MAX


def test_what_finds_no_room_is_told_in_its_place():
    inbox = inbox_of(2 * (FRAME_COST_BYTES + 1))
    assert inbox.put(1, b"a")
    assert not inbox.full
    assert inbox.put(2, b"b")
    assert inbox.full
    assert [inbox.put(at, b"c") for at in (3, 4, 5)] == [False] * 3
    assert inbox.take() == Frames([(1, b"a"), (2, b"b")])
    assert inbox.put(6, b"d")
    assert inbox.take() == Lost(3, 3, 5)
    assert inbox.take() == Frames([(6, b"d")])
    assert inbox.statistics().lost_total == 3


def test_losses_around_a_note_are_two():
    inbox = inbox_of(1)
    inbox.put(1, b"a")
    inbox.put(2, b"b")
    inbox.note(1, b"n")
    inbox.put(3, b"c")
    assert [inbox.take() for _ in range(4)] == [
        Frames([(1, b"a")]),
        Lost(1, 2, 2),
        Note(1, b"n"),
        Lost(1, 3, 3),
    ]


def test_statistics_count_what_waits_and_the_most_that_ever_waited():
    inbox = inbox_of(10_000)
    inbox.put(1, b"abc")
    inbox.put(2, b"de")
    size = 5 + 2 * FRAME_COST_BYTES
    assert inbox.statistics() == (2, size, size, 0)
    inbox.take()
    assert inbox.statistics() == (0, 0, size, 0)


def test_a_flood_of_empty_frames_is_bounded_too():
    inbox = inbox_of(1000)
    taken = [inbox.put(0, b"") for _ in range(100)]
    assert taken.count(True) == -(-1000 // FRAME_COST_BYTES)


def test_notes_count_and_are_never_refused():
    inbox = inbox_of(FRAME_COST_BYTES)
    for _ in range(10):
        inbox.note(1, b"open")
    assert inbox.statistics().bytes == 10 * (FRAME_COST_BYTES + 4)
    assert inbox.full
    while inbox:
        inbox.take()
    assert inbox.statistics().bytes == 0


def test_inboxes_share_one_room():
    room = Room(4 * FRAME_COST_BYTES)
    first, second = (Inbox(room, crowded_bytes=1 << 30) for _ in range(2))
    assert [first.put(0, b"") for _ in range(3)] == [True] * 3
    assert second.put(0, b"")
    assert not second.put(0, b"")
    assert not first.put(0, b"")
    first.take()
    assert second.put(0, b"")


def test_a_full_room_lets_nothing_in_before_half_of_it_is_free():
    room = Room(4 * FRAME_COST_BYTES)
    inboxes = [Inbox(room, crowded_bytes=1 << 30) for _ in range(4)]
    for inbox in inboxes:
        assert inbox.put(0, b"")
    inboxes[0].take()
    assert not inboxes[0].put(1, b""), "one hole for an outage, not one for every record"
    inboxes[1].take()
    assert inboxes[0].put(2, b"")


def test_an_inbox_is_crowded_by_its_own_frames_only():
    room = Room(1 << 30)
    first, second = (Inbox(room, crowded_bytes=2 * FRAME_COST_BYTES) for _ in range(2))
    first.put(0, b"")
    assert not first.crowded
    first.put(0, b"")
    assert first.crowded
    assert not second.crowded


def test_a_closed_inbox_gives_its_room_back():
    room = Room(2 * FRAME_COST_BYTES)
    closed, other = (Inbox(room, crowded_bytes=1 << 30) for _ in range(2))
    closed.put(0, b"")
    closed.note(1, b"n")
    assert not other.put(0, b"")
    closed.close()
    assert not closed
    assert room.bytes == 0
    assert other.put(1, b"")


@pytest.fixture
def small_records(monkeypatch):
    monkeypatch.setattr(module, "RECORD_BYTES_MAX", 8)


@pytest.mark.usefixtures("small_records")
def test_nothing_is_dropped_silently_and_order_is_kept():
    check_order()


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.integers(0, 5)),
            st.tuples(st.just("note"), st.just(0)),
            st.tuples(st.just("take"), st.just(0)),
        ),
        max_size=60,
    )
)
def check_order(steps):
    inbox = inbox_of(3 * FRAME_COST_BYTES)
    expected, found = [], []
    for at, (step, size) in enumerate(steps):
        if step == "put":
            expected.append(("frame" if inbox.put(at, bytes(size)) else "lost", at))
        elif step == "note":
            inbox.note(1, b"%d" % at)
            expected.append(("note", at))
        elif inbox:
            found.append(inbox.take())
    while inbox:
        found.append(inbox.take())
    told = []
    for item in found:
        match item:
            case Frames(frames):
                assert len(frames) == 1 or sum(len(frame) for _, frame in frames) <= 8
                told += [("frame", at) for at, _ in frames]
            case Note(_, body):
                told.append(("note", int(body)))
            case Lost(count, first, last):
                lost = [at for kind, at in expected if kind == "lost" and first <= at <= last]
                assert (len(lost), lost[0], lost[-1]) == (count, first, last)
                told += [("lost", at) for at in lost]
    assert told == expected
    assert inbox.statistics()[:2] == (0, 0)
