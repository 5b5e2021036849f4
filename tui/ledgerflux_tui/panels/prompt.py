"""One line to type into, above the keys."""

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input


class Prompt(Input):
    """Hidden until something is asked; tells what is typed while it is typed.

    Enter keeps it, escape takes it back.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, id: str = "prompt") -> None:  # noqa: A002 -- the name it has in the library
        super().__init__(id=id, compact=True)
        self.display = False
        self._told: Callable[[str], None] | None = None

    def ask(self, text: str, told: Callable[[str], None]) -> None:
        """Ask for a text, `text` to begin with."""
        self._told = None
        self.value = text
        self.placeholder = "text to look for; !text leaves it out"
        self._told = told
        self.display = True
        self.screen.set_focus(self)  # at once: the next key is for it

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what is typed."""
        event.stop()
        if self._told is not None:
            self._told(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep what was typed."""
        event.stop()
        self._close()

    def action_leave(self) -> None:
        """Take back what was typed."""
        if self._told is not None:
            self._told("")
        self._close()

    def on_blur(self, _event: events.Blur) -> None:
        """Whoever goes elsewhere has finished."""
        self._close()

    def _close(self) -> None:
        self._told = None
        if self.display:
            self.display = False
            self.app.action_focus_view()  # type: ignore[attr-defined]
