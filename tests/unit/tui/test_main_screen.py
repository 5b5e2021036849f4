from tui_support import dashboard

from ledgerflux_tui.keys import all_keys
from ledgerflux_tui.main_screen import ALWAYS, MainScreen


async def test_every_key_of_the_registry_is_bound_and_those_that_leave_come_first():
    bound = {binding.key: binding for binding in MainScreen.BINDINGS}
    assert set(bound) == set(all_keys())
    assert {key for key, binding in bound.items() if binding.priority} == set(ALWAYS)
    assert not any(binding.show for binding in bound.values())


async def test_the_screen_as_text_is_what_is_painted_without_blanks_at_the_ends():
    async with dashboard() as screen:
        lines = screen.app.as_text().splitlines()
        assert [line.rstrip() for line in screen.lines()] == lines
        assert lines[-1].strip()
