"""The line on top: where it comes from, how it does, and the time."""

from typing import NamedTuple

from ledgerflux.model.units import rfc3339
from ledgerflux_tui import view
from ledgerflux_tui.lines import NOTHING, Line, Segment, Style, number
from ledgerflux_tui.present.durations import duration, is_stale
from ledgerflux_tui.present.fresh import is_old
from ledgerflux_tui.present.plain import in_ascii
from ledgerflux_tui.present.replay import speed_text
from ledgerflux_tui.state.connection import Connection
from ledgerflux_tui.state.view_state import ViewState


class Held(NamedTuple):
    """A picture that is held: since when, and how many events came since then."""

    since_ns: int
    events: int


def source_badge(
    connection: Connection, told_ns: int | None, now_ns: int, speed: float | None = 1.0
) -> Segment:
    """Return what the market is: live, a replay and its speed, made up, or not there."""
    if connection.phase == "connecting" and told_ns is None:
        return "○ CONNECTING", "warn"
    if connection.phase == "lost" or connection.state == "down":
        return "✕ DOWN", "bad"
    if told_ns is None or is_stale(now_ns - told_ns):
        return "✕ STALE", "bad"
    kind, _, rest = connection.source.partition(":")
    if kind == "synthetic":
        return f"∿ SYNTH {rest}".rstrip(), "warn"
    if kind == "replay":
        return f"↻ REPLAY {speed_text(speed)}", "warn"
    return f"● LIVE {connection.source}", "good"


def status_line(state: ViewState, width: int, *, held: Held | None, ascii_only: bool) -> Line:
    """Return the line in at most `width` cells: what matters least goes first.

    The badge, what is wrong, and the gaps always stay.
    """
    parts = _parts(state, held, short=width < 120)
    clock = _clock(state.clocks.now_ns)
    while len(parts) > 1 and _width(parts) + len(clock[0]) + 2 > width:
        least = max(rank for rank, _ in parts)
        if least == 0:
            break
        parts = [part for part in parts if part[0] != least]
    line: Line = [(" ", "plain")]
    for _, part in parts:
        line += [*part, ("  ", "plain")]
    room = width - sum(len(text) for text, _ in line) - len(clock[0]) - 1
    if room >= 0:
        line += [(" " * room, "plain"), clock]
    return in_ascii([line])[0] if ascii_only else line


def _parts(state: ViewState, held: Held | None, *, short: bool) -> list[tuple[int, Line]]:
    connection, clocks = state.connection, state.clocks
    told_ns, speed = state.pipeline.told_ns, state.replay.speed
    badge = source_badge(connection, told_ns, clocks.now_ns, speed)
    parts: list[tuple[int, Line]] = [
        (3, [("LF" if short else "LedgerFlux", "head")]),
        (6, [(_host(connection.gateway), "dim")]),
        (0, [badge]),
    ]
    if held is not None:
        text = f"frozen {duration(clocks.now_ns - held.since_ns)}, {held.events:,} updates behind"
        parts.append((0, [(text, "warn")]))
    if connection.phase == "lost":
        parts.append((0, [(f"reconnecting, attempt {connection.attempt}", "bad")]))
    parts += _figures(state, short=short)
    if connection.state == "degraded":
        parts.append((2, [("▲ degraded", "warn")]))
    if clocks.fps < clocks.fps_asked:
        parts.append((1, [(f"ui {clocks.fps:.0f} fps (asked {clocks.fps_asked:.0f})", "warn")]))
    else:
        parts.append((5, [(f"ui {clocks.fps:.0f} fps", "dim")]))
    return [part for part in parts if part[1][0][0]]


def _figures(state: ViewState, *, short: bool) -> list[tuple[int, Line]]:
    sample = state.pipeline.sample
    if sample is None:
        return []
    plain: Style = "stale" if is_old(state) else "plain"
    found: list[tuple[int, Line]] = [
        (2 if text.startswith("p99") else 4, [(text, plain)])
        for text in view.latencies(sample.status)
    ]
    rate = number(view.rate_of(sample.status))
    found.append((1, [(f"{rate}/s" if short else f"{rate} msg/s", plain)]))
    gaps = state.connection.gaps
    text = f"gaps {NOTHING if gaps is None else gaps}"
    found.append((0, [(text, "bad" if gaps else plain)]))
    return found


def _host(gateway: str) -> str:
    return gateway.partition("//")[2].partition("/")[0]


def _clock(now_ns: int) -> Segment:
    return rfc3339(now_ns)[11:19], "dim"


def _width(parts: list[tuple[int, Line]]) -> int:
    return 1 + sum(len(text) for _, part in parts for text, _ in part) + 2 * len(parts)
