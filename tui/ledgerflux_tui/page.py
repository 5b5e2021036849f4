"""docs/dashboard.md: what can be done in each view, and by which keys."""

from ledgerflux_tui.keys import ACTIONS, Action, label
from ledgerflux_tui.views.names import VIEW_TITLES

HEAD = """\
# The dashboard

`lf tui [VIEW]` opens it; `lf tui --once` paints one frame to standard output. Made from the code
by `just docs`. In plain lines, for screen readers, logs and pipes, the same is told by `lf top`,
`lf status` and `lf sub`.

On top stands where the market comes from: `● LIVE` a venue, `↻ REPLAY` a recording, `∿ SYNTH` made
up, `✕ DOWN` no gateway, `✕ STALE` one that says nothing. What is older than 2 s says `STALE` and is
greyed; a book that nothing proves is `live unproven`. Any size from 50 columns and 14 lines on will
do: columns and panels go in a fixed order, prices and states never. `NO_COLOR` and `--ascii` lose
no word.
"""


def dashboard_page() -> str:
    """Return the page."""
    common = [action for action in ACTIONS if not action.views]
    own = [
        (title, [action for action in ACTIONS if name in action.views])
        for name, title in VIEW_TITLES.items()
    ]
    tables = [
        _table(title, actions) for title, actions in (("Everywhere", common), *own) if actions
    ]
    return "\n".join((HEAD, *tables))


def _table(title: str, actions: list[Action]) -> str:
    rows = [
        f"| {' '.join(f'`{label(key)}`' for key in action.keys)} | {action.help} |\n"
        for action in actions
    ]
    return f"## {title}\n\n| keys | what they do |\n| --- | --- |\n{''.join(rows)}"
