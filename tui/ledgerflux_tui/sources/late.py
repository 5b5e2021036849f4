"""A source made when it is first needed: loading a client takes as long as a first frame."""

from collections.abc import Callable

from ledgerflux_tui.sources.base import Focus, Source
from ledgerflux_tui.state.view_state import ViewState


class LateSource:
    """`Source` that `make` makes, once."""

    def __init__(self, make: Callable[[], Source]) -> None:
        self._make = make
        self._made: Source | None = None

    @property
    def _source(self) -> Source:
        if self._made is None:
            self._made = self._make()
        return self._made

    async def run(self, state: ViewState) -> None:
        """Feed `state`; see `Source.run`."""
        await self._source.run(state)

    async def control(self, action: str, **params: object) -> str:
        """Have the stack do something; see `Source.control`."""
        return await self._source.control(action, **params)

    def focus(self, focus: Focus) -> None:
        """Follow another product; see `Source.focus`."""
        self._source.focus(focus)
