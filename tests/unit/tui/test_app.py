"""The dashboard as its user drives it: keys, views, size classes, freezing, losing the gateway."""

import pytest
from textual.events import Key
from tui_support import PRODUCTS, dashboard, until

from ledgerflux_tui.keys import ACTIONS, actions_of, all_keys
from ledgerflux_tui.views.names import VIEW_TITLES
from ledgerflux_tui.views.registry import VIEWS


async def test_the_overview_shows_its_five_panels_and_both_bars():
    async with dashboard() as screen:
        text = screen.text()
        for title in ("Markets 4", "BTC-USD book live", "Trades BTC-USD", "Shards 2/2", "Pipeline"):
            assert title in text
        assert "∿ SYNTH 200" in screen.lines()[0]
        assert "q Quit" in screen.lines()[-1]
        assert all(product in text for product in PRODUCTS)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_q_leaves(key):
    async with dashboard() as screen:
        await screen.pilot.press(key)
        await until(lambda: screen.app.return_code is not None or not screen.app.is_running)


async def test_ctrl_c_leaves_when_pressed_twice():
    async with dashboard() as screen:
        await screen.press("ctrl+c")
        assert screen.app.is_running
        await screen.shows("ctrl+c again leaves")
        screen.clock.forward(3)
        await screen.press("ctrl+c")
        assert screen.app.is_running, "the first press was too long ago"
        await screen.pilot.press("ctrl+c")
        await until(lambda: not screen.app.is_running)


async def test_the_chosen_product_is_that_of_every_panel():
    async with dashboard() as screen:
        await screen.press("j")
        assert screen.app.state.selected == "ETH-USD"
        screen.clock.forward(1)
        await screen.paint()
        assert screen.crank.focused[-1].product == "ETH-USD"
        await screen.shows("ETH-USD book")
        await screen.press("G")
        assert screen.app.state.selected == "SOL-USD"
        await screen.press("g")
        assert screen.app.state.selected == "ADA-USD"


@pytest.mark.parametrize(("there", "back"), [("pagedown", "pageup"), ("end", "home"), ("G", "g")])
async def test_keys_go_a_page_or_all_the_way(there, back):
    async with dashboard() as screen:
        await screen.press(back)
        assert screen.app.state.selected == "ADA-USD"
        await screen.press(there)
        assert screen.app.state.selected == "SOL-USD"
        await screen.press(back)
        assert screen.app.state.selected == "ADA-USD"


async def test_tab_goes_to_the_next_panel_and_with_shift_back():
    async with dashboard() as screen:
        first = screen.app.current_view.current
        await screen.press("tab")
        await until(lambda: screen.app.current_view.current is not first)
        await screen.press("shift+tab")
        await until(lambda: screen.app.current_view.current is first)


async def test_who_scrolls_past_products_asks_for_none_of_them():
    async with dashboard() as screen:
        screen.clock.forward(1)
        await screen.paint()
        before = len(screen.crank.focused)
        await screen.press("j")
        await screen.press("j")
        assert len(screen.crank.focused) == before
        screen.clock.forward(0.2)
        await screen.paint()
        assert [focus.product for focus in screen.crank.focused[before:]] == ["SOL-USD"]


async def test_a_frozen_picture_stands_and_says_how_far_behind_it_is():
    async with dashboard() as screen:
        await screen.press("space")
        screen.crank.price("BTC-USD", "70000.00")
        screen.clock.forward(3.1)
        screen.crank.status(more_events=15)
        await screen.shows("frozen 3.1 s, 60 updates behind")
        assert "70000.00" not in screen.text()
        await screen.press("space")
        await screen.shows("70000.00")
        assert "frozen" not in screen.text()


async def test_a_lost_gateway_keeps_the_picture_and_says_so():
    async with dashboard() as screen:
        screen.crank.lose()
        screen.crank.lose()
        screen.clock.forward(3)
        await screen.shows("reconnecting, attempt 2")
        assert "✕ DOWN" in screen.text()
        assert "61250.61" in screen.text()
        assert {style for _, style in screen.panel("book")._rows[3][1:-1]} <= {"stale", "plain"}
        screen.crank.all_well()
        await screen.shows("∿ SYNTH 200")


async def test_what_is_older_than_two_seconds_is_marked():
    async with dashboard() as screen:
        assert "STALE" not in screen.text()
        screen.clock.forward(3.2)
        await screen.shows("STALE 3.2 s")
        assert "✕ STALE" in screen.lines()[0]


async def test_an_unproven_book_is_called_so_beside_live():
    async with dashboard() as screen:
        screen.crank.book(integrity="none")
        await screen.shows("BTC-USD book live unproven")


@pytest.mark.parametrize("view", VIEW_TITLES)
async def test_every_view_opens_by_its_key_and_from_the_start(view):
    key = next(action.keys[0] for action in ACTIONS if action.id == f"view.{view}")
    async with dashboard() as screen:
        await screen.press(key)
        assert screen.app.view == view
        assert screen.app.current_view.display
    async with dashboard(view=view) as screen:
        assert screen.app.view == view


def test_the_registry_of_views_and_the_names_are_the_same():
    assert [view.NAME for view in VIEWS] == list(VIEW_TITLES)


@pytest.mark.parametrize("view", VIEW_TITLES)
def test_no_two_actions_of_one_view_share_a_key(view):
    keys = [key for action in actions_of(view) for key in action.keys]
    assert len(keys) == len(set(keys))
    assert set(keys) <= set(all_keys())


@pytest.mark.parametrize("view", VIEW_TITLES)
async def test_every_action_of_a_view_is_in_its_help_and_does_something(view):
    async with dashboard(size=(120, 60), view=view) as screen:
        await screen.press("question_mark")
        for action in actions_of(view):
            assert action.help[:40] in screen.text()
            places = (screen.app._acts, screen.app.current_view, *screen.app.current_view.panels)
            name = f"act_{action.id.replace('.', '_')}"
            known = any(hasattr(place, name) for place in places)
            assert known or action.id.startswith(("view.", "move.")), action.id
        await screen.press("escape")
        assert len(screen.app.screen_stack) == 1


async def test_the_palette_finds_products_and_actions():
    async with dashboard() as screen:
        await screen.press("colon", *"sol", "enter")
        assert screen.app.state.selected == "SOL-USD"
        await screen.press("ctrl+p", *"theme light", "enter")
        assert screen.app.theme == "light"
        await screen.press("colon", *"no such thing")
        await screen.shows("nothing of that name")
        await screen.press("escape")
        assert len(screen.app.screen_stack) == 1


async def test_who_types_fast_loses_no_letter():
    async with dashboard() as screen:
        for name, keys in (("#ask", ":eth"), ("#prompt", "/e!x")):
            for key in keys:
                screen.app.post_message(Key({":": "colon", "/": "slash"}.get(key, key), key))
            await until(lambda name=name: list(screen.app.screen.query(name)))
            await until(
                lambda name=name, text=keys[1:]: screen.app.screen.query_one(name).value == text
            )
            await screen.press("escape")


async def test_a_filter_is_used_while_it_is_typed_and_escape_takes_it_away():
    async with dashboard() as screen:
        await screen.press("slash", *"!btc usd")
        await screen.shows("Markets 3 of 4 / !btc usd")
        await screen.press("enter", "slash", "escape")
        await screen.shows("Markets 4")
        await screen.press("slash", *"eth", "enter")
        await screen.shows("Markets 1 of 4")
        await screen.press("escape")
        await screen.shows("Markets 4")


async def test_sorting_goes_through_the_columns_and_turns_round():
    async with dashboard() as screen:

        def order():
            return [
                line.split()[2 if "▶" in line else 1]
                for line in screen.panel("markets").texts()[2:6]
            ]

        assert order() == sorted(PRODUCTS)
        await screen.press("s")
        assert order() == ["ADA-USD", "SOL-USD", "ETH-USD", "BTC-USD"]
        await screen.press("S")
        assert order() == ["BTC-USD", "ETH-USD", "SOL-USD", "ADA-USD"]


async def test_a_click_chooses_a_market_and_a_click_on_a_title_sorts():
    async with dashboard() as screen:
        markets = screen.panel("markets")
        await screen.pilot.click("#markets", offset=(8, 4))
        await screen.paint()
        assert screen.app.state.selected == "ETH-USD"
        await screen.pilot.click("#markets", offset=(8, 1))
        assert markets.arrangement.reverse


async def test_the_wheel_moves_the_choice():
    from textual.events import MouseScrollDown

    async with dashboard() as screen:
        panel = screen.panel("markets")
        panel.post_message(MouseScrollDown(panel, 5, 5, 0, 1, 0, False, False, False))
        await until(lambda: screen.app.state.selected == "ETH-USD")


async def test_tab_goes_round_the_panels_and_one_can_have_the_whole_view():
    async with dashboard() as screen:
        await screen.press("tab")
        assert screen.app.current_view.current.id == "book"
        await screen.press("f")
        assert screen.panel("book").size.width == 120
        assert "Markets" not in screen.text()
        await screen.press("escape")
        await screen.shows("Markets 4")
        await screen.press("shift+tab")
        assert screen.app.current_view.current.id == "markets"


async def test_size_classes_fold_panels_and_a_tiny_terminal_says_so():
    async with dashboard(size=(80, 24)) as screen:
        assert "shards ●●" in screen.text()
        assert "Shards 2/2" not in screen.text()
        await screen.resize(60, 18)
        assert "Markets 4" in screen.text()
        assert "book" not in screen.text()
        await screen.press("tab")
        await screen.shows("BTC-USD book")
        assert "Markets 4" not in screen.text()
        await screen.resize(38, 9)
        await screen.shows("Terminal too small: 38 x 9")
        for width, height in ((38, 30), (100, 9)):  # too narrow, too flat
            await screen.resize(100, 30)
            await screen.shows_no("too small")
            await screen.resize(width, height)
            await screen.shows(f"Terminal too small: {width} x {height}")
        await screen.resize(120, 36)
        await screen.shows("Shards 2/2")


async def test_ascii_draws_nothing_else():
    async with dashboard(ascii_only=True) as screen:
        assert screen.text().isascii(), [c for c in screen.text() if not c.isascii()]
        assert "~ SYNTH" in screen.text()


async def test_no_color_loses_no_word(monkeypatch):
    async with dashboard() as screen:
        coloured = screen.text()
    monkeypatch.setenv("NO_COLOR", "1")
    async with dashboard(colours=False) as screen:
        assert screen.text() == coloured
        assert screen.app.no_color


async def test_copy_export_and_screenshot(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with dashboard() as screen:
        await screen.press("y")
        assert screen.app.clipboard.startswith("BTC-USD\t61250.61")
        await screen.press("e", "x")
        suffixes = sorted(path.suffix for path in tmp_path.iterdir())
        assert suffixes == [".csv", ".json", ".svg"]
        assert "61250.61" in next(tmp_path.glob("*.csv")).read_text()


async def test_themes_go_round():
    async with dashboard() as screen:
        seen = []
        for _ in range(5):
            await screen.press("T")
            seen.append(screen.app.theme)
        assert seen == ["light", "terminal", "contrast", "colour-blind", "dark"]
