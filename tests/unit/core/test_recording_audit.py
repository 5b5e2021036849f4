"""What a recording holds, and whether it is whole."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core import recording_audit
from ledgerflux.core.dialect import Route
from ledgerflux.core.recording_audit import OTHERS, PROBLEMS_MAX, Problem, RecordingAudit
from ledgerflux.model.recording import RecordedLine


class Hearing:
    """Reads frames such as `level2 BTC-USD 17`; a frame without a number carries none."""

    def route(self, frame):
        words = frame.decode().split()
        channels = tuple(words[0].split("+")) if words[0] != "?" else ()
        return Route(channels, tuple(words[1:2]), acknowledgement=words[0] == "ack")

    def digits(self, frame):
        words = frame.split()
        return (len(frame) - len(words[2]), len(frame)) if len(words) > 2 else None


def audit(*frames, refuses=None, hearing=True):
    """Return the audit of frames `(text, ts_ns, connection)`; text alone is of c1 at 0."""
    made = RecordingAudit(Hearing() if hearing else None, refuses)
    for frame in frames:
        text, ts_ns, connection = frame if isinstance(frame, tuple) else (frame, 0, "c1")
        made.take(RecordedLine(ts_ns, connection, None, text.encode()))
    made.end()
    return made


def kinds(made):
    return [(problem.kind, problem.line) for problem in made.problems]


def test_frames_are_counted_by_channel_product_and_connection():
    made = audit("level2 A 1", "trades+full B 2", "ack C 3", "? A 4", ("level2 A 1", 5, "c2"))
    assert made.whole
    assert (made.lines, made.frames) == (5, 5)
    assert made.kinds == {"level2": 2, "trades/full": 1, "acknowledgements": 1, "other": 1}
    assert made.products == {"A": 3, "B": 1, "C": 1}
    assert [(n, c.frames) for n, c in made.connections.items()] == [("c1", 4), ("c2", 1)]
    first = made.connections["c1"]
    assert (first.first_number, first.last_number) == (1, 4)


def test_lines_that_are_no_frame_are_counted_apart():
    made = audit("level2 A 1")
    made.take(RecordedLine(None, "rest", "rest", b"[]"))
    assert (made.lines, made.frames, made.notes) == (2, 1, {"rest": 1})
    assert made.whole


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ([7, 8, 9], []),
        ([7, 9], [("gap", 2)]),
        ([7, 7], [("repeat", 2)]),
        ([7, 8, 6, 7], [("backwards", 3)]),
        ([0, 2, 5], [("gap", 2), ("gap", 3)]),
    ],
)
def test_the_numbers_of_a_connection_go_on_by_one(numbers, found):
    assert kinds(audit(*(f"level2 A {number}" for number in numbers))) == found


def test_what_a_gap_says():
    made = audit("level2 A 1", "level2 A 5")
    assert made.problems == [Problem("gap", 2, "c1: 3 missing before number 5")]


def test_each_connection_has_numbers_of_its_own():
    assert audit(("level2 A 1", 0, "c1"), ("level2 A 9", 0, "c2"), ("level2 A 2", 0, "c1")).whole


def test_a_closed_connection_may_begin_anew():
    made = audit("level2 A 5")
    made.take(RecordedLine(0, "c1", "close", b""))
    made.take(RecordedLine(0, "other", "close", b""))
    made.take(RecordedLine(0, "c1", None, b"level2 A 0"))
    assert made.whole
    assert made.connections["c1"].last_number == 0


def test_frames_without_numbers_are_not_judged_by_them():
    assert audit("level2 A 1", "heartbeats A", "level2 A 2").whole


def test_a_number_that_no_venue_writes_is_told():
    assert kinds(audit("level2 A 1", "level2 A " + "9" * 5000)) == [("frame", 2)]


def test_times_of_a_connection_do_not_go_back():
    made = audit(("x A", 10, "c1"), ("x A", None, "c1"), ("x A", 9, "c1"), ("x A", 3, "c2"))
    assert made.problems == [Problem("time", 3, "c1 goes back by 1 ns")]
    assert (made.first_ns, made.last_ns) == (10, 10)


def test_a_frame_that_can_not_be_read_is_told():
    made = audit("a A", "b A", refuses=lambda frame: "no" if frame[:1] == b"b" else None)
    assert made.problems == [Problem("frame", 2, "no")]


def test_a_line_that_can_not_be_read_is_counted_and_told():
    made = audit("level2 A 1")
    made.broken("no JSON")
    assert (made.lines, made.frames, kinds(made)) == (2, 1, [("unreadable", 2)])


def test_nothing_received_is_not_whole():
    assert kinds(audit()) == [("empty", 0)]


def test_without_a_dialect_only_times_are_judged():
    made = audit(("nonsense", 5, "c1"), ("more", 4, "c1"), hearing=False)
    assert kinds(made) == [("time", 2)]
    assert not made.kinds


def test_only_so_many_problems_are_kept_in_words():
    made = audit(*("level2 A 1" for _ in range(100)))
    assert len(made.problems) == PROBLEMS_MAX
    assert made.problems_total == {"repeat": 99}


def test_names_without_end_are_counted_together(monkeypatch):
    monkeypatch.setattr(recording_audit, "NAMES_MAX", 2)
    frames = [(f"level2 P{n} {n * 7}", 100 - n, f"c{n}") for n in range(6)]
    made = audit(*frames, *frames)
    assert set(made.connections) == {"c0", "c1", OTHERS}
    assert made.products == {"P0": 2, "P1": 2, OTHERS: 8}
    assert made.frames == 12
    assert {problem.kind for problem in made.problems} == {"repeat"}, "of c0 and c1 only"


@given(st.lists(st.integers(0, 20), min_size=1, max_size=30))
def test_every_step_but_one_forward_is_a_problem(numbers):
    made = audit(*(f"level2 A {number}" for number in numbers))
    steps = sum(b != a + 1 for a, b in pairwise(numbers))
    assert made.problems_total.total() == steps
