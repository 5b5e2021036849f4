"""The base of every view."""

from typing import ClassVar

from textual.containers import Container
from textual.widget import Widget

from ledgerflux_tui.panels.line_panel import LinePanel


class View(Container):
    """Panels side by side; in a narrow terminal one at a time.

    A subclass composes panels in the order in which `tab` visits them. Methods named
    `act_...` are what keys do in it (see `ledgerflux_tui.keys`).
    """

    NAME: ClassVar[str]
    """What the registry, the keys and the command line call it."""

    def __init__(self) -> None:
        super().__init__(id=self.NAME)
        self._current = 0
        self._panels: list[LinePanel] = []

    @property
    def panels(self) -> list[LinePanel]:
        """Return its panels in order: those it was composed of."""
        if not self._panels:
            self._panels = list(self.query(LinePanel))
        return self._panels

    @property
    def current(self) -> LinePanel:
        """Return the panel that keys go to."""
        panels = [panel for panel in self.panels if panel.can_focus]
        return panels[self._current % len(panels)]

    def on_mount(self) -> None:
        """Begin with the first panel."""
        self.current.add_class("-current")

    def went_to(self, panel: LinePanel) -> None:
        """A panel has the focus: it is the one that stays where there is room for one only."""
        panels = [one for one in self.panels if one.can_focus]
        if panel not in panels:
            return
        self.current.remove_class("-current")
        self._current = panels.index(panel)
        panel.add_class("-current")

    def _go(self, step: int) -> None:
        panels = [panel for panel in self.panels if panel.can_focus]
        alone = self.screen.has_class("-narrow") or self.has_class("-full")
        for distance in range(1, len(panels) + 1):
            panel = panels[(self._current + step * distance) % len(panels)]
            if alone or _shown(panel):
                self.went_to(panel)
                self.call_after_refresh(panel.focus)
                return

    def act_panel_next(self) -> None:
        """Go to the next panel."""
        self._go(1)

    def act_panel_previous(self) -> None:
        """Go to the panel before."""
        self._go(-1)

    def act_panel_full(self) -> None:
        """Give the panel the whole view, or give it back."""
        self.toggle_class("-full")


def _shown(panel: Widget) -> bool:
    return bool(panel.display and panel.size.area)
