"""The replay: the scrubber, and the line of it above other views."""

from ledgerflux.core.seek_target import Seek
from ledgerflux.model.units import NANOS_PER_MS
from ledgerflux_tui.lines import Line
from ledgerflux_tui.modals.goto import Goto
from ledgerflux_tui.panels.bars import BarPanel
from ledgerflux_tui.panels.line_panel import LinePanel
from ledgerflux_tui.present.replay import (
    TRACK_LINE,
    bar_line,
    next_mark,
    next_speed,
    place_of,
    replay_lines,
    track,
)
from ledgerflux_tui.state.view_state import ViewState
from ledgerflux_tui.view import rate_of


class ReplayPanel(LinePanel):
    """Where the recording is, and the keys and clicks that move it."""

    hz = 5.0
    held = False

    def title(self, state: ViewState) -> Line:
        """Return its name."""
        return [("Replay control" if state.replay.plays else "Replay", "head")]

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the scrubber, or why there is none."""
        ascii_only = self.board.options.ascii_only
        sample = state.pipeline.sample
        rate = None if sample is None else rate_of(sample.status)
        return replay_lines(state.replay, rate, width, height, ascii_only=ascii_only)

    def clicked(self, x: int, y: int) -> None:
        """Go where the track was clicked."""
        held = self.board.state.replay.recording
        if held is None or y not in (TRACK_LINE, TRACK_LINE + 1) or self.board.options.read_only:
            return
        width = self.size.width - (4 if self.size.width > 60 else 2)
        where = track(held, width)
        cell = x - where.first
        if 0 <= cell < where.cells:
            self._seek(at_ms=place_of(cell, held.span_ms, where.cells))

    def act_replay_pause(self) -> None:
        """Pause, or go on."""
        self._order("resume" if self.board.state.replay.paused else "pause")

    def act_replay_step(self) -> None:
        """Let one frame out."""
        self._order("step")

    def act_replay_step_more(self) -> None:
        """Let ten frames out."""
        self._order("step", count=10)

    def act_replay_back(self) -> None:
        """Go back 10 s."""
        self._seek(by_ms=-10_000)

    def act_replay_forward(self) -> None:
        """Go 10 s further."""
        self._seek(by_ms=10_000)

    def act_replay_far_back(self) -> None:
        """Go back a minute."""
        self._seek(by_ms=-60_000)

    def act_replay_far_forward(self) -> None:
        """Go a minute further."""
        self._seek(by_ms=60_000)

    def act_replay_slower(self) -> None:
        """Take the next lower speed."""
        self._pace(-1)

    def act_replay_faster(self) -> None:
        """Take the next higher speed."""
        self._pace(1)

    def act_replay_goto(self) -> None:
        """Ask for a place, and go there."""
        held = self.board.state.replay.recording
        if held is None:
            self.board.say("only a recording can be moved")
            return
        self.board.push_screen(Goto(held), self._went)

    def act_replay_next_mark(self) -> None:
        """Go to the next break."""
        self._to_mark(1)

    def act_replay_previous_mark(self) -> None:
        """Go to the break before."""
        self._to_mark(-1)

    def _to_mark(self, step: int) -> None:
        mark = next_mark(self.board.state.replay, step)
        if mark is None:
            self.board.say("no break is further on" if step > 0 else "no break is before")
            return
        self._seek(at_ms=mark.at_ms)

    def _went(self, seek: Seek | None) -> None:
        if seek is None:
            return
        words = zip(("to_ms", "at_ms", "by_ms"), seek, strict=True)
        self._seek(**{name: ns // NANOS_PER_MS for name, ns in words if ns is not None})

    def _pace(self, step: int) -> None:
        replay = self.board.state.replay
        speed = next_speed(replay.speed, step)
        replay.speed = speed  # what is pressed again meanwhile counts from here
        self._order("speed", speed="max" if speed is None else speed)

    def _seek(self, **place: int) -> None:
        if "seek" not in self.board.state.replay.can:
            self.board.say("only a recording can be moved")
            return
        self._order("seek", **place)

    def _order(self, action: str, **params: object) -> None:
        if action not in self.board.state.replay.can:
            self.board.say("this source can't be controlled: lf up --source replay:FILE")
            return
        self.board.orders.give(action, **params)


class ReplayBar(BarPanel):
    """The replay in one line above other views; a click opens its own."""

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the line."""
        ascii_only = self.board.options.ascii_only
        return [bar_line(state.replay, width, ascii_only=ascii_only)]

    def clicked(self, x: int, y: int) -> None:
        """Show the replay."""
        self.board.show("replay")
