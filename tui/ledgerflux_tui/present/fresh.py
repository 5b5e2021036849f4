"""Whether what is shown is of now: every panel asks the same."""

from ledgerflux_tui.lines import Line, Segment
from ledgerflux_tui.present.durations import age_ns, is_stale, stale_mark
from ledgerflux_tui.state.view_state import ViewState


def is_old(state: ViewState) -> bool:
    """Say whether nothing of the picture is of now: the gateway is gone or silent."""
    told_ns = state.pipeline.told_ns
    if told_ns is None:
        return False
    return state.connection.phase == "lost" or is_stale(state.clocks.now_ns - told_ns)


def old_mark(state: ViewState) -> Segment | None:
    """Return the mark of a picture that is not of now, None where it is."""
    if not is_old(state):
        return None
    mark = stale_mark(age_ns(state.pipeline.told_ns, state.clocks.now_ns))
    return mark or ("STALE", "warn")


def message(text: str) -> list[Line]:
    """Return what a panel says that has nothing to show."""
    return [[(f" {text}", "dim")]]
