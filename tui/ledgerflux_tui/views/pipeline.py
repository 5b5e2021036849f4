"""The pipeline: how long each stage takes, and what is lost or waits on the way."""

from textual.app import ComposeResult

from ledgerflux_tui.panels.stages import HistogramPanel, StagesPanel
from ledgerflux_tui.views.base import View


class PipelineView(View):
    """All stages, and below them the latencies of the chosen one."""

    NAME = "pipeline"

    def compose(self) -> ComposeResult:
        """Make the panels."""
        table = StagesPanel("stages")
        yield table
        yield HistogramPanel("histogram", table)

    def act_pipeline_window(self) -> None:
        """Tell of the next longer span of time."""
        self.query_one(StagesPanel).next_window()

    def act_pipeline_histogram(self) -> None:
        """Show or hide the histogram; where there is room for one panel only, go to it or back."""
        table, bars = self.query_one(StagesPanel), self.query_one(HistogramPanel)
        if self.screen.has_class("-narrow"):
            self.remove_class("-plain")
            self._take(table if self.current is bars else bars)
        else:
            self._take(table)
            self.toggle_class("-plain")

    def _take(self, panel: StagesPanel | HistogramPanel) -> None:
        self.went_to(panel)
        self.call_after_refresh(panel.focus)
