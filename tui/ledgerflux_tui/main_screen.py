"""The one screen with the views: what keys it listens to, and itself as text."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from ledgerflux_tui.keys import all_keys

ALWAYS = ("ctrl+c", "ctrl+q")


class MainScreen(Screen[None]):
    """The screen with the views; every key of the registry is bound here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"app.press('{key}')", show=False, priority=key in ALWAYS)
        for key in all_keys()
    ]
    AUTO_FOCUS = None

    def as_text(self) -> str:
        """Return everything it shows, as text."""
        strips = self._compositor.render_strips()
        return "".join(f"{strip.text.rstrip()}\n" for strip in strips)
