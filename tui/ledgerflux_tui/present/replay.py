"""A replay: what it does, the track with where it is, how busy it is, and where it breaks."""

from typing import NamedTuple

from ledgerflux.model.units import NANOS_PER_MS, rfc3339
from ledgerflux_tui.lines import NOTHING, Line, Segment, number
from ledgerflux_tui.present.spark import spark
from ledgerflux_tui.state.replay import Mark, Recording, Replay

SPEEDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, None)
"""What `-` and `+` go through; None is as fast as possible."""
TRACK_LINE = 2
"""Where the track stands in `replay_lines`."""
PAST_MS = 750
"""A mark so near behind is the one a reader has just gone to."""
_WORDS: dict[str, Segment] = {
    "running": ("▶ PLAYING", "good"),
    "paused": ("‖ PAUSED", "warn"),
    "waiting": ("◐ WAITING for those who follow it", "warn"),
    "seeking": ("◐ SEEKING", "warn"),
    "ended": ("■ ENDED", "dim"),
}
_FLAGS = {"gap": "⚑", "close": "↯"}
_KINDS = {"gap": "gap", "close": "reconnect"}


class Track(NamedTuple):
    """Where a track stands in its line: its labels, its first cell, and how many it has."""

    left: str
    right: str
    first: int
    cells: int


def track(recording: Recording, width: int) -> Track:
    """Return the track of a line of `width` cells."""
    left, right = clock(recording, 0), clock(recording, recording.span_ms)
    left, right = left.partition(".")[0], right.partition(".")[0]
    cells = width - len(left) - len(right) - 4
    if cells < 10:
        return Track("", "", 1, max(1, width - 2))
    return Track(left, right, len(left) + 2, cells)


def cell_of(at_ms: int, span_ms: int, cells: int) -> int:
    """Return the cell of a track in which a place lies."""
    if span_ms <= 0:
        return 0
    return max(0, min(cells - 1, round(at_ms * (cells - 1) / span_ms)))


def place_of(cell: int, span_ms: int, cells: int) -> int:
    """Return the place that a cell of a track stands for, in milliseconds."""
    return 0 if cells < 2 else round(max(0, min(cell, cells - 1)) * span_ms / (cells - 1))


def clock(recording: Recording, at_ms: int) -> str:
    """Return a place as its time of day in UTC; without times as how far it is."""
    if recording.begin_ns is not None:
        return rfc3339(recording.begin_ns + at_ms * NANOS_PER_MS)[11:23]
    minutes, rest_ms = divmod(at_ms, 60_000)
    return f"{minutes}:{rest_ms // 1000:02d}.{rest_ms % 1000:03d}"


def speed_text(speed: float | None) -> str:
    """Return a speed as people say it."""
    return "max" if speed is None else f"{speed:g}\u00d7"


def next_speed(speed: float | None, step: int) -> float | None:
    """Return the next speed up (1) or down (-1), the same at the ends."""
    if speed in SPEEDS:
        at = SPEEDS.index(speed) + step
    else:
        slower = [at for at, known in enumerate(SPEEDS) if known and known < (speed or 0)]
        at = len(slower) if step > 0 else len(slower) - 1
    return SPEEDS[max(0, min(at, len(SPEEDS) - 1))]


def next_mark(replay: Replay, step: int) -> Mark | None:
    """Return the next mark after this place (1) or before it (-1), None where there is none."""
    if replay.recording is None:
        return None
    marks = replay.recording.marks
    if step > 0:
        return next((mark for mark in marks if mark.at_ms > replay.at_ms), None)
    before = [mark for mark in marks if mark.at_ms < replay.at_ms - PAST_MS]
    return before[-1] if before else None


def replay_lines(
    replay: Replay, rate: float | None, width: int, height: int, *, ascii_only: bool = False
) -> list[Line]:
    """Return what a replay does, in at most `height` lines; `rate` is messages a second."""
    held = replay.recording
    if held is None:
        return _no_recording(replay, rate)[:height]
    where = track(held, width)
    lines: list[Line] = [
        state_line(replay, rate, width),
        [],
        _track_line(replay, held, where, ascii_only=ascii_only),
        [(" " * where.first, "plain"), (_rates(held, where.cells, ascii_only=ascii_only), "dim")],
        _flags_line(held, where, ascii_only=ascii_only),
        [],
        place_line(replay, held),
    ]
    room = height - len(lines)
    return [*lines, *mark_lines(replay, held, room)][:height]


def state_line(replay: Replay, rate: float | None, width: int) -> Line:
    """Return what it does: state, name, speed asked and held, loop, messages a second."""
    line: Line = [_word(replay)]
    name = replay.source.partition(":")[2] if replay.plays else replay.source
    room = width - 58
    if len(name) > room > 8:
        name = f"{name[: room - 1]}…"
    parts: list[Segment] = [(name, "plain")] if room > 8 else []
    parts += [
        (f"speed {speed_text(replay.speed)}", "head"),
        ("held " + (NOTHING if replay.held is None else f"{replay.held:.1f}\u00d7"), "plain"),
        ("loop on" if replay.loop else "loop off", "dim"),
        (f"{number(rate)} msg/s", "plain"),
    ]
    for part in parts:
        if sum(len(text) for text, _ in line) + len(part[0]) + 2 <= width:
            line += [("  ", "plain"), part]
    return line


def place_line(replay: Replay, held: Recording) -> Line:
    """Return where it is: time of the market, frames, and how much of it is played."""
    at = min(replay.at_ms, held.span_ms)
    share = 100 * at / held.span_ms if held.span_ms else 100.0
    return [
        (clock(held, at), "head"),
        ("" if held.begin_ns is None else f" UTC {rfc3339(held.begin_ns)[:10]}", "dim"),
        (f"  frame {replay.frames:,} of {held.frames:,}", "plain"),
        (f"  {at / 1000:.1f} s of {held.span_ms / 1000:.1f} s", "plain"),
        (f"  {share:.0f} %", "dim"),
    ]


def mark_lines(replay: Replay, held: Recording, room: int) -> list[Line]:
    """Return the breaks around this place, at most `room` lines."""
    if not held.marks or room < 2:
        return []
    passed = sum(mark.at_ms <= replay.at_ms for mark in held.marks)
    first = max(0, min(passed - 2, len(held.marks) - (room - 2)))
    more = f" (the first {len(held.marks)})" if held.marks_total > len(held.marks) else ""
    breaks = "break" if held.marks_total == 1 else "breaks"
    lines: list[Line] = [[], [(f"{held.marks_total:,} {breaks}{more}", "dim")]]
    for at, mark in enumerate(held.marks[first : first + room - 2], first):
        done = at < passed
        lines.append(
            [
                (f"{_FLAGS.get(mark.kind, '⚑')} ", "dim" if done else "warn"),
                (clock(held, mark.at_ms), "dim" if done else "plain"),
                (f"  {_KINDS.get(mark.kind, mark.kind)}", "dim" if done else "warn"),
            ]
        )
    return lines[: max(room, 0)]


def bar_line(replay: Replay, width: int, *, ascii_only: bool = False) -> Line:
    """Return the replay in one line, for above the other views."""
    held = replay.recording
    if held is None:
        return []
    word, style = _word(replay)
    head = f"{word.partition(' for')[0]} {speed_text(replay.speed)} "
    tail = f" {clock(held, min(replay.at_ms, held.span_ms)).partition('.')[0]} "
    cells = width - len(head) - len(tail) - 3
    if cells < 8:
        return [(f" {head}", style), (tail, "head")]
    at = cell_of(replay.at_ms, held.span_ms, cells)
    return [(f" {head}", style), *_cells(at, cells, held, ascii_only=ascii_only), (tail, "head")]


def _no_recording(replay: Replay, rate: float | None) -> list[Line]:
    if "pause" not in replay.can:
        name = replay.source or "not known yet"
        said = f"The source is {name}: what happens there is nobody's to hold."
        what = "Nothing can be paused, stepped or sought."
    else:
        said = "A made market has no past and no end: nothing can be sought."
        what = "It can be paused, stepped, and go at another speed."
    lines: list[Line] = [[(said, "plain")], [(what, "plain")], []]
    if "pause" in replay.can:
        lines = [state_line(replay, rate, 120), [], *lines]
    start: list[Line] = [
        [("To play a recording:", "dim")],
        [("  lf down && lf up --source replay:FILE --speed 10", "head")],
        [("  lf recording ls DIR", "head"), ("   what recordings there are", "dim")],
    ]
    return [*lines, *start]


def _word(replay: Replay) -> Segment:
    return _WORDS.get(replay.state, (replay.state.upper() or NOTHING, "dim"))


def _track_line(replay: Replay, held: Recording, where: Track, *, ascii_only: bool) -> Line:
    at = cell_of(replay.at_ms, held.span_ms, where.cells)
    cells = _cells(at, where.cells, held, ascii_only=ascii_only)
    ends = ("├", "┤")
    left: Line = [(f"{where.left} " if where.left else "", "dim"), (ends[0], "dim")]
    return [*left, *cells, (ends[1], "dim"), (f" {where.right}" if where.right else "", "dim")]


def _cells(at: int, cells: int, held: Recording, *, ascii_only: bool) -> Line:
    """Return the track itself, played up to cell `at`; breaks are cells of their own."""
    played, ahead, knob = ("=", "-", "O") if ascii_only else ("━", "─", "●")
    flagged = {cell_of(mark.at_ms, held.span_ms, cells) for mark in held.marks}
    line: Line = []
    for cell in range(cells):
        if cell == at:
            part: Segment = (knob, "head")
        elif cell in flagged:
            part = ("!" if ascii_only else "╋", "warn")
        else:
            part = (played, "good") if cell < at else (ahead, "dim")
        if line and line[-1][1] == part[1]:
            line[-1] = (line[-1][0] + part[0], part[1])
        else:
            line.append(part)
    return line


def _rates(held: Recording, cells: int, *, ascii_only: bool) -> str:
    """Return the message rate under each cell of the track: the busiest column it covers."""
    if not held.rates or held.span_ms <= 0:
        return " " * cells
    last = len(held.rates) - 1
    values: list[float | None] = []
    for cell in range(cells):
        begin = min(last, int(cell * held.span_ms / cells / held.width_ms))
        end = min(last, int((cell + 1) * held.span_ms / cells / held.width_ms))
        values.append(max(held.rates[begin : end + 1]))
    return spark(values, cells, floor=0, ascii_only=ascii_only)


def _flags_line(held: Recording, where: Track, *, ascii_only: bool) -> Line:
    marks: dict[int, str] = {}
    for mark in held.marks:
        flag = "!" if ascii_only else _FLAGS.get(mark.kind, "⚑")
        marks[cell_of(mark.at_ms, held.span_ms, where.cells)] = flag
    text = "".join(marks.get(cell, " ") for cell in range(where.cells)).rstrip()
    return [(" " * where.first, "plain"), (text, "warn")] if text else []
