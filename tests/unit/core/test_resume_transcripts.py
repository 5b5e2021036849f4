"""A client that is cut off at any moment and resumes is told, byte for byte, what a client is
told that stays."""

from collections import deque

from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from resume_support import CHANNELS, Gateway
from streams import Numbered

from ledgerflux.core.limits import Limits
from ledgerflux.core.mirror import Verdict
from ledgerflux.wire.gateway_reading import Follower, read_message


class Reader:
    """A client: `wire` is written to it and has not arrived, `told` is what it was told by stream.

    A cut loses what is on the wire, and what its session still held.
    """

    def __init__(self) -> None:
        self.follower = Follower()
        self.told: dict[str, list[bytes]] = {channel: [] for channel in CHANNELS}
        self.wire: deque[bytes] = deque()
        self.resumes = 0

    def come(self, hall: "Hall", mode: str) -> None:
        """Connect, and go on where each stream stands."""
        self.hall = hall
        self.session = hall.gateway.enter()
        hall.readers[self.session] = self
        for channel in CHANNELS:
            mirror = self.follower.mirrors.get((channel, "BTC-USD"))
            place = None if mirror is None else mirror.position
            assert mirror is None or mirror.can_go_on(book=channel == "level2")
            answer = hall.gateway.subscribe(self.session, channel, place, mode=mode)
            if place is not None:
                self.resumes += 1
                assert answer.recovered == {"BTC-USD": True}
                assert answer.via == {"BTC-USD": "replay"}
                assert answer.streams["BTC-USD"].seq == place.seq

    def cut(self) -> None:
        self.hall.gateway.fanout.leave(self.session)
        del self.hall.readers[self.session]
        self.wire.clear()
        for mirror in self.follower.mirrors.values():
            mirror.lose()

    def arrive(self, count: int) -> None:
        """Let so many messages arrive; each continues its stream."""
        while self.wire and count:
            raw = self.wire.popleft()
            message = read_message(raw)
            judged = self.follower.take(message)
            if judged is not None:
                assert judged.verdict is Verdict.APPLIED, (judged.mirror.why, raw)
                self.told[message.channel].append(raw)
            count -= 1


class Hall:
    """A gateway and its readers; what it writes is on their wires."""

    def __init__(self, limits: Limits) -> None:
        self.gateway = Gateway(limits)
        self.readers: dict = {}

    def write(self, size_bytes: int) -> None:
        """Write to whom there is something to write, alone or together, as the role does."""
        for session, reader in self.readers.items():
            self.gateway.fanout.unite(session)
            reader.wire.extend(session.take(size_bytes))
        for cohort in self.gateway.woken:
            messages = cohort.take()
            for session in cohort.members:
                self.readers[session].wire.extend(messages)
        self.gateway.woken.clear()


class World:
    """One source, two gateways of which the second reads late, one client that stays, one not."""

    def __init__(self, limits: Limits) -> None:
        self.source = Numbered()
        self.halls = [Hall(limits), Hall(limits)]
        self.made = 0
        self.make("start")
        self.read_log(1, 1)
        self.stays, self.wanders = Reader(), Reader()
        for reader in (self.stays, self.wanders):
            reader.come(self.halls[0], "auto")
        self.settle()

    def make(self, what: str) -> None:
        self.made += 1
        if what == "start":
            self.source.snapshot().trade()
        if what in ("update", "both"):
            self.source.update(("buy", "99.5", str(self.made)))
        if what in ("trade", "both"):
            self.source.trade()
        if what == "status":
            self.source.status("live", f"said for the {self.made}. time")
        batches = self.source.take()
        for hall in self.halls:
            hall.gateway.log.append(batches)
        self.read_log(0, 1_000)

    def read_log(self, number: int, count: int) -> None:
        self.halls[number].gateway.read_log(count)

    def cut(self, number: int, mode: str) -> None:
        self.wanders.cut()
        self.wanders.come(self.halls[number], mode)

    def settle(self) -> None:
        """Let everything be written, and arrive."""
        self.read_log(1, 1_000)
        while any(hall.gateway.woken or s.has_more for hall in self.halls for s in hall.readers):
            for hall in self.halls:
                hall.write(1_000_000)
        for reader in (self.stays, self.wanders):
            reader.arrive(1_000_000)


step = st.one_of(
    st.tuples(st.just("make"), st.sampled_from(["update", "trade", "both", "status"])),
    st.tuples(st.just("make"), st.sampled_from(["update", "both"])),
    st.tuples(st.just("read_log"), st.just(1), st.integers(1, 4)),
    st.tuples(st.just("write"), st.integers(0, 1), st.sampled_from([1, 400, 100_000])),
    st.tuples(st.just("arrive"), st.integers(1, 6)),
    st.tuples(st.just("cut"), st.integers(0, 1), st.sampled_from(["auto", "strict"])),
    st.tuples(st.just("cut"), st.just(0), st.just("auto")),
)
BIT_BY_BIT = Limits(outbox_drained_bytes=600)
"""What is sent again is so as it is read: what comes meanwhile follows it."""
LOST_ON_THE_WAY = [
    *[("make", "both"), ("write", 0, 100_000), ("arrive", 1), ("cut", 0, "auto")],
    *[("make", "update"), ("cut", 1, "strict"), ("make", "both"), ("write", 1, 400)],
    *[("read_log", 1, 2), ("write", 1, 400), ("arrive", 6), ("cut", 0, "strict")],
]


@settings(max_examples=200, deadline=None)
@example(steps=LOST_ON_THE_WAY, limits=Limits())
@given(
    steps=st.lists(step, min_size=6, max_size=60), limits=st.sampled_from([Limits(), BIT_BY_BIT])
)
def test_a_transcript_with_resumes_is_the_one_without(steps, limits):
    world = World(limits)
    for kind, *what in steps:
        match kind:
            case "write":
                world.halls[what[0]].write(what[1])
            case "arrive":
                world.wanders.arrive(*what)
            case _:
                getattr(world, kind)(*what)
    world.settle()
    assert world.stays.resumes == 0
    assert world.wanders.told == world.stays.told
    for channel in CHANNELS:
        mirror = world.wanders.follower.mirrors[channel, "BTC-USD"]
        assert mirror.position.seq == world.source.seqs[channel]
    book = world.wanders.follower.mirrors["level2", "BTC-USD"].book
    assert (book.bids(), book.asks()) == (world.source.book.bids(), world.source.book.asks())
    event(f"resumes: {min(world.wanders.resumes, 12)}")
