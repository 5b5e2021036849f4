"""A table whose rows are chosen with keys and mouse, and a panel that tells of the chosen one."""

from typing import Generic, TypeVar

from ledgerflux_tui.panels.cursor import Cursor
from ledgerflux_tui.panels.line_panel import LinePanel

Table = TypeVar("Table", bound="ListPanel")


class ListPanel(LinePanel):
    """A line of titles, and rows below it of which one is chosen.

    A subclass says `count` and `choose`, and asks `cursor` which rows there is room for.
    """

    def __init__(self, id: str) -> None:  # noqa: A002 -- the name it has in the library
        super().__init__(id)
        self.cursor = Cursor()

    @property
    def count(self) -> int:
        """Return how many rows there are to choose from."""
        raise NotImplementedError

    def choose(self, at: int) -> None:
        """Take row `at` as the chosen one."""
        raise NotImplementedError

    def _move(self, step: int) -> None:
        self.cursor.move(step)
        self._take()

    def _take(self) -> None:
        if self.count:
            self.cursor.at = min(self.cursor.at, self.count - 1)
            self.choose(self.cursor.at)

    def act_move_up(self) -> None:
        """Choose the row above."""
        self._move(-1)

    def act_move_down(self) -> None:
        """Choose the row below."""
        self._move(1)

    def act_move_page_up(self) -> None:
        """Go a page up."""
        self._move(-self.cursor.height)

    def act_move_page_down(self) -> None:
        """Go a page down."""
        self._move(self.cursor.height)

    def act_move_first(self) -> None:
        """Choose the first."""
        self._move(-self.cursor.count)

    def act_move_last(self) -> None:
        """Choose the last."""
        self._move(self.cursor.count)

    def clicked(self, x: int, y: int) -> None:
        """A title is taken, or a row chosen."""
        if y == 0:
            self.title_clicked(x)
        elif y > 0:
            self.cursor.move_to(y - 1)
            self._take()

    def title_clicked(self, x: int) -> None:
        """The titles were clicked at column `x`."""


class ChosenPanel(LinePanel, Generic[Table]):
    """Tells of the row that is chosen in `table`; up and down choose there."""

    def __init__(self, id: str, table: Table) -> None:  # noqa: A002
        super().__init__(id)
        self.table = table

    def act_move_up(self) -> None:
        """Choose the row above."""
        self.table.act_move_up()

    def act_move_down(self) -> None:
        """Choose the row below."""
        self.table.act_move_down()
