"""The replay."""

from textual.app import ComposeResult

from ledgerflux_tui.panels.book import BookPanel
from ledgerflux_tui.panels.replay import ReplayPanel
from ledgerflux_tui.panels.tape import TapePanel
from ledgerflux_tui.views.base import View


class ReplayView(View):
    """The scrubber, and what a step or a seek does to the selected product."""

    NAME = "replay"

    def compose(self) -> ComposeResult:
        """Make the panels."""
        yield ReplayPanel("replay-control")
        yield BookPanel("replay-book")
        yield TapePanel("replay-tape")

    def __getattr__(self, name: str) -> object:
        """Let the scrubber have the keys of the replay, whichever panel has the focus."""
        if name.startswith("act_replay_"):
            return getattr(self.query_one(ReplayPanel), name)
        raise AttributeError(name)
