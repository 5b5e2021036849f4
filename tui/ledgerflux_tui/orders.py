"""What the dashboard has the stack do: nothing where it only reads."""

from functools import partial
from typing import TYPE_CHECKING

from ledgerflux_tui.modals.confirm import Confirm, when

if TYPE_CHECKING:
    from ledgerflux_tui.app import Dashboard


class Orders:
    """Carries orders to the source of `board`, and says it where one is refused."""

    def __init__(self, board: "Dashboard") -> None:
        self._board = board

    def give(self, action: str, **params: object) -> None:
        """Have the stack do something; nothing where read-only."""
        if not self._board.options.read_only:
            self._board.run_worker(self._ordered(action, params), name="order")

    async def _ordered(self, action: str, params: dict[str, object]) -> None:
        why = await self._board.source.control(action, **params)
        if why:
            self._board.say(why)

    def restart(self, service: str, consequence: str = "") -> None:
        """Ask whether to start a service anew, and do it."""
        question = f"Start {service} anew?"
        order = partial(self.give, "restart", service=service)
        self._board.push_screen(Confirm("Restart", question, consequence), when(order))
