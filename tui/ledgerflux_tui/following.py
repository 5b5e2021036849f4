"""Which details are asked for: those of the selected product, once it is settled. No I/O."""

from ledgerflux_tui.sources.base import Focus, Source

SETTLED_NS = 150_000_000
"""How long a product must be selected before its details are asked for: who scrolls passes many."""


class Following:
    """`focus` is what `source` was asked for last."""

    def __init__(self, source: Source) -> None:
        self.focus = Focus("")
        self._source = source
        self._selected: str | None = None
        self._since_ns = 0

    def settle(self, selected: str | None, now_ns: int) -> None:
        """Take which product is selected at `now_ns` (UTC); the first is followed at once."""
        if selected != self._selected:
            self._selected, self._since_ns = selected, now_ns
        if selected is None or selected == self.focus.product:
            return
        if not self.focus.product or now_ns - self._since_ns >= SETTLED_NS:
            self.look_at(self.focus._replace(product=selected))

    def look_at(self, focus: Focus) -> None:
        """Follow a product's details, as deep and in candles as long as `focus` says."""
        self.focus = focus
        self._source.focus(focus)
