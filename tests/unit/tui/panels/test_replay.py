import pytest
from tui_support import a_replay, dashboard, ordered, until

from ledgerflux_tui.present.replay import place_of, track

PAUSED = {"state": "paused", "paused": True, "held": None}


async def nothing_ordered(screen, *keys):
    await screen.press(*keys)
    assert screen.crank.orders == []


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("space", ("pause", {})),
        ("full_stop", ("step", {})),
        ("comma", ("step", {"count": 10})),
        ("left_square_bracket", ("seek", {"by_ms": -10_000})),
        ("right_square_bracket", ("seek", {"by_ms": 10_000})),
        ("left_curly_bracket", ("seek", {"by_ms": -60_000})),
        ("right_curly_bracket", ("seek", {"by_ms": 60_000})),
        ("minus", ("speed", {"speed": 5.0})),
        ("plus", ("speed", {"speed": 20.0})),
        ("equals_sign", ("speed", {"speed": 20.0})),
        ("n", ("seek", {"at_ms": 40_000})),
        ("N", ("seek", {"at_ms": 10_000})),
    ],
)
async def test_a_key_is_an_order(key, expected):
    async with dashboard(view="replay") as screen:
        screen.crank.replay()
        await screen.shows("PLAYING")
        assert await ordered(screen, key) == [expected]


async def test_keys_of_the_replay_work_whichever_panel_has_the_focus():
    async with dashboard(view="replay") as screen:
        screen.crank.replay(**PAUSED)
        await screen.shows("PAUSED")
        await screen.press("tab")
        assert await ordered(screen, "space") == [("resume", {})]


async def test_space_elsewhere_freezes_the_picture():
    async with dashboard(view="overview") as screen:
        screen.crank.replay()
        await nothing_ordered(screen, "space")
        await screen.shows("frozen")


async def test_faster_again_counts_from_what_was_asked():
    async with dashboard(view="replay") as screen:
        screen.crank.replay(speed=1000.0)
        await screen.shows("1000")
        assert await ordered(screen, "plus") == [("speed", {"speed": "max"})]
        assert await ordered(screen, "minus") == [("speed", {"speed": 1000.0})]


async def test_a_click_on_the_track_goes_there():
    async with dashboard(view="replay") as screen:
        screen.crank.replay()
        await screen.shows("PLAYING")
        panel = screen.panel("replay-control")
        where = track(screen.app.state.replay.recording, panel.size.width - 4)
        cell = where.cells // 2
        await screen.pilot.click("#replay-control", offset=(2 + where.first + cell, 3))
        await until(lambda: screen.crank.orders)
        assert screen.crank.orders == [("seek", {"at_ms": place_of(cell, 60_000, where.cells)})]
        await screen.pilot.click("#replay-control", offset=(2 + where.first + cell, 9))
        await screen.pilot.click("#replay-control", offset=(4, 3))
        await screen.paint()
        assert len(screen.crank.orders) == 1


async def test_a_place_is_asked_for_until_it_is_one():
    async with dashboard(view="replay") as screen:
        screen.crank.replay()
        await screen.shows("PLAYING")
        await screen.press("g")
        await screen.shows("Go to")
        await screen.press(*"soon", "enter")
        await screen.shows("'soon' is no place")
        for _ in range(4):
            await screen.press("backspace")
        assert await ordered(screen, *"+1s", "enter") == [("seek", {"by_ms": 1_000})]
        await screen.press("g", "escape")
        await screen.shows_no("Go to ━")
        assert len(screen.crank.orders) == 1


async def test_read_only_shows_the_picture_and_nothing_else():
    async with dashboard(view="replay", read_only=True) as screen:
        screen.crank.replay()
        await screen.shows("PLAYING")
        assert "Pause" not in screen.lines()[-1]
        await nothing_ordered(screen, "full_stop", "n", "g", "plus")
        await screen.pilot.click("#replay-control", offset=(50, 3))
        await screen.paint()
        assert screen.crank.orders == []


async def test_what_a_source_can_not_do_is_said_and_not_ordered():
    async with dashboard(view="replay") as screen:
        await screen.shows("lf up --source replay:FILE")
        await nothing_ordered(screen, "space")
        await screen.shows("this source can't be controlled")
        made = a_replay(recording=None, can=["pause", "resume", "speed", "step"])
        screen.crank.status(source="synthetic:200", replay=made)
        await screen.shows("nothing can be sought")
        await nothing_ordered(screen, "n")
        await nothing_ordered(screen, "left_square_bracket")
        await screen.shows("only a recording can be moved")
        await nothing_ordered(screen, "g")
        assert await ordered(screen, "space") == [("pause", {})]


async def test_while_a_recording_plays_other_views_have_a_line_of_it():
    async with dashboard(view="overview") as screen:
        assert not screen.panel("replay-bar").display
        screen.crank.replay()
        await screen.shows("PLAYING 10\u00d7")
        assert "03:04:31" in screen.lines()[1]
        await screen.pilot.click("#replay-bar")
        await screen.shows("Replay control")
        await screen.paint()
        assert not screen.panel("replay-bar").display
