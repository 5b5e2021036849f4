"""The dashboard on a real stack: a killed shard is on the screen at once, and when it is back."""

import asyncio
import os
import random
import signal
import time

import pytest
from processes import until
from recordings import recording

from ledgerflux_tui.app import Dashboard
from ledgerflux_tui.options import Options
from ledgerflux_tui.run import steady_clock
from ledgerflux_tui.sources.gateway import GatewaySource

pytestmark = pytest.mark.fault

NAME = "coinbase-advanced-20260809-btcusd-trades"
SEEN_S = 15.0
"""A machine that does other things too; alone it is seen in a tenth of a second."""
BACK_S = 30.0


class Watched:
    """The Shards view, and what it says of one shard."""

    def __init__(self, app, shard):
        self.app, self.shard = app, shard

    def line(self):
        """Return the table's line of the shard as it is on the screen."""
        texts = self.app.query_one("#shards-table").texts()
        return next((text for text in texts if f" normalize-{self.shard} " in text), "")

    def row(self):
        """Return what was told of the shard."""
        return next(row for row in self.app.state.shards.rows if row.shard == self.shard)

    async def shows(self, wanted, timeout_s):
        """Return the seconds until the line is as wanted."""
        begun_s = time.monotonic()
        async with asyncio.timeout(timeout_s):
            while not wanted(self.line()):
                await asyncio.sleep(0.01)
        return time.monotonic() - begun_s

    async def shows_killed(self, pid):
        """Return the seconds until the process `pid` is told to be gone.

        Nothing else takes a shard from ready: on a busy machine it may be late for a moment.
        """
        return await self.shows(
            lambda line: line and "● ready" not in line and self.row().pid != pid, SEEN_S
        )


def shards_of(stack, product):
    """Return the shards that tell of `product`; none while they start."""
    return [row["shard"] for row in stack.told()["shards"] if product in row["products"]]


async def test_a_killed_shard_is_seen_at_once_and_so_is_its_recovery(stack, capsys):
    path = recording(NAME)
    await asyncio.to_thread(
        stack.start, "--source", f"replay:{path}", "--speed", "1", "--shards", "4"
    )
    await until(lambda: shards_of(stack, "BTC-USD"), BACK_S)
    (shard,) = shards_of(stack, "BTC-USD")
    now_ns = steady_clock()
    source = GatewaySource(
        [stack.run_state()["gateway"]["ws"]], now_ns=now_ns, random=random.random
    )
    app = Dashboard(source, Options(view="shards"), now_ns)
    async with app.run_test(size=(120, 36)):
        watched = Watched(app, shard)
        await watched.shows(lambda line: "● ready" in line and "/s" not in line, BACK_S)
        killed = watched.row().pid
        os.kill(killed, signal.SIGKILL)
        gone_s = await watched.shows_killed(killed)
        away = watched.line()
        back_s = gone_s + await watched.shows(lambda line: "● ready" in line, BACK_S)
        assert watched.row().pid not in (None, killed)
        assert watched.row().last_exit.word == "SIGKILL"
        assert app.state.shards.history[shard].absence.back_ns is not None
    with capsys.disabled():
        print(f"\nkill -9 seen after {gone_s * 1000:.0f} ms: {away.strip('┃ ')}")
        print(f"ready again after {back_s * 1000:.0f} ms")
