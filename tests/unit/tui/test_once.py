from tui_support import START_NS, Crank, HandClock, a_status

from ledgerflux_tui import once as module
from ledgerflux_tui.app import Dashboard
from ledgerflux_tui.once import is_ready, painted
from ledgerflux_tui.options import Options
from ledgerflux_tui.state.view_state import ViewState


class Fed(Crank):
    async def run(self, state):
        self.state = state
        self.all_well()
        await super().run(state)


def a_dashboard(kind):
    clock = HandClock()
    return Dashboard(kind(clock), Options(clock="hand"), clock)


async def test_a_frame_is_what_a_terminal_of_that_size_shows():
    text = await painted(a_dashboard(Fed), (100, 30), "text")
    assert text is not None
    lines = text.splitlines()
    assert len(lines) == 30
    assert max(map(len, lines)) <= 100
    assert "BTC-USD book live" in text
    assert "msg/s" in text or "/s" in lines[0]


async def test_a_frame_as_svg():
    svg = await painted(a_dashboard(Fed), (100, 30), "svg")
    assert svg is not None
    assert svg.startswith("<svg")
    assert "Markets" in svg


async def test_where_nothing_is_told_there_is_no_frame(monkeypatch):
    monkeypatch.setattr(module, "READY_MAX_S", 0.1)
    assert await painted(a_dashboard(Crank), (100, 30), "text") is None


def test_a_frame_waits_for_rates_and_a_book():
    state = ViewState()
    assert not is_ready(state)
    state.take_status(a_status(), START_NS)
    state.take_status(a_status(events=5), START_NS + 1)
    assert not is_ready(state)
    state.books.open("ADA-USD", 25).told_ns = START_NS
    assert is_ready(state)
