"""Ten minutes with a venue that keeps failing, in simulated time: it is asked, never stormed."""

import asyncio
from itertools import pairwise

import msgspec
import pytest
from roles_support import Pipeline
from simulated import SimulatedClock, SimulatedVenue

from ledgerflux.roles.ingest import Ingest
from ledgerflux.roles.normalize import Normalize
from ledgerflux.roles.runtime import write_feed

NAME = "coinbase-advanced"
BTC = "BTC-USD"
MINUTES = 10


@pytest.fixture(autouse=True)
def seldom_asked_conf(monkeypatch):
    monkeypatch.setattr("ledgerflux.roles.runtime.CONF_EVERY_S", 30.0)


class Storm(Pipeline):
    """Both roles before a simulated venue, as if it were the real one."""

    def __init__(self, **trouble):
        super().__init__(NAME, [BTC], [])
        self.clock = SimulatedClock()
        self.venue = SimulatedVenue(self.clock, **trouble)
        self.conf = msgspec.structs.replace(self.conf, source=NAME)
        self.ingest = Ingest(
            self.bus.connect(), self.clock, self.venue, writer="i", random=lambda: 0.999
        )
        self.normalize = Normalize(self.bus.connect(), self.clock, shard=0, shards=1, writer="n")

    async def last(self, minutes=MINUTES):
        await write_feed(self.bus, self.conf)
        async with asyncio.timeout(100), asyncio.TaskGroup() as group:
            taking, making = [group.create_task(r.run()) for r in (self.ingest, self.normalize)]
            while self.clock.elapsed_s < 60 * minutes:
                await self.clock.sleep(1.0)
            self.partition = self.ingest._partitions[0]
            taking.cancel()
            await asyncio.wait([taking])
            normalized = self.normalize._partitions[0]
            while normalized.writer.tail.b < self.partition.writer.tail.number:
                await asyncio.sleep(0.01)  # what was read from the log is not of the clock's time
            making.cancel()
        return self.venue

    def level2(self, kind):
        return sum(
            batch.items
            for batch in self.batches(BTC)
            if (batch.channel, batch.type) == ("level2", kind)
        )


async def test_a_hole_in_every_session_costs_three_sockets_in_a_minute_and_then_one_a_minute():
    venue = await Storm(hole_every_s=2.0).last()
    again = venue.connects_s[1:]
    first = again[0]
    minutes = [sum((at - first) // 60 == minute for at in again) for minute in range(MINUTES)]
    assert minutes[0] <= 3
    assert max(minutes[1:]) <= 1
    assert sum(minutes) >= 8, "it is tried again all the same"
    for number, reconnected_s in enumerate(again, 1):
        asked = [
            at for at, socket, kind in venue.requests if (socket, kind) == (number, "unsubscribe")
        ]
        assert asked, "the product is subscribed again before its socket is given up"
        assert asked[0] < reconnected_s
    assert venue.most_in(1.0, [at for at, _, _ in venue.requests]) <= 8


async def test_deletes_of_unknown_levels_cost_nothing():
    storm = Storm(unknown_deletes=True)
    venue = await storm.last()
    assert len(venue.connects_s) == 1
    assert {kind for _, _, kind in venue.requests} == {"subscribe"}
    assert storm.level2("gap") <= 1, "at most the end of the test"
    assert storm.level2("update") > 1000


async def test_a_venue_that_closes_every_seven_seconds_is_left_alone_longer_and_longer():
    storm = Storm(lives_s=7.0)
    venue = await storm.last()
    pauses = [later - earlier - 7.0 for earlier, later in pairwise(venue.connects_s)]
    assert pauses[0] < 1, "the first try is at once"
    assert pauses[6] > 4, "and then longer"
    assert max(pauses) <= 31, "a venue that is back is not left alone for ever"
    assert [round(pause) for pause in pauses[3:7]] == sorted(round(p) for p in pauses[3:7])
    assert storm.partition._backoff.failures == len(pauses) + (
        venue.clock.elapsed_s - venue.connects_s[-1] > 7.0
    )
    assert venue.most_in(1.0, [at for at, _, _ in venue.requests]) <= 8
    assert storm.level2("gap") in (len(pauses), len(pauses) + 1), "one gap a loss"


async def test_a_minute_of_clean_data_forgets_the_failures_before_it():
    storm = Storm(lives_s=65.0)
    venue = await storm.last()
    pauses = [later - earlier - 65.0 for earlier, later in pairwise(venue.connects_s)]
    assert len(pauses) >= 8
    assert max(pauses) < 1.5
    assert storm.partition._backoff.failures <= 1
