"""Every view in every state at every size, as text; see `tui_snapshots`."""

import pytest
from tui_snapshots import FOLDER
from tui_support import dashboard

from ledgerflux_tui.views.names import VIEW_TITLES

SIZES = {"50x18": (50, 18), "80x24": (80, 24), "120x36": (120, 36), "200x60": (200, 60)}
STATES = ("live", "stale", "down", "empty", "frozen")
CASES = [(view, state, size) for view in VIEW_TITLES for state in STATES for size in SIZES]
REPLAYS = {
    "playing": {},
    "paused": {"state": "paused", "paused": True, "held": None},
    "made": {"recording": None, "can": ["pause", "resume", "speed", "step"]},
}
SHEETS = {"help": ("question_mark",), "palette": ("colon", *"sh")}


async def bring_to(state, screen):
    """Bring a fed screen into a state of `STATES`."""
    match state:
        case "stale":
            screen.clock.forward(3.2)
        case "down":
            screen.crank.lose()
            screen.crank.lose()
            screen.clock.forward(4)
        case "frozen":
            await screen.press("space")
            screen.clock.forward(3.1)
            screen.crank.status(more_events=3850)
            screen.crank.price("BTC-USD", "99999.99")
    await screen.paint()


@pytest.mark.parametrize(("view", "state", "size"), CASES)
async def test_a_view_in_a_state_at_a_size(view, state, size, picture):
    async with dashboard(SIZES[size], view=view, fed=state != "empty") as screen:
        await bring_to(state, screen)
        lines = screen.lines()
        width, height = SIZES[size]
        assert len(lines) == height
        assert all(len(line) <= width for line in lines)
        picture(f"{view}-{state}-{size}", lines)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", VIEW_TITLES)
async def test_ascii_alone_has_the_same_words(view, size, picture):
    async with dashboard(SIZES[size], view=view, ascii_only=True) as screen:
        assert screen.text().isascii()
        picture(f"{view}-ascii-{size}", screen.lines())


@pytest.mark.parametrize("view", VIEW_TITLES)
async def test_without_colours_no_word_is_lost(view, picture, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with dashboard(SIZES["120x36"], view=view, colours=False) as screen:
        assert colours_of(screen) == set()
        picture(f"{view}-live-120x36", screen.lines())


def colours_of(screen):
    """Return every colour on the screen that is not the terminal's own."""
    strips = screen.app.screen._compositor.render_strips()
    styles = [segment.style for strip in strips for segment in strip if segment.style]
    colours = {colour for style in styles for colour in (style.color, style.bgcolor) if colour}
    return {colour for colour in colours if not colour.is_default}


@pytest.mark.parametrize("view", VIEW_TITLES)
@pytest.mark.parametrize("sheet", SHEETS)
async def test_sheets_above_a_view(view, sheet, picture):
    async with dashboard(SIZES["120x36"], view=view) as screen:
        await screen.press(*SHEETS[sheet])
        picture(f"{view}-{sheet}-120x36", screen.lines())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", REPLAYS)
async def test_a_replay_in_a_state_at_a_size(state, size, picture):
    async with dashboard(SIZES[size], view="replay") as screen:
        screen.crank.replay(**REPLAYS[state])
        await screen.paint()
        picture(f"replay-{state}-{size}", screen.lines())


async def test_a_replay_above_another_view(picture):
    async with dashboard(SIZES["120x36"], view="overview") as screen:
        screen.crank.replay()
        await screen.paint()
        await screen.paint()
        picture("overview-playing-120x36", screen.lines())


async def test_a_terminal_too_small_for_anything(picture):
    async with dashboard((38, 9)) as screen:
        picture("tiny-38x9", screen.lines())


def test_no_picture_is_left_over():
    names = {f"{view}-{state}-{size}" for view, state, size in CASES}
    names |= {f"{view}-ascii-{size}" for view in VIEW_TITLES for size in SIZES}
    names |= {f"{view}-{sheet}-120x36" for view in VIEW_TITLES for sheet in SHEETS}
    names |= {f"replay-{state}-{size}" for state in REPLAYS for size in SIZES}
    names |= {"overview-playing-120x36"}
    assert {path.stem for path in FOLDER.glob("*.txt")} == {*names, "tiny-38x9"}
