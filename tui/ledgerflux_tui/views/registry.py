"""Every view of the dashboard: one file and one line here, and its name in `names`."""

from ledgerflux_tui.views.base import View
from ledgerflux_tui.views.market import MarketView
from ledgerflux_tui.views.overview import OverviewView
from ledgerflux_tui.views.pipeline import PipelineView
from ledgerflux_tui.views.replay import ReplayView
from ledgerflux_tui.views.shards import ShardsView

VIEWS: tuple[type[View], ...] = (
    OverviewView,
    MarketView,
    ShardsView,
    PipelineView,
    ReplayView,
)
