from ledgerflux_tui.sources.base import Focus
from ledgerflux_tui.sources.late import LateSource
from ledgerflux_tui.state.view_state import ViewState


class Kept:
    def __init__(self):
        self.calls = []

    async def run(self, state):
        self.calls.append(("run", state))

    async def control(self, action, **params):
        self.calls.append((action, params))
        return "refused"

    def focus(self, focus):
        self.calls.append(("focus", focus))


async def test_it_is_made_once_when_it_is_needed_and_gets_everything():
    made = []

    def make():
        made.append(Kept())
        return made[-1]

    source = LateSource(make)
    assert not made
    state = ViewState()
    await source.run(state)
    source.focus(Focus("BTC-USD"))
    assert await source.control("pause", frames=1) == "refused"
    [kept] = made
    assert kept.calls == [("run", state), ("focus", Focus("BTC-USD")), ("pause", {"frames": 1})]
