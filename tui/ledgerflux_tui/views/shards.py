"""The shards: who makes which products, how far behind, and what becomes of one that dies."""

from textual.app import ComposeResult

from ledgerflux_tui.panels.shards import ShardDetailPanel, ShardsPanel
from ledgerflux_tui.views.base import View


class ShardsView(View):
    """All shards, and below them the chosen one."""

    NAME = "shards"

    def compose(self) -> ComposeResult:
        """Make the panels."""
        table = ShardsPanel("shards-table")
        yield table
        yield ShardDetailPanel("shard-detail", table)

    def act_list_sort(self) -> None:
        """Sort the table, whichever panel has the keys."""
        self.query_one(ShardsPanel).act_list_sort()

    def act_shards_restart(self) -> None:
        """Ask for a restart, whichever panel has the keys."""
        self.query_one(ShardsPanel).act_shards_restart()

    def act_list_reverse(self) -> None:
        """Turn its order round."""
        self.query_one(ShardsPanel).act_list_reverse()
