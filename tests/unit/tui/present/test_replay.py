import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux_tui.lines import text_of
from ledgerflux_tui.present.plain import in_ascii
from ledgerflux_tui.present.replay import (
    SPEEDS,
    bar_line,
    cell_of,
    clock,
    mark_lines,
    next_mark,
    next_speed,
    place_of,
    replay_lines,
    speed_text,
    state_line,
    track,
)
from ledgerflux_tui.state.replay import Mark, Recording, Replay

BEGIN = 1_767_323_045_000_000_000
HELD = Recording(9_000, 60_000, BEGIN, 500, tuple(range(1, 121)),
                 (Mark("gap", 10_000), Mark("close", 40_000)), 2)  # fmt: skip


def a_replay(**more):
    fields = {
        "source": "replay:day.lfr", "state": "running", "speed": 10.0, "held": 9.96,
        "frames": 3_000, "at_ms": 20_000, "recording": HELD,
        "can": ("pause", "resume", "speed", "step", "seek"),
    }  # fmt: skip
    return Replay(**(fields | more))


def texts(replay, width=80, height=14, **options):
    return [text_of(line) for line in replay_lines(replay, 49_820.0, width, height, **options)]


def test_a_replay_shows_state_track_rate_breaks_and_place():
    assert texts(a_replay(), 60) == [
        "▶ PLAYING  speed 10\u00d7  held 10.0\u00d7  loop off  49,820 msg/s",
        "",
        "03:04:05 ├━━━━━━╋━━━━━━●────────────╋─────────────┤ 03:05:05",
        "          ▁▁▂▂▂▂▂▂▃▃▃▃▃▄▄▄▄▄▄▅▅▅▅▅▅▆▆▆▆▆▆▇▇▇▇▇████",
        "                ⚑                   ↯",
        "",
        "03:04:25.000 UTC 2026-01-02  frame 3,000 of 9,000  20.0 s of 60.0 s  33 %",
        "",
        "2 breaks",
        "⚑ 03:04:15.000  gap",
        "↯ 03:04:45.000  reconnect",
    ]


@given(
    st.integers(0, 200), st.integers(1, 40), st.integers(0, 10**9), st.integers(0, 10**9),
    st.lists(st.integers(0, 10**9), max_size=9), st.booleans(), st.booleans(),
)  # fmt: skip
def test_every_line_fits_whatever_is_played(
    width, height, span_ms, at_ms, marks, timed, ascii_only
):
    held = Recording(5, span_ms, BEGIN if timed else None, 1_000, (1, 2, 3),
                     tuple(Mark("gap", mark) for mark in sorted(marks)), len(marks))  # fmt: skip
    replay = a_replay(at_ms=at_ms, recording=held)
    lines = replay_lines(replay, 1.0, width, height, ascii_only=ascii_only)
    assert len(lines) <= height
    where = track(held, width)
    if width >= 14 and height > 2:
        assert len(text_of(lines[2])) <= width
        assert text_of(lines[2]).count("O" if ascii_only else "●") == 1
    assert where.cells >= 1
    bar = bar_line(replay, width, ascii_only=ascii_only)
    assert len(text_of(bar)) <= max(width, 40)
    if ascii_only:
        assert all(text_of(line).isascii() for line in in_ascii([*lines, bar]))


@given(st.integers(2, 500), st.integers(1, 10**9), st.data())
def test_a_cell_and_its_place_are_each_other(cells, span_ms, data):
    cell = data.draw(st.integers(0, cells - 1))
    place = place_of(cell, span_ms, cells)
    assert 0 <= place <= span_ms
    if span_ms >= 4 * cells:
        assert cell_of(place, span_ms, cells) == cell
    at = data.draw(st.integers(0, span_ms))
    assert (
        abs(place_of(cell_of(at, span_ms, cells), span_ms, cells) - at) <= span_ms / (cells - 1) + 1
    )


def test_a_click_beside_the_track_is_held_to_it():
    assert place_of(-3, 1_000, 11) == 0
    assert place_of(99, 1_000, 11) == 1_000
    assert place_of(0, 1_000, 1) == 0
    assert cell_of(5, 0, 10) == 0


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("running", "▶ PLAYING"),
        ("paused", "‖ PAUSED"),
        ("waiting", "◐ WAITING"),
        ("seeking", "◐ SEEKING"),
        ("ended", "■ ENDED"),
        ("", "-"),
    ],
)
def test_each_state_has_a_word_and_a_mark(state, word):
    assert text_of(state_line(a_replay(state=state), 1.0, 100)).startswith(word)
    assert word.partition(" WAITING")[0] in text_of(bar_line(a_replay(state=state), 80))


def test_what_fits_beside_the_state_is_said():
    assert text_of(state_line(a_replay(loop=True, held=None), None, 100)) == (
        "▶ PLAYING  day.lfr  speed 10\u00d7  held -  loop on  - msg/s"
    )
    long = a_replay(source="replay:" + "x" * 80)
    assert "…" in text_of(state_line(long, 1.0, 90))
    assert text_of(state_line(long, 1.0, 22)) == "▶ PLAYING  speed 10\u00d7"


def test_times_of_day_or_how_far_it_is():
    assert clock(HELD, 1_500) == "03:04:06.500"
    timeless = Recording(1, 90_000, None, 1, (), (), 0)
    assert clock(timeless, 61_005) == "1:01.005"
    assert "0:00 ├" in texts(a_replay(recording=timeless))[2]


def test_speeds_go_up_and_down_and_end():
    assert next_speed(1.0, 1) == 2.0
    assert next_speed(1.0, -1) == 0.5
    assert next_speed(3.0, 1) == 5.0
    assert next_speed(3.0, -1) == 2.0
    assert next_speed(None, 1) is None
    assert next_speed(None, -1) == 1000.0
    assert next_speed(SPEEDS[0], -1) == SPEEDS[0]
    assert (speed_text(None), speed_text(0.5)) == ("max", "0.5\u00d7")


def test_breaks_are_gone_to_in_order():
    assert next_mark(a_replay(), 1).at_ms == 40_000
    assert next_mark(a_replay(), -1).at_ms == 10_000
    assert next_mark(a_replay(at_ms=10_200), -1) is None
    assert next_mark(a_replay(at_ms=50_000), 1) is None
    assert next_mark(a_replay(recording=None), 1) is None


def test_of_many_breaks_those_around_here_are_shown():
    marks = tuple(Mark("gap", at * 1_000) for at in range(64))
    held = Recording(1, 64_000, BEGIN, 1_000, (1,), marks, 99)
    lines = [text_of(line) for line in mark_lines(a_replay(at_ms=30_500), held, 8)]
    assert lines[1] == "99 breaks (the first 64)"
    assert lines[2].startswith("⚑ 03:04:34")
    assert len(lines) == 8
    assert mark_lines(a_replay(), held, 1) == []


def test_without_a_recording_it_says_what_can_be_done_and_how_to_start_one():
    live = texts(a_replay(recording=None, can=(), state="", source="coinbase-advanced"))
    assert "coinbase-advanced" in live[0]
    assert live[1] == "Nothing can be paused, stepped or sought."
    made = texts(a_replay(recording=None, source="synthetic:200"), 100)
    assert made[0].startswith("▶ PLAYING")
    assert "nothing can be sought" in made[2]
    for said in (live, made):
        assert any("lf up --source replay:FILE" in line for line in said)
    assert bar_line(a_replay(recording=None), 80) == []
