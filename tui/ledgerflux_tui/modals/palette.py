"""The palette: everything that can be done, found by typing a part of its name."""

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from ledgerflux_tui.lines import Line
from ledgerflux_tui.modals.sheet import SheetPanel
from ledgerflux_tui.panels.cursor import Cursor
from ledgerflux_tui.present.frame import fit

HINT_CHARS_MIN = 3


class Entry(NamedTuple):
    """Something to do: its name, what it is, and how it is done."""

    name: str
    hint: str
    run: Callable[[], object]


def found(entries: Sequence[Entry], text: str) -> list[Entry]:
    """Return the entries that hold every word of `text`, those whose name begins with it first."""
    words = text.casefold().split()
    matching = [entry for entry in entries if all(_holds(entry, word) for word in words)]
    first = text.casefold().strip()
    return sorted(
        matching,
        key=lambda entry: (
            not entry.name.casefold().startswith(first),
            first not in entry.name.casefold(),
        ),
    )


def _holds(entry: Entry, word: str) -> bool:
    """Say whether the name holds `word`; what it is only where the word says something."""
    if word in entry.name.casefold():
        return True
    return len(word) >= HINT_CHARS_MIN and word in entry.hint.casefold()


class PaletteList(SheetPanel):
    """The entries that match, one of them chosen."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__("Palette", [])
        self.can_focus = False
        self._entries = entries
        self._cursor = Cursor()
        self.matching = list(entries)

    @property
    def chosen(self) -> Entry | None:
        """Return the chosen entry."""
        return self.matching[self._cursor.at] if self.matching else None

    def look_for(self, text: str) -> None:
        """Show what matches `text`, the first one chosen."""
        self.matching = found(self._entries, text)
        self._cursor.at = 0
        self.board.pull(self)

    def scroll(self, step: int) -> None:
        """Choose so many entries further down."""
        self._cursor.move(step)
        self.board.pull(self)

    def content(self, state: object, width: int, height: int) -> list[Line]:
        """Return the entries around the chosen one."""
        if not self.matching:
            return [[("nothing of that name", "dim")]]
        ascii_only = self.board.options.ascii_only
        lines: list[Line] = []
        for at in self._cursor.fit(len(self.matching), height):
            entry, chosen = self.matching[at], at == self._cursor.at
            mark = (">" if ascii_only else "▶") if chosen else " "
            line: Line = [(f"{mark} {entry.name:<18} ", "select" if chosen else "plain")]
            lines.append(fit([*line, (entry.hint, "dim")], width, ascii_only=ascii_only))
        return lines

    def clicked(self, x: int, y: int) -> None:
        """Choose and do what was clicked."""
        self._cursor.move_to(y)
        screen = self.screen
        if isinstance(screen, Palette):
            screen.action_take()


class Palette(ModalScreen[Entry | None]):
    """Asks what to do; its result is the entry taken, None for none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding("enter", "take", show=False, priority=True),
    ]

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._list = PaletteList(entries)
        self._early = ""

    def compose(self) -> ComposeResult:
        """Make the line to type into, and the list."""
        yield Input(placeholder="an action, a view, a product, a theme", id="ask", compact=True)
        yield self._list

    def on_mount(self) -> None:
        """Take what was typed before there was a line to type into."""
        self.query_one(Input).value = self._early

    def type(self, text: str) -> None:
        """Take what was typed before the line had the keys: a fast typist loses nothing."""
        if self.is_mounted:
            self.query_one(Input).insert_text_at_cursor(text)
        else:
            self._early += text

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what matches."""
        self._list.look_for(event.value)

    def action_move(self, step: int) -> None:
        """Choose so many entries further down."""
        self._list.scroll(step)

    def action_take(self) -> None:
        """Take the chosen entry."""
        self.dismiss(self._list.chosen)
