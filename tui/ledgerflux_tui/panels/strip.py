"""The pipeline in a strip: two lines in a frame, or one line without, where there is no room."""

from ledgerflux_tui.lines import Line
from ledgerflux_tui.panels.line_panel import LinePanel
from ledgerflux_tui.present.frame import fit
from ledgerflux_tui.present.fresh import message
from ledgerflux_tui.present.strip import folded_line, losses_line, stages_line
from ledgerflux_tui.state.view_state import ViewState


class StripPanel(LinePanel):
    """Stages and losses; where it is one line high, shards too."""

    hz = 2.0

    def title(self, state: ViewState) -> Line:
        """Return its name."""
        return [("Pipeline", "head")]

    def draw(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return all lines of the panel."""
        if height > 2:
            return super().draw(state, width, height)
        ascii_only = self.board.options.ascii_only
        line = folded_line(state.shards.rows, state.pipeline.sample, ascii_only=ascii_only)
        return [fit(line, width, ascii_only=ascii_only) for line in self._dim(state, [line])]

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the stages, and what was lost."""
        sample = state.pipeline.sample
        if sample is None:
            return message("no status yet")
        problems: list[Line] = [
            [("! ", "bad"), (text, "plain")] for text in state.connection.problems
        ]
        lines = [
            stages_line(sample, ascii_only=self.board.options.ascii_only),
            losses_line(sample),
            *problems,
        ]
        return lines[:height]
