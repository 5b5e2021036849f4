"""The stages of the pipeline as a table, and the latencies of the chosen one as bars."""

from ledgerflux.core.histogram import percentile_ms
from ledgerflux_tui.lines import Line, number
from ledgerflux_tui.panels.list_panel import ChosenPanel, ListPanel
from ledgerflux_tui.present.histogram import histogram_lines
from ledgerflux_tui.present.stages import (
    SHARES,
    WINDOWS_S,
    aim_line,
    clients_line,
    figures,
    head,
    losses_line,
    ms,
    stage_columns,
    stage_line,
    stage_names,
)
from ledgerflux_tui.state.pipeline import Pipeline, Window
from ledgerflux_tui.state.view_state import ViewState

NO_STATUS = "no status yet"
NO_STAGES = "this gateway does not tell of stages"


class StagesPanel(ListPanel):
    """One line a stage, the whole way last; the chosen one is the one of the histogram."""

    hz = 5.0

    def __init__(self, id: str) -> None:  # noqa: A002 -- the name it has in the library
        super().__init__(id)
        self.window_s = WINDOWS_S[0]
        self.chosen: str | None = None
        self._names: list[str] = []

    def title(self, state: ViewState) -> Line:
        """Return of which span of time it tells."""
        return [("Latency by stage, ms", "head"), (f"  {self._span(state.pipeline)}", "dim")]

    def _span(self, pipeline: Pipeline) -> str:
        if self.window_s <= WINDOWS_S[0]:
            return f"last {self.window_s} s, the slowest process"
        looks = pipeline.looks
        known_s = (looks[-1].at_ns - looks[0].at_ns) / 1e9 if looks else 0.0
        part = f" ({known_s:.0f} s so far)" if known_s < self.window_s - 1 else ""
        return f"last {span_word(self.window_s)}{part}, all processes"

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the table, and below it what is held to the aim, lost, and not kept up with."""
        pipeline, ascii_only = state.pipeline, self.board.options.ascii_only
        if pipeline.sample is None:
            return [[(NO_STATUS, "dim")]]
        status = pipeline.sample.status
        below: list[Line] = [aim_line(pipeline, ascii_only=ascii_only), clients_line(status)]
        below.append(losses_line(status))
        self._names = stage_names(status)
        if not self._names:
            return [[(NO_STAGES, "dim")], [], *below]
        if self.chosen in self._names:
            self.cursor.at = self._names.index(self.chosen)
        elif self.chosen is None:
            self.cursor.at = len(self._names) - 1
        shown = self.cursor.fit(len(self._names), height - 1)
        self.chosen = self._names[self.cursor.at]
        columns = stage_columns(width)
        table = [head(columns, width)]
        for at in shown:
            name = self._names[at]
            chosen = name == self.chosen
            table.append(
                stage_line(
                    pipeline, name, columns, width, self.window_s,
                    chosen=chosen, ascii_only=ascii_only,
                )
            )  # fmt: skip
        room = height - len(table)
        return [*table, *([[]] if room > len(below) else []), *below][:height]

    def export_rows(self, state: ViewState) -> list[dict[str, object]]:
        """Return every stage as the gateway tells it, with the percentiles of the span shown."""
        sample = state.pipeline.sample
        if sample is None:
            return []
        rows = {str(row["stage"]): row for row in sample.status.get("stages", ())}
        return [
            {
                "stage": name,
                **{key: rows.get(name, {}).get(key) for key in ("in_per_s", "out_per_s")},
                **{f"{key}_ms": value for key, value in self._figures(state, name).items()},
                **{key: rows.get(name, {}).get(key) for key in ("queue", "queue_unit", "errors")},
                "window_s": self.window_s,
            }
            for name in stage_names(sample.status)
        ]

    def _figures(self, state: ViewState, name: str) -> dict[str, float | None]:
        return figures(state.pipeline, name, self.window_s)

    # -- keys and mouse --------------------------------------------------------------------

    def next_window(self) -> None:
        """Tell of the next longer span, after the longest of the shortest."""
        at = WINDOWS_S.index(self.window_s)
        self.window_s = WINDOWS_S[(at + 1) % len(WINDOWS_S)]
        self.board.pull_all()

    @property
    def count(self) -> int:
        """Return how many stages are listed."""
        return len(self._names)

    def choose(self, at: int) -> None:
        """Show the latencies of a listed stage."""
        self.chosen = self._names[at]
        self.board.pull_all()


class HistogramPanel(ChosenPanel[StagesPanel]):
    """The latencies of the stage that is chosen in `table`, counted over its span of time."""

    hz = 2.0

    def _window(self, state: ViewState) -> Window:
        return state.pipeline.window(self.table.chosen or "", self.table.window_s)

    def title(self, state: ViewState) -> Line:
        """Return of which stage and how many, with percentiles of just these."""
        counts, seconds = self._window(state)
        line: Line = [
            (self.table.chosen or "Histogram", "head"),
            (f"  {number(sum(counts))} in {seconds:.0f} s, by ms", "dim"),
        ]
        for name, share in SHARES.items():
            word = name.replace("p999", "p99.9")
            line += [(f"  {word} ", "dim"), (ms(percentile_ms(counts, share)), "plain")]
        return line

    def content(self, state: ViewState, width: int, height: int) -> list[Line]:
        """Return the bars and their scale."""
        counts = self._window(state).counts
        return histogram_lines(counts, width, height, ascii_only=self.board.options.ascii_only)


def span_word(seconds: int) -> str:
    """Return a span of time as people say it: `60 s`, `5 min`."""
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
