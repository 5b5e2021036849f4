import re

from textual.app import App
from textual.widgets import Static

from ledgerflux_tui.svg import FONTS, selfcontained


class Small(App[None]):
    def compose(self):
        yield Static("BTC-USD")


async def test_a_screen_loads_nothing_and_keeps_its_words():
    async with Small().run_test(size=(20, 3)) as pilot:
        exported = pilot.app.export_screenshot()
    assert "url(" in exported, "the library's own loads fonts"
    found = selfcontained(exported)
    assert "@font-face" not in found
    assert not re.search(r'url\("?http', found)
    assert "BTC-USD" in found
    assert FONTS in found
    assert "Fira Code" not in found
