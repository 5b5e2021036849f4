import pytest
from tui_support import START_NS, a_status

from ledgerflux.model.units import NANOS_PER_S
from ledgerflux_tui.lines import text_of
from ledgerflux_tui.present.status_line import Held, source_badge, status_line
from ledgerflux_tui.state.connection import Connection
from ledgerflux_tui.state.view_state import ViewState


@pytest.mark.parametrize(
    ("source", "speed", "badge"),
    [("synthetic:200", 1.0, "∿ SYNTH 200"), ("replay:day.lfr", 10.0, "↻ REPLAY 10×"),  # noqa: RUF001
     ("replay:day.lfr", None, "↻ REPLAY max"), ("kraken", 1.0, "● LIVE kraken")],
)  # fmt: skip
def test_where_the_market_comes_from(source, speed, badge):
    connection = Connection(phase="open", source=source, state="healthy")
    assert source_badge(connection, START_NS, START_NS, speed)[0] == badge


def test_what_is_not_there_is_never_called_live():
    gone = Connection(phase="lost", source="coinbase-advanced", state="healthy")
    assert source_badge(gone, START_NS, START_NS)[0] == "✕ DOWN"
    down = Connection(phase="open", source="coinbase-advanced", state="down")
    assert source_badge(down, START_NS, START_NS)[0] == "✕ DOWN"
    silent = Connection(phase="open", source="coinbase-advanced", state="healthy")
    assert source_badge(silent, START_NS, START_NS + 3 * NANOS_PER_S)[0] == "✕ STALE"
    assert source_badge(Connection(), None, START_NS)[0] == "○ CONNECTING"


def told():
    state = ViewState()
    state.connection.opened("ws://host:8000/v1/ws", START_NS)
    state.take_status(a_status(gaps=3), START_NS)
    state.clocks.now_ns = START_NS
    return state


@pytest.mark.parametrize("width", [50, 80, 120, 200])
def test_badge_and_gaps_stay_at_every_width(width):
    text = text_of(status_line(told(), width, held=None, ascii_only=False))
    assert "∿ SYNTH 200" in text
    assert "gaps 3" in text
    assert len(text) <= width


def test_a_lower_pace_a_frozen_picture_and_a_sick_stack_are_said():
    state = told()
    state.clocks.fps = 5
    state.connection.state = "degraded"
    held = Held(START_NS - 3_100_000_000, 15_400)
    text = text_of(status_line(state, 200, held=held, ascii_only=False))
    assert "ui 5 fps (asked 10)" in text
    assert "frozen 3.1 s, 15,400 updates behind" in text
    assert "▲ degraded" in text
    assert text_of(status_line(state, 200, held=held, ascii_only=True)).isascii()
