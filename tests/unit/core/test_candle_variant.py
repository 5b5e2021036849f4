import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streams import Numbered, partition_saved

from ledgerflux.core.candle_variant import CandleVariant, current_line
from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.limits import Limits
from ledgerflux.core.mirror import Verdict
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.request_desk import RequestDesk
from ledgerflux.core.sharding import partition_of
from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import Missing
from ledgerflux.core.terms import Terms
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.gateway_messages import check
from ledgerflux.wire.gateway_reading import Follower, read_message


class Rig:
    """One product's stream and its candles of a minute, told as a fan-out tells them."""

    def __init__(self, interval="1m"):
        self.source = Numbered()
        self.stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
        self.variant = None
        self.interval = interval

    def follow(self):
        self.variant = CandleVariant(self.stream, Terms(interval=self.interval), gateway_frames)
        return self

    def trade(self, minute, second=5, price="100"):
        self.source.time = f"2024-01-02T03:{minute:02d}:{second:02d}.000000006Z"
        self.source.trade(price)
        return self

    def publish(self):
        """Return what followers are told of what the source made."""
        told = []
        for batch in self.source.take():
            tellings = self.stream.apply(batch, 1)
            if self.variant is not None:
                told += [self.variant.tell(each) for each in tellings if each.channel == "trades"]
        return [read(frame) for frame in told if frame is not None]

    def tick(self):
        frame = self.variant.tick()
        return None if frame is None else read(frame)


def read(frame):
    message = json.loads(frame.payload)
    check(frame.payload)
    return message


def bars(message):
    return [(bar["start"][11:16], bar["trades"], bar["closed"], bar["whole"]) for bar in message]


def begun():
    """Return a rig whose candles are followed from the second bar on."""
    rig = Rig()
    rig.trade(4).trade(5).publish()
    return rig.follow()


def test_what_is_known_is_there_for_the_first_follower():
    rig = begun()
    position, events = rig.variant.latest("candles")
    assert position == rig.variant.position("candles") == Position("run1", 2)
    known = json.loads(b"[%b]" % events)
    assert bars(known) == [("03:04", 1, True, False), ("03:05", 1, False, True)]
    assert rig.tick() is None


def test_before_any_trade_there_are_none():
    rig = Rig().follow()
    assert rig.variant.latest("candles") is None
    assert rig.variant.snapshot() is rig.stream.snapshot()
    assert rig.tick() is None


def test_an_open_bar_is_told_at_ticks_and_every_message_continues_the_last():
    rig = begun()
    assert rig.trade(5, 6).trade(5, 7).publish() == []
    message = rig.tick()
    assert (message["interval"], message["prev_seq"], message["seq"]) == ("1m", 2, 4)
    assert bars(message["data"]) == [("03:05", 3, False, True)]
    assert rig.tick() is None


def test_a_trade_of_a_later_bar_tells_the_closed_one_at_once():
    rig = begun()
    [message] = rig.trade(5, 30).trade(6).publish()
    assert bars(message["data"]) == [("03:05", 2, True, True), ("03:06", 1, False, True)]
    assert (message["prev_seq"], message["seq"]) == (2, 4)
    assert rig.tick() is None


def test_the_books_time_closes_a_bar_after_which_no_trade_comes():
    rig = begun()
    rig.source.snapshot()
    rig.publish()
    rig.source.time = "2024-01-02T03:06:02.000000000Z"
    rig.source.update()
    rig.publish()
    message = rig.tick()
    assert bars(message["data"]) == [("03:05", 1, True, True)]
    assert message["prev_seq"] == message["seq"] == 2


def test_once_the_feed_broke_no_time_closes_a_bar_before_trades_show_what_is_missing():
    rig = begun()
    rig.source.snapshot().gap()
    rig.source.snapshot()
    rig.source.time = "2024-01-02T03:06:02.000000000Z"
    rig.source.update()
    rig.publish()
    assert rig.tick() is None
    rig.source.trades_missing()
    [message] = rig.publish()
    assert bars(message["data"]) == [("03:05", 1, False, False)]
    assert bars(rig.tick()["data"]) == [("03:05", 1, True, False)]


def test_a_late_trade_is_told_in_its_closed_bar_once_more():
    rig = begun()
    rig.trade(6).publish()
    assert rig.trade(5, 59, price="7").publish() == []
    message = rig.tick()
    assert bars(message["data"]) == [("03:05", 2, True, True)]
    assert (message["data"][0]["low"], message["seq"]) == ("7", 4)


def test_a_gap_of_the_venue_is_told_at_once_as_bars_that_are_not_whole():
    rig = begun()
    rig.source.trades_missing()
    [message] = rig.publish()
    assert (message["type"], message["prev_seq"], message["seq"]) == ("candle", 2, 3)
    assert bars(message["data"]) == [("03:05", 1, False, False)]
    [message] = rig.trade(6).publish()
    assert bars(message["data"]) == [("03:05", 1, True, False), ("03:06", 1, False, False)]
    [message] = rig.trade(7).publish()
    assert bars(message["data"])[-1] == ("03:07", 1, False, True)


def test_a_gap_before_any_trade_has_nothing_to_tell():
    rig = Rig().follow()
    rig.source.trades_missing()
    [begins] = rig.publish()
    assert (begins["type"], begins["cause"]) == ("gap", "epoch")


def test_another_epoch_begins_anew():
    rig = begun()
    rig.source.begin("run2")
    [gap] = rig.publish()
    assert (gap["channel"], gap["type"], gap["to_seq"]) == ("candles", "gap", 0)
    assert rig.variant.latest("candles") is None
    [message] = rig.trade(8).publish()
    assert (message["epoch"], message["prev_seq"], message["seq"]) == ("run2", 0, 1)
    assert bars(message["data"]) == [("03:08", 1, False, False)]


def test_a_log_that_cannot_be_followed_is_an_empty_gap_and_the_bars_stay():
    rig = begun()
    missing = Missing("trades", "run1", 3, 2, "store", "stale")
    message = read(rig.variant.tell(missing))
    assert (message["channel"], message["cause"], message["to_seq"]) == ("candles", "store", 2)
    assert rig.variant.latest("candles") is not None
    rig.stream.restore(rig.source.saved())
    rig.variant.reset()
    assert rig.variant.position("candles") == Position("run1", 2)


def test_it_keeps_what_the_bars_hold():
    rig = begun()
    assert rig.variant.keeps("run1", 1)
    assert not rig.variant.keeps("run1", 0)
    assert not rig.variant.keeps("run2", 1)


def test_bars_that_are_let_go_are_told_to_nobody_new():
    rig = begun()
    line = current_line(rig.stream, "1m")
    line.bars_max = 2
    rig.trade(6).publish()
    known = json.loads(b"[%b]" % rig.variant.latest("candles")[1])
    assert [bar[0] for bar in bars(known)] == ["03:05", "03:06"]


@pytest.mark.parametrize("time", [None, "no time"])
def test_a_book_without_a_time_closes_nothing(time):
    rig = begun()
    rig.source.snapshot()
    rig.source.time = time
    rig.source.update()
    rig.publish()
    assert rig.tick() is None


TIGHT = Limits(outbox_bytes=3000, outbox_drained_bytes=900, waiting_bytes_max=3000)
BTC = partition_of("BTC-USD")


class Watcher:
    """A client that follows candles and keeps the bars it is told; it reads when told to."""

    def __init__(self, fanout, limits):
        self.session = ClientSession(gateway_frames, limits, 0, lambda: None)
        fanout.enter(self.session)
        terms = Terms(interval="1m")
        granted = RequestDesk(fanout, limits).subscribe(self.session, "candles", ["*"], terms=terms)
        self.session.put(gateway_frames.subscribed("candles", granted, venue="v", terms=terms))
        self.follower = Follower()
        self.bars = {}

    def read(self, count=10_000):
        while count and (batch := self.session.take(1)):
            count -= 1
            self.hear(batch)

    def hear(self, messages):
        for raw in messages:
            message = read_message(raw)
            judged = self.follower.take(message)
            assert judged is None or judged.verdict is Verdict.APPLIED, judged.mirror.why
            if message.type == "gap" and message.cause == "epoch":
                self.bars.clear()
            elif message.type == "candle":
                self.bars |= {bar.start: bar for bar in message.candles()}


class World:
    """A fan-out, the source of its log, a client that reads at once and one that may not."""

    def __init__(self):
        self.cohorts = []
        self.fanout = Fanout(gateway_frames, TIGHT, self.cohorts.append)
        self.fanout.begin("v", integrity="none", integrity_rule="none")
        self.fanout.serve(["BTC-USD"])
        self.source = Numbered()
        self.prompt, self.slow = Watcher(self.fanout, Limits()), Watcher(self.fanout, TIGHT)
        self.epochs, self.ticks, self.lost = 1, 0, False

    def run(self, kind, number):
        match kind:
            case "trade":
                self.source.time = f"2024-01-02T03:{number // 4:02d}:{number % 4 * 15:02d}.5Z"
                self.publish(self.source.trade())
            case "gap":
                self.publish(self.source.trades_missing())
            case "epoch":
                self.epochs += 1
                self.publish(self.source.begin(f"run{self.epochs}"))
            case "tick":
                self.ticks += number
                self.fanout.tick(self.ticks - number, self.ticks)
            case "read":
                self.slow.read(number)
            case "lose":
                self.lost = True
                self.fanout.lose(BTC)
            case "restore":
                self.source.take()
                self.fanout.restore(BTC, partition_saved(self.source.saved()))
                self.lost = False
        for cohort in self.cohorts:
            members, messages = list(cohort.members), cohort.take()
            for watcher in (self.prompt, self.slow):
                if watcher.session in members:
                    watcher.hear(messages)
        self.cohorts.clear()
        self.prompt.read()
        self.fanout.unite(self.prompt.session)

    def publish(self, source):
        batches = source.take()
        if not self.lost:
            self.fanout.publish(batches, 1)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("trade"), st.integers(0, 200)),
        st.tuples(st.just("tick"), st.integers(1, 30)),
        st.tuples(st.just("read"), st.integers(1, 5)),
        st.tuples(st.sampled_from(["gap", "epoch", "lose", "restore"]), st.just(0)),
    ),
    max_size=60,
)


@given(steps)
def test_whoever_reads_in_the_end_has_the_bars_as_they_are_however_slow(happened):
    world = World()
    for kind, number in [*happened, ("restore", 0), ("tick", 20)]:
        world.run(kind, number)
    world.slow.read()
    stream = world.fanout.products["BTC-USD"]
    now = {bar.start: bar for bar in current_line(stream, "1m").newest_events()}
    for watcher in (world.prompt, world.slow):
        assert {start: watcher.bars.get(start) for start in now} == now
