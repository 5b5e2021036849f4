"""A question above the view: what is about to change, and whether it should."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from ledgerflux_tui.lines import Line
from ledgerflux_tui.modals.sheet import SheetPanel


class Confirm(ModalScreen[bool]):
    """Asks `question`; its result is whether that should be done, which only `y` says."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", show=False),
        Binding("n,escape,q,enter,space", "no", show=False),
    ]

    def __init__(self, title: str, question: str, consequence: str = "") -> None:
        super().__init__()
        lines: list[Line] = [[(question, "plain")]]
        if consequence:
            lines += [[(consequence, "dim")]]
        lines += [
            [],
            [("y", "head"), (" do it   ", "plain"), ("n", "head"), (" leave it", "plain")],
        ]
        self._panel = SheetPanel(title, lines)

    def compose(self) -> ComposeResult:
        """Make the panel."""
        yield self._panel

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(True)

    def action_no(self) -> None:
        """Leave it."""
        self.dismiss(False)


def when(do: Callable[[], object]) -> Callable[[bool | None], None]:
    """Return what takes the answer of a `Confirm`: `do` where it was yes."""

    def take(answer: bool | None) -> None:
        if answer:
            do()

    return take
