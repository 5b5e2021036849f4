import json

import pytest
from streams import Numbered

from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import Replaced
from ledgerflux.core.terms import Terms
from ledgerflux.core.variant import BookVariant, TickerVariant
from ledgerflux.wire import gateway_frames


class Rig:
    """One product's stream and one variant of it, told as a fan-out tells it."""

    def __init__(self, terms, *, ticker=False):
        self.source = Numbered()
        self.stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
        self.channel = "ticker" if ticker else "level2"
        if ticker:
            self.variant = TickerVariant(self.stream, terms, gateway_frames)
        else:
            self.variant = BookVariant(self.stream, terms, gateway_frames)
            self.stream.watchers.append(self.variant)

    def publish(self):
        """Return what followers are told of what the source made."""
        told = []
        for batch in self.source.take():
            tellings = self.stream.apply(batch, 1)
            mine = (each for each in tellings if each.channel == self.channel)
            told += [self.variant.tell(telling) for telling in mine]
        return [each for each in told if each is not None]

    def begun(self):
        self.source.snapshot()
        self.publish()
        return self


def read(frame):
    return json.loads(frame.payload)


def test_a_depth_is_told_every_change_of_it_and_no_other():
    rig = Rig(Terms(1)).begun()
    rig.source.update(("buy", "100.5", "9")).update(("buy", "99", "1")).update(("sell", "103", "1"))
    [frame] = rig.publish()
    message = read(frame)
    assert (message["prev_seq"], message["seq"]) == (1, 4)
    assert [(event["seq"], event["changes"]) for event in message["data"]] == [
        (2, [["buy", "100.5", "9"]])
    ]
    assert (frame.before, frame.after) == (Position("run1", 1), Position("run1", 4))
    assert rig.variant.snapshot().levels(1) == (b'[["100.5","9"]]', b'[["101","3"]]')


def test_numbers_that_are_left_out_are_said_by_the_next_message():
    rig = Rig(Terms(1)).begun()
    rig.source.update(("buy", "50", "1")).update(("buy", "51", "1"))
    assert rig.publish() == []
    assert rig.variant.position("level2") == Position("run1", 1)
    rig.source.update(("buy", "100.5", "2"))
    assert [read(frame)["prev_seq"] for frame in rig.publish()] == [1]


@pytest.mark.parametrize("depth", [2, "full"])
def test_a_conflated_book_is_told_at_ticks_the_net_of_all(depth):
    rig = Rig(Terms(depth, "100ms")).begun()
    rig.source.update(("buy", "100.5", "9")).update(("buy", "100.5", "8"))
    assert rig.publish() == []
    message = read(rig.variant.tick())
    assert (message["prev_seq"], message["seq"]) == (1, 3)
    [element] = message["data"]
    assert element["changes"] == [["buy", "100.5", "8"]]
    assert "seq" not in element
    assert rig.variant.tick() is None


def test_a_tick_without_a_change_of_the_levels_tells_nothing():
    rig = Rig(Terms(1, "100ms")).begun()
    rig.source.update(("buy", "50", "1"))
    rig.publish()
    assert rig.variant.tick() is None
    assert rig.variant.position("level2") == Position("run1", 1)


def test_the_snapshot_of_a_conflated_book_is_what_was_told():
    rig = Rig(Terms("full", "1s")).begun()
    before = rig.variant.snapshot()
    rig.source.update(("buy", "100.5", "9"))
    rig.publish()
    assert rig.variant.snapshot() is before
    assert before.position == Position("run1", 1)
    assert b'"9"' not in before.levels(1)[0]
    rig.variant.tick()
    after = rig.variant.snapshot()
    assert (after.position, after.depth) == (Position("run1", 2), "full")
    assert b'"9"' in after.levels(1)[0]


def test_a_gap_begins_where_the_variant_stands():
    rig = Rig(Terms(1)).begun()
    rig.source.update(("buy", "50", "1")).gap(missing=1)
    [frame] = rig.publish()
    gap = read(frame)
    assert (gap["type"], gap["from_seq"], gap["to_seq"]) == ("gap", 2, 3)
    assert frame.before == Position("run1", 1)


def test_another_epoch_begins_from_anywhere_and_loses_nothing_that_comes_with_it():
    rig = Rig(Terms(2)).begun()
    rig.source.begin("run2").update(("buy", "7", "1"))
    gap, update = rig.publish()
    assert (read(gap)["cause"], read(gap)["from_seq"], gap.before) == ("epoch", 1, None)
    message = read(update)
    assert (message["prev_seq"], message["seq"], message["epoch"]) == (0, 1, "run2")
    assert message["data"][0]["changes"] == [["buy", "7", "1"]]


def test_a_new_book_replaces_what_was_told_and_what_was_not():
    rig = Rig(Terms(2, "1s")).begun()
    rig.source.update(("buy", "100.5", "9")).gap().snapshot([("1", "1")], [])
    _, replaced = rig.publish()
    assert replaced == Replaced(Position("run1", 3), "resync")
    assert rig.variant.tick() is None
    assert rig.variant.snapshot().levels(1) == (b'[["1","1"]]', b"[]")


def test_the_latest_state_is_a_snapshot_from_anywhere_that_replaces_one_not_sent():
    rig = Rig(Terms(1, "latest")).begun()
    rig.source.update(("buy", "100.5", "9"))
    [frame] = rig.publish()
    message = read(frame)
    assert (message["type"], message["reason"], message["prev_seq"]) == ("snapshot", "latest", None)
    assert (message["bids"], message["seq"], message["depth"]) == ([["100.5", "9"]], 2, 1)
    assert (frame.before, frame.newest) == (None, True)
    rig.source.update(("buy", "50", "1"))
    assert rig.publish() == []


def test_the_latest_state_tells_a_gap_by_its_state():
    rig = Rig(Terms(1, "latest")).begun()
    rig.source.gap()
    [frame] = rig.publish()
    assert (read(frame)["type"], read(frame)["state"]) == ("snapshot", "suspect")


def test_a_stream_that_became_another_is_followed_from_where_it_is():
    rig = Rig(Terms(2, "1s")).begun()
    rig.source.update(("buy", "100.5", "9"))
    rig.publish()
    rig.variant.reset()
    assert rig.variant.position("level2") == Position("run1", 2)
    assert rig.variant.tick() is None
    assert (rig.variant.venue, rig.variant.product, rig.variant.state) == ("v", "BTC-USD", "live")
    assert (rig.variant.publish_ns, rig.variant.latest("level2")) == (1, None)


def test_a_snapshot_tells_the_state_as_it_is():
    rig = Rig(Terms(2)).begun()
    before = rig.variant.snapshot()
    rig.stream.doubt()
    assert rig.variant.snapshot() is not before
    assert rig.variant.snapshot().standing.state == "stale"


def test_a_conflated_ticker_tells_the_newest_at_ticks():
    rig = Rig(Terms("full", "100ms"), ticker=True)
    assert rig.variant.latest("ticker") is None
    assert rig.variant.tick() is None
    rig.source.ticker("1").ticker("2")
    [gap] = rig.publish()
    assert (read(gap)["cause"], rig.variant.latest("ticker")) == ("epoch", None)
    message = read(rig.variant.tick())
    assert (message["prev_seq"], message["seq"]) == (0, 2)
    assert message["data"][0]["price"] == "2"
    position, event = rig.variant.latest("ticker")
    assert (position, json.loads(event)["price"]) == (Position("run1", 2), "2")
    assert rig.variant.tick() is None


def test_the_latest_ticker_applies_from_anywhere():
    rig = Rig(Terms("full", "latest"), ticker=True)
    rig.source.ticker("1")
    *_, frame = rig.publish()
    assert (read(frame)["prev_seq"], frame.before, frame.newest) == (None, None, True)


def test_a_ticker_of_another_epoch_is_none_until_there_is_one():
    rig = Rig(Terms("full", "100ms"), ticker=True)
    rig.source.ticker("1")
    rig.publish()
    rig.variant.tick()
    rig.source.begin("run2").update(("buy", "7", "1"))
    [gap] = rig.publish()
    assert read(gap)["cause"] == "epoch"
    assert (rig.variant.latest("ticker"), rig.variant.tick()) == (None, None)
    assert rig.variant.position("ticker") == Position("run2", 0)


def test_a_ticker_follows_a_stream_that_became_another():
    rig = Rig(Terms("full", "100ms"), ticker=True)
    rig.source.ticker("1").snapshot()
    rig.publish()
    rig.variant.reset()
    assert rig.variant.latest("ticker")[0] == Position("run1", 1)
    assert rig.variant.snapshot() is rig.stream.snapshot()


def test_of_trades_there_is_no_variant():
    assert not Rig(Terms(2)).begun().variant.keeps("run1", 1)
