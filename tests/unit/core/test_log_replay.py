from hypothesis import example, given, settings
from hypothesis import strategies as st
from streams import Numbered

from ledgerflux.core import log_replay
from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.limits import Limits
from ledgerflux.core.log_replay import Held, LogReplay
from ledgerflux.core.past_frames import Past, past_frames
from ledgerflux.core.replay_ring import ReplayRing
from ledgerflux.core.request_desk import RequestDesk
from ledgerflux.core.resuming import Resuming
from ledgerflux.core.sharding import partition_of
from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import WHOLE
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.gateway_reading import read_message

TRADES = ("trades", "BTC-USD")


class World:
    """A source and its log, a gateway that keeps little of it, one client that stays."""

    def __init__(self, ring_bytes: int = 600, *, updates: int = 0) -> None:
        self.source = Numbered()
        self.log: list = []
        ring = ReplayRing(ring_bytes, ring_bytes)
        self.fanout = Fanout(gateway_frames, Limits(), lambda _: None, ring=ring)
        self.fanout.begin("v", integrity="none", integrity_rule="none")
        self.fanout.serve(["BTC-USD"])
        self.desk = RequestDesk(self.fanout, Limits())
        self.held = Held()
        self.room: list[LogReplay] = []
        self.write(self.source.snapshot())
        self.stays = self.enter()
        self.stayed: list[bytes] = []
        self.subscribe(self.stays, "trades", None)

    def write(self, source: Numbered) -> None:
        batches = source.take()
        self.log.append((batches, 1 + len(self.log)))
        self.fanout.publish(*self.log[-1])

    def enter(self, **limits) -> ClientSession:
        session = ClientSession(gateway_frames, Limits(**limits), 0, lambda: None)
        self.fanout.enter(session)
        return session

    def subscribe(self, session, channel, place, mode="auto"):
        """Subscribe as the role does; return the answer, and the replay from the log if any."""
        resuming = Resuming(self.fanout, channel, WHOLE)
        points = {} if place is None else {"BTC-USD": place}
        replays = {
            product: LogReplay(
                (name, product), at, 0, self.fanout.ring, self.held, self.room.append
            )
            for (name, product), at in resuming.beyond(points, mode).items()
        }
        granted = self.desk.subscribe(session, channel, ["BTC-USD"], snapshot=True)
        resumption = resuming.take_up(session, granted, points, mode, replays)
        raw = gateway_frames.subscribed(channel, granted, venue="v", resumption=resumption)
        session.put(raw)
        return read_message(raw), replays.get("BTC-USD")

    def feed(self, session, replay: LogReplay, count: int = 1_000) -> None:
        """Feed the next records of the log, as a pass over it does."""
        whole = replay.whole
        stream = self.fanout.products["BTC-USD"]
        while count and replay.reading and not replay.full and not replay.covered:
            batches, publish_ns = self.log[replay.sequence]
            replay.sequence += 1
            count -= 1
            for batch in batches:
                if (batch.channel, batch.product) != whole:
                    continue
                if replay.wants(batch.epoch, batch.last_seq):
                    past = Past("v", "BTC-USD", publish_ns, stream.keeps)
                    replay.feed(past_frames(past, batch, gateway_frames))
                    session.fed(session.subscriptions[whole])

    def read_stays(self) -> list[bytes]:
        """Return everything that was ever told of trades."""
        self.stayed += data(taken(self.stays, 10_000))
        return self.stayed


def taken(session, count) -> list[bytes]:
    found: list[bytes] = []
    while count and session.has_more:
        batch = session.take(1)
        if not batch and not session.has_more:
            break
        found += batch
        count -= 1
    return found


def data(messages) -> list[bytes]:
    kept = [raw for raw in messages if read_message(raw).channel == "trades"]
    return [raw for raw in kept if read_message(raw).type in ("trade", "gap")]


class Wanderer:
    """A client of trades that is cut off and comes back."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.got: list[bytes] = []
        self.place = Position("run1", 0)
        self.from_log = 0
        self.come()

    def come(self) -> None:
        self.session = self.world.enter()
        answer, self.replay = self.world.subscribe(self.session, "trades", self.place)
        assert answer.recovered == {"BTC-USD": True}
        self.from_log += self.replay is not None

    def cut(self) -> None:
        self.world.fanout.leave(self.session)
        self.come()

    def read(self, count: int) -> None:
        for raw in data(taken(self.session, count)):
            message = read_message(raw)
            self.got.append(raw)
            assert message.cause != "slow_consumer"
            self.place = Position(message.epoch, message.to_seq or message.seq)

    def feed(self, count: int) -> None:
        if self.replay is not None:
            self.world.feed(self.session, self.replay, count)


step = st.one_of(
    st.tuples(st.just("make"), st.sampled_from(["trade", "two", "hole", "holes", "update"])),
    st.tuples(st.just("make"), st.just("trade")),
    st.tuples(st.just("feed"), st.integers(1, 9)),
    st.tuples(st.just("read"), st.integers(1, 9)),
    st.tuples(st.just("cut"), st.just("")),
)
FAR = [("make", "trade")] * 12 + [("cut", ""), ("feed", 5), ("read", 9), ("make", "hole")] * 3


@settings(max_examples=300, deadline=None)
@example(steps=FAR, ring_bytes=600)
@example(steps=[*FAR, ("feed", 9), *[("make", "two")] * 9, ("read", 9)], ring_bytes=600)
@given(steps=st.lists(step, max_size=70), ring_bytes=st.sampled_from([1, 600, 2000]))
def test_a_run_with_returns_from_ring_and_log_is_told_as_one_without(steps, ring_bytes):
    world = World(ring_bytes)
    client = Wanderer(world)
    for kind, what in steps:
        match kind:
            case "make":
                make(world, what)
            case "cut":
                client.cut()
            case _:
                getattr(client, kind)(what)
    client.cut()
    for _ in range(len(world.log)):
        client.feed(2)
        client.read(10_000)
    assert client.got == world.read_stays(), client.from_log
    assert world.held.size_bytes >= 0
    assert client.session.even


def make(world, what):
    source = world.source
    match what:
        case "two":
            source.trade().trade()
        case "hole":
            source.trades_missing()
        case "holes":
            source.trade().trades_missing().trades_missing().trade()
        case _:
            getattr(source, what)()
    world.write(source)


def away(records: int = 12, *, ring_bytes: int = 600, **limits):
    """Return a world with more trades than are kept, and a client back from the first of them."""
    world = World(ring_bytes)
    for _ in range(records):
        make(world, "trade")
    session = world.enter(**limits)
    answer, replay = world.subscribe(session, "trades", Position("run1", 1))
    assert (answer.recovered, answer.via) == ({"BTC-USD": True}, {"BTC-USD": "replay"})
    return world, session, replay


def kinds(session) -> list[str]:
    return [read_message(raw).type for raw in taken(session, 10_000)]


def test_nothing_is_told_before_it_is_here_and_the_client_is_not_one_of_many():
    _, session, replay = away()
    assert kinds(session) == ["subscribed"]
    assert replay.awaits
    assert not session.has_more
    assert not session.even


def test_what_is_fed_and_not_handed_out_is_counted_and_bounded(monkeypatch):
    monkeypatch.setattr(log_replay, "REPLAY_BYTES_MAX", 500)
    world, session, replay = away()
    world.feed(session, replay)
    assert replay.full
    assert 500 <= world.held.size_bytes < 1000
    taken(session, 10_000)
    assert (world.held.size_bytes, replay.empty, world.room) == (0, True, [replay])


def test_all_replays_together_are_bounded(monkeypatch):
    monkeypatch.setattr(log_replay, "HELD_BYTES_MAX", 1)
    monkeypatch.setattr(log_replay, "LESS_BYTES", 100)
    world, session, replay = away()
    world.feed(session, replay)
    assert 100 <= world.held.size_bytes < 500


def test_a_hole_in_what_is_fed_ends_it_with_a_gap_after_what_came_before():
    world, session, replay = away()
    world.feed(session, replay, 4)
    replay.sequence += 1
    world.feed(session, replay)
    assert replay.broken
    assert replay.loss == ("resume", "subscribe")
    assert kinds(session)[-2:] == ["trade", "gap"]


def test_one_that_broke_off_goes_on_with_the_ring_where_that_has_it():
    world, session, replay = away()
    world.feed(session, replay)
    assert replay.covered
    replay.break_off()
    assert "gap" not in kinds(session)
    assert session.even


def test_what_the_ring_let_go_before_it_was_read_is_told_as_slow():
    world, session, replay = away(ring_bytes=1200, outbox_drained_bytes=100)
    world.feed(session, replay)
    while replay.reading:
        taken(session, 1)
    for _ in range(20):
        make(world, "trade")
    assert replay.loss == ("slow_consumer", "slow")
    assert "gap" in kinds(session)


def test_what_is_not_in_the_log_ends_it():
    world, session, _ = away()
    world.fanout.lose(partition_of("BTC-USD"))
    assert kinds(session) == ["subscribed", "gap"]
    assert session.even


def test_the_ring_decides_what_comes_once_it_is_read():
    world, session, replay = away(ring_bytes=1200, outbox_drained_bytes=100)
    world.feed(session, replay)
    while replay.reading:
        taken(session, 1)
    make(world, "trade")
    assert session.subscriptions[TRADES].goes_on_with(replay)
    assert "gap" not in kinds(session)
    assert world.fanout.ring.head(TRADES) == replay.head(TRADES)


def test_what_was_fed_is_not_fed_again():
    world, session, replay = away()
    world.feed(session, replay, 3)
    replay.sequence, fed = 0, replay.fed
    batches, publish_ns = world.log[2]
    replay.feed(past_frames(Past("v", "BTC-USD", publish_ns, print), batches[0], gateway_frames))
    assert (replay.fed, replay.broken) == (fed, False)
    world.feed(session, replay)
    assert data(taken(session, 10_000)) == world.read_stays()[1:]


def test_another_epoch_says_nothing_to_it():
    _, _, replay = away()
    assert not replay.wants("run2", 10)
    assert not replay.wants("run1", 1)
    assert replay.wants("run1", 2)


def test_a_session_that_ended_or_left_it_is_not_fed():
    world, session, replay = away()
    subscription = session.subscriptions[TRADES]
    assert subscription.goes_on_with(replay)
    world.fanout.part(session, *TRADES)
    subscription.go_on(Position("run1", 1))
    session.fed(subscription)
    assert kinds(session) == ["subscribed"]
