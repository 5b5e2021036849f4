"""Every action of the dashboard: its keys, its words, and where it works.

Bindings, footer, help, palette and the documentation's table are made from `ACTIONS`. No
terminal is needed to read it. A new action is a row here and a method `act_<id>` (dots become
underscores) of a panel, its view or the dashboard, found in this order.
"""

from dataclasses import dataclass
from typing import Literal

Impact = Literal["ro", "rw"]


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key does.

    Attributes:
        id: Its stable name, `panel.full`.
        keys: What is pressed, in the names of the terminal library; the first is shown.
        word: What the footer calls it.
        help: One sentence.
        views: Names of the views it works in; empty: all.
        except_in: Views in which its keys mean something else.
        impact: `rw` changes the stack, is asked for and absent with `--read-only`.
        footer: Whether the footer shows it where there is room.
    """

    id: str
    keys: tuple[str, ...]
    word: str
    help: str
    views: tuple[str, ...] = ()
    except_in: tuple[str, ...] = ()
    impact: Impact = "ro"
    footer: bool = False

    def works_in(self, view: str) -> bool:
        """Say whether it works in `view`."""
        return view not in self.except_in and (not self.views or view in self.views)


EVERYWHERE = (
    Action("app.quit", ("q", "ctrl+q"), "Quit", "Leave the dashboard; the stack runs on.",
           footer=True),
    Action("app.quit_twice", ("ctrl+c",), "Quit", "Leave the dashboard when pressed twice."),
    Action("app.help", ("question_mark",), "Help", "Show every key of this view.", footer=True),
    Action("app.palette", ("colon", "ctrl+p"), "Palette",
           "Find an action, a view, a product or a theme by its name.", footer=True),
    Action("app.freeze", ("space",), "Freeze",
           "Hold the picture; counting goes on, and the banner says how far behind it is.",
           except_in=("replay",), footer=True),
    Action("app.theme", ("T",), "Theme", "Take the next theme."),
    Action("app.screenshot", ("x",), "Shot", "Write the screen as an SVG into this directory."),
    Action("panel.next", ("tab",), "Next panel", "Go to the next panel."),
    Action("panel.previous", ("shift+tab",), "Previous panel", "Go to the panel before."),
    Action("panel.full", ("f",), "Full", "Give the panel the whole view, or give it back.",
           footer=True),
    Action("panel.copy", ("y",), "Copy", "Copy the chosen row, or the panel, to the clipboard.",
           footer=True),
    Action("panel.export", ("e",), "Export",
           "Write the panel's rows as CSV and JSON into this directory."),
    Action("app.back", ("escape",), "Back",
           "Give a full panel back, take a filter away, or go back to the view before."),
    Action("move.up", ("up", "k"), "Up", "Go one row up."),
    Action("move.down", ("down", "j"), "Down", "Go one row down."),
    Action("move.page_up", ("pageup",), "Page up", "Go one page up."),
    Action("move.page_down", ("pagedown",), "Page down", "Go one page down."),
    Action("move.first", ("g", "home"), "First", "Go to the first row.", except_in=("replay",)),
    Action("move.last", ("G", "end"), "Last", "Go to the last row."),
)  # fmt: skip
VIEW_KEYS = (
    Action("view.overview", ("1",), "Overview", "Show all markets, one book, and the stack."),
    Action(
        "view.market",
        ("2",),
        "Market",
        "Show one product: its book, its candles, its trades, and how far to trust them.",
    ),
    Action("view.shards", ("3",), "Shards", "Show who makes which products, and how far behind."),
    Action("view.pipeline", ("4",), "Pipeline", "Show how long each stage takes."),
    Action("view.replay", ("7",), "Replay", "Show how far the source is, and move it."),
)
OVERVIEW = (
    Action("list.filter", ("slash",), "Filter",
           "Show only the rows that hold a text; `!text` leaves them out.",
           views=("overview",), footer=True),
    Action("list.sort", ("s",), "Sort", "Sort by the next column.",
           views=("overview", "shards"), footer=True),
    Action("market.open", ("enter",), "Open", "Show the chosen market in a view of its own.",
           views=("overview",), footer=True),
    Action("list.reverse", ("S",), "Reverse", "Turn the order round.",
           views=("overview", "shards")),
)  # fmt: skip
MARKET = (
    Action("market.layout", ("v",), "Layout",
           "Show the book stacked, or on one axis of prices (DOM).",
           views=("market",), footer=True),
    Action("market.depth", ("d",), "Depth", "Show 5, 10, 20 or 50 levels of each side.",
           views=("market",), footer=True),
    Action("market.coarser", ("equals_sign", "plus"), "Group",
           "Group prices more: the next of 1, 2, 5, 10 ... ticks.", views=("market",), footer=True),
    Action("market.finer", ("minus",), "Ungroup", "Group prices less.", views=("market",)),
    Action("market.shorter", ("left_square_bracket",), "Shorter candles",
           "Show candles of a shorter time.", views=("market",)),
    Action("market.longer", ("right_square_bracket",), "Candles",
           "Show candles of a longer time.", views=("market",), footer=True),
    Action("market.minimum", ("m",), "Min size",
           "Leave out trades below the next power of ten, then none.",
           views=("market",), footer=True),
    Action("market.centre", ("c",), "Centre",
           "Take away the cursor, which tells what a sweep costs.",
           views=("market",), footer=True),
)  # fmt: skip
SHARDS = (
    Action("shards.restart", ("r",), "Restart",
           "Start the chosen shard's service anew, after a question.",
           views=("shards",), impact="rw", footer=True),
)  # fmt: skip
PIPELINE = (
    Action("pipeline.window", ("w",), "Window",
           "Tell percentiles and histogram of the last 10 s, 60 s or 5 min.",
           views=("pipeline",), footer=True),
    Action("pipeline.histogram", ("h",), "Histogram", "Show or hide the histogram of the stage.",
           views=("pipeline",), footer=True),
)  # fmt: skip
REPLAY = tuple(
    Action(
        f"replay.{name}",
        keys,
        word,
        text,
        views=("replay",),
        impact="rw",
        footer=name not in ("step_more", "far_back", "far_forward", "previous_mark"),
    )
    for name, keys, word, text in (
        ("pause", ("space",), "Pause", "Let the market stand, or go on."),
        ("step", ("full_stop",), "Step", "Let one frame out, and stand."),
        ("step_more", ("comma",), "Step 10", "Let ten frames out, and stand."),
        ("back", ("left_square_bracket",), "-10 s", "Go back ten seconds."),
        ("forward", ("right_square_bracket",), "+10 s", "Go ten seconds further."),
        ("far_back", ("left_curly_bracket",), "-1 min", "Go back a minute."),
        ("far_forward", ("right_curly_bracket",), "+1 min", "Go a minute further."),
        ("slower", ("minus",), "Slower", "Take the next lower speed."),
        ("faster", ("plus", "equals_sign"), "Faster", "Take the next higher speed, at last max."),
        ("goto", ("g",), "Go to", "Ask for a time or a distance, and go there."),
        ("next_mark", ("n",), "Next break", "Go to the next gap or reconnect of the recording."),
        ("previous_mark", ("N",), "Break before", "Go to the one before."),
    )
)
ACTIONS: tuple[Action, ...] = (
    *EVERYWHERE,
    *VIEW_KEYS,
    *OVERVIEW,
    *MARKET,
    *SHARDS,
    *PIPELINE,
    *REPLAY,
)

_LABELS = {
    "question_mark": "?", "colon": ":", "slash": "/", "comma": ",", "full_stop": ".",
    "left_square_bracket": "[", "right_square_bracket": "]", "left_curly_bracket": "{",
    "right_curly_bracket": "}", "minus": "-", "equals_sign": "=", "plus": "+",
    "exclamation_mark": "!", "up": "↑", "down": "↓", "left": "←", "right": "→",
    "escape": "esc", "pageup": "PgUp", "pagedown": "PgDn", "enter": "Enter", "tab": "Tab",
    "shift+tab": "S-Tab", "home": "Home", "end": "End",
}  # fmt: skip


def label(key: str) -> str:
    """Return a key as people know it."""
    return _LABELS.get(key, key)


def actions_of(view: str, *, read_only: bool = False) -> list[Action]:
    """Return what can be done in `view`, its own before what works everywhere."""
    found = [one for one in ACTIONS if one.works_in(view)]
    allowed = [one for one in found if one.impact == "ro" or not read_only]
    return sorted(allowed, key=lambda one: not one.views)


def find(view: str, key: str, *, read_only: bool = False) -> Action | None:
    """Return what `key` does in `view`, None for nothing."""
    return next((one for one in actions_of(view, read_only=read_only) if key in one.keys), None)


def all_keys() -> list[str]:
    """Return every key that does something in some view."""
    return list(dict.fromkeys(key for action in ACTIONS for key in action.keys))
