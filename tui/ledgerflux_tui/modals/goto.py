"""Asks for a place of the recording."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from ledgerflux.core.seek_target import Seek
from ledgerflux.core.seek_text import FORMS, read_seek
from ledgerflux.model.units import NANOS_PER_MS
from ledgerflux_tui.lines import Line
from ledgerflux_tui.modals.sheet import SheetPanel
from ledgerflux_tui.state.replay import Recording


class Goto(ModalScreen[Seek | None]):
    """Its result is the place that was written, None where nothing was."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", show=False)]

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording
        self._panel = SheetPanel("Go to", [[(FORMS, "dim")]])

    def compose(self) -> ComposeResult:
        """Make the line to type into, and what may be typed."""
        yield Input(placeholder="a place of the recording", id="ask", compact=True)
        yield self._panel

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the place; what is none is said, and asked for again."""
        held = self._recording
        found = read_seek(event.value.strip(), held.span_ms * NANOS_PER_MS, held.begin_ns)
        if found is not None:
            self.dismiss(found)
            return
        lines: list[Line] = [
            [(f"{event.value!r} is no place of this recording", "bad")],
            [(FORMS, "dim")],
        ]
        self._panel.show(lines)
