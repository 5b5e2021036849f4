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
LEVEL2 = ("level2", "BTC-USD")


class World:
    """A source and its log, a gateway that keeps little of it, one client that stays."""

    def __init__(self, ring_bytes: int = 600, *, updates: int = 0) -> None:
        self.source = Numbered()
        self.log: list = []
        self.fanout = Fanout(gateway_frames, Limits(), lambda _: None)
        self.fanout.ring = ReplayRing(ring_bytes, ring_bytes)
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

    def enter(self) -> ClientSession:
        session = ClientSession(gateway_frames, Limits(), 0, lambda: None)
        self.fanout.enter(session)
        return session

    def subscribe(self, session, channel, place, mode="auto"):
        """Subscribe as the role does; return the answer, and the replay from the log if any."""
        resuming = Resuming(self.fanout, channel, WHOLE)
        points = {} if place is None else {"BTC-USD": place}
        replays = {
            product: LogReplay((name, product), at, 0, self.fanout.ring, self.held, self.room.append)
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
