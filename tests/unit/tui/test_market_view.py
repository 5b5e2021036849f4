"""The market view as its user drives it: book, cursor, groups, candles, trades, health."""

import json
from decimal import Decimal

import msgspec
import pytest
from tui_support import a_bar, dashboard, until


async def market(screen):
    await screen.press("2")
    await screen.shows("BTC-USD DOM live")
    return screen.panel("depth")


async def test_enter_opens_the_chosen_market_and_escape_goes_back():
    async with dashboard() as screen:
        await screen.press("enter")
        assert screen.app.view == "market"
        for title in ("BTC-USD DOM live", "1m candles", "Trades BTC-USD", "Book health"):
            await screen.shows(title)
        await screen.press("escape")
        assert screen.app.view == "overview"


async def test_v_stacks_the_book_and_unstacks_it():
    async with dashboard() as screen:
        await market(screen)
        assert "price  depth" not in screen.text()
        await screen.press("v")
        await screen.shows("BTC-USD book live")
        await screen.shows("price  depth")
        await screen.press("v")
        await screen.shows("BTC-USD DOM live")


async def test_d_goes_through_the_depths_and_asks_for_more_levels_at_fifty():
    async with dashboard() as screen:
        panel = await market(screen)
        screen.clock.forward(1)
        await screen.paint()
        assert screen.crank.focused[-1].depth == 25
        await screen.press("d")
        await screen.shows("depth 50")
        assert screen.crank.focused[-1].depth == 50
        await screen.press("d")
        await screen.shows("depth 5 ·")
        assert screen.crank.focused[-1].depth == 25
        assert len(panel.export_rows(screen.app.state)) == 10
        await screen.press("d")
        await screen.shows("depth 10 ·")


async def test_prices_are_grouped_more_and_less():
    async with dashboard() as screen:
        panel = await market(screen)
        for at, key in enumerate(["plus", "equals_sign"], start=1):
            await screen.press(key)
            assert panel.group_at == at
        for _ in range(7):
            await screen.press("equals_sign")
        await screen.shows("group 10 ·")
        assert screen.crank.focused[-1].depth == 500
        prices = {row["price"] for row in panel.export_rows(screen.app.state)}
        assert prices == {"61230", "61240", "61250", "61260", "61270"}
        for _ in range(9):
            await screen.press("minus")
        await screen.shows("ungrouped")
        await screen.press("minus")
        assert panel.group_at == 0
        assert screen.crank.focused[-1].depth == 25


async def test_the_cursor_goes_from_level_to_level_and_reads_out_the_sweep():
    async with dashboard() as screen:
        panel = await market(screen)
        await screen.press("j")
        await screen.shows("sell 0.1 BTC  avg 61,250.1000  impact 0.08 bp")
        await screen.press("down", "down")
        assert panel.cursor == Decimal("61248.10")
        await screen.shows("sell 0.6 BTC")
        await screen.press("k", "k", "k")
        assert panel.cursor == Decimal("61251.10")
        await screen.shows("buy 0.2 BTC")
        await screen.press("pagedown", "pageup", "G")
        assert panel.cursor == Decimal("61239.10")
        await screen.press("g")
        assert panel.cursor == Decimal("61262.10")
        assert any("▶" in line and "61,262.10" in line for line in panel.texts())
        await screen.press("c")
        assert panel.cursor is None
        await screen.shows("bid ██")


async def test_keys_of_the_book_work_from_any_panel():
    async with dashboard() as screen:
        panel = await market(screen)
        await screen.press("tab", "tab")
        assert screen.app.current_view.current.id == "market-tape"
        await screen.press("down", "up", "up")
        assert panel.cursor is not None
        await screen.press("c", "v")
        assert panel.cursor is None
        assert panel.stacked


async def test_another_product_takes_cursor_and_group_away():
    async with dashboard() as screen:
        panel = await market(screen)
        await screen.press("equals_sign", "j")
        screen.app.select("ETH-USD")
        await screen.shows("waiting for its first snapshot")
        screen.crank.book("ETH-USD")
        await screen.shows("ETH-USD DOM live")
        assert (panel.cursor, panel.group_at) == (None, 0)


async def test_a_click_points_at_its_level_and_the_wheel_moves_on():
    from textual.events import MouseScrollDown

    async with dashboard() as screen:
        panel = await market(screen)
        line = next(at for at, text in enumerate(panel.texts()) if "61,253.10" in text)
        await screen.pilot.click("#depth", offset=(20, line))
        assert panel.cursor == Decimal("61253.10")
        panel.post_message(MouseScrollDown(panel, 5, 5, 0, 1, 0, False, False, False))
        await until(lambda: panel.cursor == Decimal("61252.10"))
        await screen.pilot.click("#depth", offset=(20, 1))
        assert panel.cursor == Decimal("61252.10"), "titles are no level"


@pytest.mark.parametrize("height", [36, 37])
async def test_a_click_finds_its_level_below_the_line_that_says_why_a_book_is_not_live(height):
    async with dashboard(size=(120, height)) as screen:
        panel = await market(screen)
        screen.crank.book(state="stale")
        await screen.shows("STALE, told")
        line = next(at for at, text in enumerate(panel.texts()) if "61,253.10" in text)
        await screen.pilot.click("#depth", offset=(20, line))
        assert panel.cursor == Decimal("61253.10")


async def test_a_book_that_is_not_live_is_greyed_and_says_why():
    async with dashboard() as screen:
        panel = await market(screen)
        screen.crank.book(state="suspect").gap_cause = "upstream"
        await screen.shows("SUSPECT (upstream), told")
        styles = {style for line in panel._rows[2:-1] for _, style in line[1:-1]}
        assert styles <= {"stale", "plain"}
        screen.crank.book(integrity="none")
        await screen.shows("BTC-USD DOM live unproven")


async def test_what_changed_flashes_for_two_pictures():
    def flashing():
        return {text for line in panel._rows for text, style in line if style == "flash"}

    async with dashboard() as screen:
        panel = await market(screen)
        await screen.paint()
        assert not flashing()
        book = screen.crank.book()
        screen.clock.forward(0.1)
        book.bids = [("61250.10", "0.7"), *book.bids[1:]]
        book.told_ns = screen.clock()
        screen.app.pull(panel)
        assert flashing() == {"7"}
        screen.app.pull(panel)
        assert flashing() == {"7"}
        screen.app.pull(panel)
        assert not flashing()


async def test_nothing_flashes_where_motion_is_not_wanted():
    async with dashboard() as screen:
        panel = await market(screen)
        screen.app.animation_level = "none"
        book = screen.crank.book()
        screen.clock.forward(0.1)
        book.bids, book.told_ns = [("61250.10", "0.7"), *book.bids[1:]], screen.clock()
        screen.app.pull(panel)
        assert "flash" not in {style for line in panel._rows for _, style in line}


def some_candles(screen, interval="1m"):
    candles = screen.app.state.candles
    candles.begin("BTC-USD", interval)
    bars = [a_bar(-3, "61250.10"), a_bar(-2, "61252.10"), a_bar(-1, "61251.10")]
    candles.take(bars, screen.clock())


async def test_candles_have_volume_times_and_the_newest_figures():
    async with dashboard() as screen:
        await market(screen)
        screen.app.state.candles.begin("BTC-USD", "1m")
        await screen.shows("no candles yet")
        some_candles(screen)
        newest = screen.app.state.candles.bars()[-1]
        await screen.shows(f"1m candles · o {newest.open} h {newest.high}")
        text = "\n".join(screen.panel("chart").texts())
        assert "volume" in text
        assert "03:01" in text


async def test_brackets_choose_how_long_a_candle_is():
    async with dashboard() as screen:
        await market(screen)
        screen.clock.forward(1)
        await screen.paint()
        await screen.press("right_square_bracket")
        assert screen.crank.focused[-1].interval == "5m"
        some_candles(screen, "5m")
        await screen.shows("5m candles")
        await screen.press("left_square_bracket", "left_square_bracket")
        assert screen.crank.focused[-1].interval == "1m"
        assert screen.panel("chart").export_rows(screen.app.state)[0]["close"] == "61250.10"


async def test_a_bar_that_may_lack_trades_says_so():
    async with dashboard() as screen:
        await market(screen)
        candles = screen.app.state.candles
        candles.begin("BTC-USD", "1m")
        candles.take([replaced(a_bar(-1, "61250.10"), whole=False)], screen.clock())
        await screen.shows("1m candles not whole")
        assert "~" in "\n".join(screen.panel("chart").texts())


async def test_m_leaves_small_trades_out():
    async with dashboard() as screen:
        panel = await market(screen)
        tape = screen.app.state.tape
        sizes = ("0.02", "3", "0.5")
        trades = [
            replaced(trade, size=size) for trade, size in zip(tape.trades, sizes, strict=True)
        ]
        tape.begin("BTC-USD")
        tape.take(trades, screen.clock())
        await screen.press("m")
        await screen.shows("Trades BTC-USD ≥ 0.1")
        assert sum("61,2" in line for line in panel_lines(screen)) == 2
        await screen.press("m")
        await screen.shows("Trades BTC-USD ≥ 1")
        tape.begin("BTC-USD")
        tape.take(trades[:1], screen.clock())
        await screen.shows("no trade of this size yet")
        await screen.press("m")
        assert screen.panel("market-tape").minimum == 0
        assert panel.cursor is None


def panel_lines(screen):
    return screen.panel("market-tape").texts()


def replaced(event, **values):
    return msgspec.structs.replace(event, **values)


async def test_the_health_of_the_book_is_told():
    async with dashboard() as screen:
        await market(screen)
        text = "\n".join(screen.panel("book-health").texts())
        for fact in ("book live", "proof sequence", "checksum ok", "gaps 0", "seq 41", "epoch r1"):
            assert fact in text
        book = screen.crank.book(integrity="none")
        book.gaps_total, book.gap_cause, book.snapshots_total = 2, "upstream", 3
        screen.clock.forward(3.2)
        await screen.shows("age 3.2 s quiet")
        text = "\n".join(screen.panel("book-health").texts())
        for fact in ("live unproven", "gaps 2", "resyncs 2", "last gap upstream"):
            assert fact in text


async def test_the_level_at_the_cursor_is_copied_and_all_levels_are_exported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with dashboard() as screen:
        await market(screen)
        await screen.press("j", "y")
        assert screen.app.clipboard == "bid\t61250.10\t0.1\t0.1"
        await screen.press("c", "y")
        assert "61,250.10" in screen.app.clipboard
        await screen.press("e")
        rows = json.loads(next(tmp_path.glob("*depth*.json")).read_text())
        assert rows[1] == {"side": "bid", "price": "61249.10", "size": "0.2", "cum": "0.3"}
        await screen.press("shift+tab", "e")
        health = json.loads(next(tmp_path.glob("*book-health*.json")).read_text())
        assert health[0]["state"] == "live"


async def test_without_anything_known_every_panel_says_so():
    async with dashboard(fed=False, view="market") as screen:
        await screen.shows("choose a product")
        for text in (" Book ", "no candles yet", "no trade yet", "book -"):
            assert text in screen.text()
        await screen.press("j", "y", "m", "d", "equals_sign")
        await screen.pilot.click("#depth", offset=(20, 5))
        assert screen.panel("depth").cursor is None


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_ascii_draws_nothing_else(size):
    async with dashboard(size=size, ascii_only=True, view="market") as screen:
        some_candles(screen)
        await screen.press("j")
        assert screen.text().isascii(), [c for c in screen.text() if not c.isascii()]


async def test_one_panel_at_a_time_where_it_is_narrow():
    async with dashboard(size=(60, 18), view="market") as screen:
        await screen.shows("BTC-USD DOM live")
        assert "Book health" not in screen.text()
        await screen.resize(52, 18)
        await screen.press("tab")
        await screen.shows("1m candles")
