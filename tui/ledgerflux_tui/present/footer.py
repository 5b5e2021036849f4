"""The last line: the keys that are needed most, as many as fit; and help, with all of them."""

from collections.abc import Sequence

from ledgerflux_tui.keys import Action, actions_of, label
from ledgerflux_tui.lines import Line


def footer_line(actions: Sequence[Action], width: int, note: str = "") -> tuple[Line, list[str]]:
    """Return the line, and for each of its cells the id of the action that a click there does.

    `note` stands in place of the actions while there is something to say.
    """
    if note:
        return [(f" {note}"[:width], "warn")], []
    line: Line = []
    ids: list[str] = []
    for action in actions:
        if not action.footer:
            continue
        key, word = label(action.keys[0]), action.word
        if len(ids) + len(key) + len(word) + 3 > width:
            break
        line += [(f" {key}", "head"), (f" {word} ", "dim")]
        ids += [action.id] * (len(key) + len(word) + 3)
    return line, ids


def help_lines(view: str, title: str, *, read_only: bool) -> list[Line]:
    """Return every action of a view, its own first, then those of all views."""
    actions = actions_of(view, read_only=read_only)
    lines: list[Line] = []
    for heading, shown in (
        (title, [one for one in actions if one.views]),
        ("Everywhere", [one for one in actions if not one.views]),
    ):
        if not shown:
            continue
        lines += [*([[]] if lines else []), [(heading, "head")]]
        for action in shown:
            keys = " ".join(label(key) for key in action.keys)
            lines.append([(f"  {keys:<12}", "select"), (action.help, "plain")])
    return lines
