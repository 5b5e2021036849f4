"""The views of shards and stages as their user drives them."""

import json

import pytest
from tui_health import a_shard, killed
from tui_support import START_NS, dashboard, until

from ledgerflux.model.units import NANOS_PER_S

GONE = killed(START_NS + 2 * NANOS_PER_S)
SHARDS = [a_shard(0, rate=100.0), a_shard(1, rate=200.0), a_shard(2, rate=50.0)]


def told(screen, *shards):
    screen.crank.status(more_events=100, shards=list(shards))


async def tell(screen, *shards, after_s=0.1):
    screen.clock.forward(after_s)
    told(screen, *shards)
    await screen.paint()


def listed(screen):
    """Return the shards in the order of the table, the chosen one with a mark."""
    rows = [line.strip("│┃ ") for line in screen.panel("shards-table").texts()[2:]]
    return [
        row[: 1 if row[0] != "▶" else 5].replace(" ", "") for row in rows if row[:1].strip("└┗")
    ]


async def test_the_shards_are_chosen_and_told_in_detail():
    async with dashboard(view="shards") as screen:
        await tell(screen, *SHARDS)
        assert listed(screen) == ["▶0", "1", "2"]
        assert "normalize-0" in screen.panel("shard-detail").texts()[0]
        await screen.press("j")
        assert "normalize-1" in screen.panel("shard-detail").texts()[0]
        assert "BTC-USD DOGE-USD ETH-USD" in screen.panel("shard-detail").texts()[1]
        await screen.press("G")
        assert listed(screen) == ["0", "1", "▶2"]
        await screen.press("g")
        assert listed(screen) == ["▶0", "1", "2"]
        await screen.press("tab", "down")
        assert listed(screen) == ["0", "▶1", "2"], "from the detail too"


async def test_the_chosen_shard_stays_chosen_when_the_order_changes():
    async with dashboard(view="shards") as screen:
        await tell(screen, *SHARDS)
        await screen.press("j")
        await screen.press("S")
        assert listed(screen) == ["2", "▶1", "0"]
        for _ in range(4):
            await screen.press("s")
        await screen.shows("rate/s▴")
        assert listed(screen) == ["2", "0", "▶1"]
        await screen.press("S")
        assert listed(screen) == ["▶1", "0", "2"]


async def test_a_click_chooses_a_shard_and_sorts_by_a_title():
    async with dashboard(view="shards") as screen:
        await tell(screen, *SHARDS)
        at = screen.panel("shards-table").texts()[1].index("rate/s")
        await screen.pilot.click("#shards-table", offset=(at + 1, 1))
        await screen.paint()
        assert listed(screen)[0] == "2"
        await screen.pilot.click("#shards-table", offset=(10, 4))
        await screen.paint()
        assert listed(screen)[-1] == "▶1"


async def test_a_restart_is_seen_from_its_end_to_its_recovery():
    async with dashboard(view="shards") as screen:
        await tell(screen, *SHARDS, after_s=1)
        await tell(screen, SHARDS[0], a_shard(1, **{**GONE, "lag_records": 77}), SHARDS[2])
        await screen.press("j")
        await screen.shows("Shards 2/3  2 ready · 1 restarting")
        await screen.shows("last exit SIGKILL at 03:04:13, 0 s ago")
        await screen.shows("away for 0.0 ms   waited at most 77 records")
        late = a_shard(1, state="catching_up", lag_records=412, pid=9, restarts=1,
                       last_exit=GONE["last_exit"])  # fmt: skip
        await tell(screen, SHARDS[0], late, SHARDS[2])
        await screen.shows("2 ready · 1 catching up")
        await screen.shows("◐ catching up")
        await tell(screen, SHARDS[0], {**late, "state": "ready", "lag_records": 0}, SHARDS[2])
        await screen.shows("Shards 3/3  3 ready")
        await screen.shows("was away 200 ms   waited at most 412 records")
        assert "1, 0 s ago" in screen.text()


async def test_r_asks_and_restarts_the_chosen_shard():
    async with dashboard(view="shards") as screen:
        orders = ordered(screen)
        await tell(screen, *SHARDS)
        await screen.press("j", "r")
        await screen.shows("Start normalize-1 anew?")
        await screen.press("n")
        await screen.shows_no("Start normalize-1 anew?")
        assert orders == []
        await screen.press("r", "y")
        await until(lambda: orders)
        assert orders == [("restart", {"service": "normalize-1"})]


async def test_r_is_absent_where_only_reading_is_allowed():
    async with dashboard(view="shards", read_only=True) as screen:
        orders = ordered(screen)
        await tell(screen, *SHARDS)
        assert "Restart" not in screen.lines()[-1]
        await screen.press("r")
        assert "anew?" not in screen.text()
        assert orders == []
    async with dashboard(view="shards") as screen:
        assert "r Restart" in screen.lines()[-1]


def ordered(screen):
    """Return what is ordered from now on."""
    orders = []

    async def control(action, **params):
        orders.append((action, params))
        return ""

    screen.crank.control = control
    return orders


async def test_what_is_copied_and_written_is_the_chosen_shard_and_all_of_them(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    async with dashboard(view="shards") as screen:
        await tell(screen, SHARDS[0], a_shard(1, **GONE))
        await screen.press("j", "y")
        assert screen.app.clipboard.startswith("1\trestarting\t1 5\tBTC-USD DOGE-USD ETH-USD")
        await screen.press("e")
        (path,) = tmp_path.glob("*.json")
        rows = json.loads(path.read_text())
        assert [row["last_exit"] for row in rows] == [None, "SIGKILL"]
        assert [row["pid"] for row in rows] == [81_233, None]


async def test_shards_that_nobody_tells_of_any_more_are_marked():
    async with dashboard(view="shards") as screen:
        await tell(screen, *SHARDS)
        screen.clock.forward(3.2)
        await screen.shows("STALE 3.2 s")


async def pipeline(screen):
    await screen.press("4")
    await screen.shows("Latency by stage, ms")
    return screen.panel("stages")


async def test_the_stages_are_chosen_and_their_latencies_drawn():
    async with dashboard() as screen:
        await pipeline(screen)
        await screen.shows("▶ end to end")
        bars = screen.panel("histogram")
        assert "end to end  100 in 1 s" in bars.texts()[0]
        assert any("█" in line for line in bars.texts())
        await screen.press("k")
        assert "gateway" in bars.texts()[0]
        await screen.press("g")
        await screen.shows("nothing came in this time")
        await screen.press("G")
        await screen.press("tab", "up")
        assert "gateway" in bars.texts()[0]


async def test_w_goes_through_the_spans_and_says_how_much_of_one_is_known():
    async with dashboard() as screen:
        await pipeline(screen)
        await screen.shows("last 10 s, the slowest process")
        await screen.press("w")
        await screen.shows("last 60 s (1 s so far), all processes")
        await screen.press("w")
        await screen.shows("last 5 min (1 s so far), all processes")
        await screen.press("w")
        await screen.shows("last 10 s, the slowest process")


async def test_h_hides_the_histogram_and_shows_it_again():
    async with dashboard() as screen:
        await pipeline(screen)
        await screen.press("h")
        await screen.shows_no("by ms")
        assert screen.panel("stages").size.height == 34
        await screen.press("h")
        await screen.shows("by ms")


async def test_h_goes_to_the_histogram_and_back_where_there_is_room_for_one_panel():
    async with dashboard((60, 18)) as screen:
        await pipeline(screen)
        assert "by ms" not in screen.text()
        await screen.press("h")
        await screen.shows("by ms")
        assert "Latency by stage" not in screen.text()
        await screen.press("h")
        await screen.shows("Latency by stage")


async def test_the_aim_the_clients_and_what_was_lost_are_told():
    async with dashboard() as screen:
        await pipeline(screen)
        for text in ("aim p95 < 100 ms  ● met in 1 of 1 s", "slow 2", "frames lost 0"):
            await screen.shows(text)


async def test_the_stages_are_written_with_the_percentiles_that_are_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with dashboard(view="pipeline") as screen:
        await screen.press("e")
        (path,) = tmp_path.glob("*.json")
        rows = json.loads(path.read_text())
        assert [row["stage"] for row in rows][-1] == "end to end"
        assert rows[1]["p99_ms"] == 4.4
        assert rows[1]["queue_unit"] == "frames"


@pytest.mark.parametrize("view", ["shards", "pipeline"])
async def test_before_the_first_status_a_view_says_so(view):
    async with dashboard(view=view, fed=False) as screen:
        assert "yet" in screen.text()


async def test_a_gateway_that_tells_of_no_stages_is_said_so():
    async with dashboard(view="pipeline", fed=False) as screen:
        screen.crank.open()
        screen.crank.status(stages=[], end_to_end=None)
        await screen.shows("this gateway does not tell of stages")
        await screen.shows("frames lost 0")
        await screen.press("j", "k", "g", "G")
