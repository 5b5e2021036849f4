import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from resume_support import CHANNELS, Gateway
from streams import Numbered, partition_saved

from ledgerflux.core.limits import Limits
from ledgerflux.core.mirror import Verdict
from ledgerflux.core.replay_ring import ReplayRing
from ledgerflux.core.resuming import AHEAD_MAX, Resuming, unused
from ledgerflux.core.sharding import partition_of
from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import WHOLE, Terms
from ledgerflux.wire.gateway_reading import Follower, read_message

BTC = partition_of("BTC-USD")


class Wanderer:
    """A client that is cut off and comes back; everything it gets is judged."""

    def __init__(self, gateway: Gateway, sources: dict) -> None:
        self.follower = Follower()
        self.trades: list[tuple[str, int]] = []
        self.announced: set[tuple[str, int]] = set()
        self.had: set[tuple[str, int]] = set()
        self.sources = sources
        self.come(gateway)

    def come(self, gateway: Gateway, mode: str = "auto") -> None:
        self.gateway = gateway
        self.session = gateway.enter()
        for channel in CHANNELS:
            mirror = self.follower.mirrors.get((channel, "BTC-USD"))
            goes_on = mirror is not None and mirror.can_go_on(book=channel == "level2")
            was = mirror.position if goes_on else None
            answer = gateway.subscribe(self.session, channel, was, mode=mode)
            place = answer.streams["BTC-USD"]
            if channel == "trades":
                if not answer.recovered.get("BTC-USD"):
                    self._begin_anew()
                self._note(mirror, answer, Position(place.epoch, place.seq))

    def leave(self) -> None:
        self.gateway.fanout.leave(self.session)
        for mirror in self.follower.mirrors.values():
            mirror.lose()

    def read(self, count: int) -> None:
        for _ in range(count):
            self.gateway.fanout.unite(self.session)
            for cohort in self.gateway.woken:
                messages = cohort.take()
                if self.session in cohort.members:
                    self._judge_all(messages)
            self.gateway.woken.clear()
            batch = self.session.take(1)
            if not batch and not self.session.has_more:
                return
            self._judge_all(batch)

    def _judge_all(self, batch) -> None:
        for raw in batch:
            message = read_message(raw)
            judged = self.follower.take(message)
            if judged is None:
                continue
            assert judged.verdict is Verdict.APPLIED, (judged.mirror.why, raw)
            if message.type == "trade":
                self.trades += [(message.epoch, trade.seq) for trade in message.trades()]
            elif message.type == "gap" and message.channel == "trades":
                self._announce(message.epoch, message.from_seq, message.to_seq)
                if message.cause == "epoch":
                    self._begin_anew()
            mirror = judged.mirror
            if message.channel == "level2" and mirror.live:
                at = (mirror.position.epoch, mirror.position.seq)
                if at in self.sources["books"]:
                    assert book_of(mirror) == self.sources["books"][at]

    def _note(self, mirror, answer, place: Position) -> None:
        """Who is not told that it is recovered knows that what it has not, it may miss."""
        if not (answer.recovered or {}).get("BTC-USD") and place.epoch:
            was = mirror.position if mirror is not None else None
            same = was is not None and was.epoch == place.epoch
            self._announce(place.epoch, was.seq + 1 if same else 1, place.seq)

    def _begin_anew(self) -> None:
        """Who is told of another epoch, or of nothing recovered, may be told trades again."""
        self.had |= set(self.trades)
        self.trades.clear()

    def _announce(self, epoch: str, first: int, last: int) -> None:
        self.announced |= {(epoch, seq) for seq in range(first, last + 1)}


def book_of(mirror):
    return mirror.book.bids(), mirror.book.asks()


step = st.one_of(
    st.tuples(st.just("make"), st.sampled_from(["update", "trade", "both", "snapshot", "gap"])),
    st.tuples(st.just("make"), st.sampled_from(["update", "trade", "both"])),
    st.tuples(st.just("lag"), st.integers(1, 4)),
    st.tuples(st.just("read"), st.integers(1, 30)),
    st.tuples(st.just("cut"), st.tuples(st.integers(0, 1), st.sampled_from(["auto", "strict"]))),
    st.tuples(st.just("begin"), st.none()),
    st.tuples(st.just("doubt"), st.none()),
    st.tuples(st.just("trust"), st.none()),
    st.tuples(st.just("lose"), st.integers(0, 1)),
)
TIGHT = Limits(outbox_bytes=1500, outbox_drained_bytes=700, waiting_bytes_max=2500)
BACK_AND_FORTH = [
    ("make", "snapshot"), ("lag", 4), ("read", 30),
    ("make", "both"), ("read", 30), ("cut", (1, "auto")), ("make", "both"), ("read", 30),
    ("lag", 1), ("read", 30), ("lag", 4), ("read", 30), ("cut", (0, "strict")), ("read", 30),
]  # fmt: skip


class World:
    """One source, two gateways of which the second is late, one client that wanders."""

    def __init__(self, limits: Limits, ring_bytes: int) -> None:
        self.source = Numbered()
        self.books: dict = {}
        self.gateways = [Gateway(limits, ReplayRing(ring_bytes, ring_bytes)) for _ in range(2)]
        self.epochs = 1
        self.made = 0
        self.all: set[tuple[str, int]] = set()
        self.write()
        self.client = Wanderer(self.gateways[0], {"books": self.books})

    def write(self) -> None:
        batches = self.source.take()
        self.books[self.source.epoch, self.source.seqs["level2"]] = (
            self.source.book.bids(),
            self.source.book.asks(),
        )
        seqs = range(1, self.source.seqs["trades"] + 1)
        self.all |= {(self.source.epoch, seq) for seq in seqs}
        for gateway in self.gateways:
            gateway.log.append(batches)
        self.gateways[0].read_log()

    def run(self, kind, what) -> None:
        match kind:
            case "make":
                self._make(what)
                self.write()
            case "lag":
                self.gateways[1].read_log(what)
            case "read":
                self.client.read(what)
            case "cut":
                self.client.leave()
                self.client.come(self.gateways[what[0]], what[1])
            case "begin":
                self.epochs += 1
                self.source.begin(f"run{self.epochs}")
                self.write()
            case "doubt":
                self.gateways[0].fanout.doubt(BTC, "nobody")
            case "trust":
                self.gateways[0].fanout.trust(BTC)
            case "lose":
                gateway = self.gateways[what]
                gateway.log.clear()
                gateway.fanout.lose(BTC)
                gateway.fanout.restore(BTC, partition_saved(self.source.saved()))

    def _make(self, what) -> None:
        self.made += 1
        if what in ("update", "both"):
            self.source.update(("buy", "99.5", str(self.made)))
        if what in ("trade", "both"):
            self.source.trade()
        if what in ("snapshot", "gap"):
            getattr(self.source, what)()


@settings(max_examples=200, deadline=None)
@example(steps=BACK_AND_FORTH, limits=Limits(), ring_bytes=1 << 20)
@example(steps=BACK_AND_FORTH, limits=TIGHT, ring_bytes=1200)
@given(
    steps=st.lists(step, max_size=60),
    limits=st.sampled_from([Limits(), TIGHT]),
    ring_bytes=st.sampled_from([1 << 20, 1200]),
)
def test_cuts_and_returns_anywhere_change_nothing_of_what_a_client_has(steps, limits, ring_bytes):
    world = World(limits, ring_bytes)
    for kind, what in steps:
        world.run(kind, what)
    for gateway in world.gateways:
        gateway.fanout.trust(BTC)
        gateway.read_log()
    client = world.client
    client.read(10_000)
    stream = client.gateway.fanout.products["BTC-USD"]
    for channel in CHANNELS:
        mirror = client.follower.mirrors[channel, "BTC-USD"]
        waits = stream.position(channel).epoch == ""
        assert waits or mirror.position == stream.position(channel), channel
    assert len(client.trades) == len(set(client.trades))
    kept = {place for place in world.all if place[0] == world.source.epoch}
    assert kept <= set(client.trades) | client.had | client.announced
    book = client.follower.mirrors["level2", "BTC-USD"]
    assert book.live == (stream.state == "live")
    if book.live:
        assert book_of(book) == (world.source.book.bids(), world.source.book.asks())


def live(*, updates: int = 3, limits: Limits = Limits()) -> tuple[Gateway, Numbered]:  # noqa: B008
    gateway, source = Gateway(limits), Numbered()
    gateway.fanout.publish(source.snapshot().ticker().take(), 1)
    for number in range(updates):
        tell(gateway, source.update(("buy", "99.5", str(number + 1))).trade())
    return gateway, source


def tell(gateway: Gateway, source: Numbered) -> None:
    gateway.fanout.publish(source.take(), 1)


def told(session) -> list[str]:
    kinds = []
    while batch := session.take(1):
        kinds += [read_message(raw).type for raw in batch]
    return kinds


def at(seq: int, epoch: str = "run1") -> Position:
    return Position(epoch, seq)


def test_every_message_since_is_sent_again_and_then_what_follows():
    gateway, source = live()
    session = gateway.enter()
    answer = gateway.subscribe(session, "level2", at(2))
    assert (answer.recovered, answer.via) == ({"BTC-USD": True}, {"BTC-USD": "replay"})
    tell(gateway, source.update())
    assert told(session) == ["subscribed", "update", "update", "update"]


def test_a_token_of_the_answer_says_the_same_place():
    gateway, _ = live()
    token = gateway.fanout.tokens.make("v", "level2", WHOLE, {"BTC-USD": at(2)})["BTC-USD"]
    answer = gateway.subscribe(gateway.enter(), "level2", token)
    assert answer.streams["BTC-USD"].seq == 2


def test_tokens_of_another_stream_and_without_a_key_are_refused():
    gateway, _ = live()
    token = gateway.fanout.tokens.make("v", "trades", WHOLE, {"BTC-USD": at(2)})["BTC-USD"]
    refusal = gateway.subscribe(gateway.enter(), "level2", token)
    assert refusal.message == "resume: BTC-USD: this is no token of this stream"
    gateway.fanout.tokens.key = b""
    refusal = gateway.subscribe(gateway.enter(), "trades", token)
    assert refusal.code == "invalid_param"
    assert "give epoch and seq" in refusal.message


def test_a_product_that_is_not_asked_for_is_refused_and_one_that_is_not_new_is_a_warning():
    gateway, _ = live()
    resuming = Resuming(gateway.fanout, "trades", WHOLE)
    assert resuming.points({"ETH-USD": at(1)}, ["BTC-*"]).product_ids == ("ETH-USD",)
    assert resuming.points({"ETH-USD": at(1)}, None) == {"ETH-USD": at(1)}
    assert resuming.take_up(gateway.enter(), {}, {"ETH-USD": at(1)}, "auto").recovered == {}
    assert unused({"ETH-USD": at(1)}, {}) == ["resume: nothing new is followed of ETH-USD"]
    assert unused({"ETH-USD": at(1)}, {"ETH-USD": at(1)}) == []


@pytest.mark.parametrize(
    ("place", "kinds"),
    [
        (at(0), ["subscribed", "gap", "snapshot"]),
        (at(2, "other"), ["subscribed", "gap", "snapshot"]),
        (at(4 + AHEAD_MAX + 1), ["subscribed", "snapshot"]),
    ],
)
def test_what_is_not_kept_is_told_and_the_state_follows(place, kinds):
    gateway, _ = live()
    session = gateway.enter()
    answer = gateway.subscribe(session, "level2", place)
    assert (answer.recovered, answer.via) == ({"BTC-USD": False}, {})
    assert told(session) == kinds


def test_trades_that_are_not_kept_are_a_gap_and_tickers_begin_where_they_are():
    gateway, _ = live()
    gateway.fanout.ring.begin(("trades", "BTC-USD"), at(3))
    session = gateway.enter()
    assert gateway.subscribe(session, "trades", at(1)).recovered == {"BTC-USD": False}
    assert told(session) == ["subscribed", "gap"]
    assert gateway.subscribe(session, "ticker", at(1), snapshot=False).via == {"BTC-USD": "replay"}


@pytest.mark.parametrize(("mode", "via"), [("auto", "snapshot"), ("strict", "replay")])
def test_a_book_comes_where_it_is_shorter_unless_every_message_is_wanted(mode, via):
    gateway, _ = live(updates=100)
    session = gateway.enter()
    answer = gateway.subscribe(session, "level2", at(2), mode=mode)
    assert (answer.recovered, answer.via) == ({"BTC-USD": True}, {"BTC-USD": via})
    assert ("snapshot" in told(session)) == (via == "snapshot")


@pytest.mark.parametrize(
    ("mode", "recovered", "kinds"),
    [
        ("auto", True, ["subscribed", "snapshot"]),
        ("strict", False, ["subscribed", "gap", "snapshot"]),
    ],
)
def test_a_part_of_a_book_is_sent_as_it_is(mode, recovered, kinds):
    gateway, _ = live()
    session = gateway.enter()
    answer = gateway.subscribe(session, "level2", at(3), terms=Terms(1, "none"), mode=mode)
    assert answer.recovered == {"BTC-USD": recovered}
    assert told(session) == kinds


def test_a_part_without_its_state_begins_with_what_comes():
    gateway, _ = live()
    session = gateway.enter()
    answer = gateway.subscribe(session, "level2", at(3), terms=Terms(1, "none"), snapshot=False)
    assert answer.recovered == {"BTC-USD": False}
    assert told(session) == ["subscribed"]


def test_a_book_that_nobody_keeps_right_is_sent_as_it_is():
    gateway, _ = live()
    gateway.fanout.doubt(BTC, "nobody")
    session = gateway.enter()
    assert gateway.subscribe(session, "level2", at(2)).via == {"BTC-USD": "snapshot"}
    assert told(session) == ["subscribed", "snapshot"]


def test_a_stream_that_can_not_be_followed_can_not_be_gone_on_with():
    gateway, _ = live()
    gateway.fanout.lose(BTC)
    assert gateway.subscribe(gateway.enter(), "level2", at(4)).recovered == {"BTC-USD": False}


def test_who_was_further_elsewhere_waits_until_the_stream_is_there():
    gateway, source = live()
    session = gateway.enter()
    answer = gateway.subscribe(session, "trades", at(5))
    assert (answer.streams["BTC-USD"].seq, answer.via) == (5, {"BTC-USD": "replay"})
    for _ in range(3):
        tell(gateway, source.trade())
    assert told(session) == ["subscribed", "trade"]


@pytest.mark.parametrize(
    ("place", "mode", "recovered", "kinds"),
    [
        (Position("run1", 0), "auto", True, ["subscribed", "candle"]),
        (Position("run1", 1), "strict", False, ["subscribed", "gap", "candle"]),
        (Position("run0", 1), "auto", False, ["subscribed", "gap", "candle"]),
    ],
)
def test_candles_go_on_with_the_bars_where_those_hold_all_since(place, mode, recovered, kinds):
    gateway, source = Gateway(), Numbered()
    gateway.log.append(source.trade().trade().take())
    gateway.read_log()
    session = gateway.enter()
    terms = Terms(interval="1m")
    answer = gateway.subscribe(session, "candles", place, mode=mode, terms=terms)
    assert answer.recovered["BTC-USD"] is recovered
    assert [read_message(raw).type for raw in session.take(100_000)] == kinds


def test_candles_that_began_later_than_the_client_left_are_not_all():
    gateway, source = Gateway(), Numbered()
    source.trade().trade().take()
    gateway.fanout.restore(BTC, partition_saved(source.saved()))
    gateway.log.append(source.trade().take())
    gateway.read_log()
    answer = gateway.subscribe(
        gateway.enter(), "candles", Position("run1", 1), terms=Terms(interval="1m")
    )
    assert not answer.recovered["BTC-USD"]


def test_what_lies_before_what_is_kept_is_looked_for_where_no_state_would_do():
    gateway, source = live()
    tell(gateway, source.ticker())
    for channel in ("trades", "ticker", "level2"):
        gateway.fanout.ring.begin((channel, "BTC-USD"), source_place(source, channel))
    asked = {"BTC-USD": at(1), "NO-SUCH": at(1)}

    def beyond(channel, mode, terms=WHOLE, places=asked):
        return Resuming(gateway.fanout, channel, terms).beyond(places, mode)

    assert beyond("trades", "auto") == {("trades", "BTC-USD"): at(1)}
    assert beyond("level2", "auto") == {}
    assert beyond("level2", "strict") == {("level2", "BTC-USD"): at(1)}
    assert beyond("level2", "strict", Terms(1, "none")) == {}
    assert beyond("heartbeats", "strict") == {}
    for elsewhere in (at(1, "other"), at(3), at(9)):
        assert beyond("trades", "auto", places={"BTC-USD": elsewhere}) == {}
    gateway.fanout.ring.forget(("trades", "BTC-USD"))
    assert beyond("trades", "auto") == {}


def source_place(source, channel) -> Position:
    return Position(source.epoch, source.seqs[channel])


def test_what_was_found_elsewhere_is_replayed_from_there():
    gateway, source = live()
    gateway.fanout.ring.begin(("trades", "BTC-USD"), source_place(source, "trades"))
    session = gateway.enter()
    resuming = Resuming(gateway.fanout, "trades", WHOLE)
    granted = gateway.desk.subscribe(session, "trades", ["BTC-USD"], terms=WHOLE, snapshot=True)
    found = ReplayRing()
    resumption = resuming.take_up(session, granted, {"BTC-USD": at(1)}, "auto", {"BTC-USD": found})
    assert (resumption.via, granted) == ({"BTC-USD": "replay"}, {"BTC-USD": at(1)})
    assert session.subscriptions["trades", "BTC-USD"].goes_on_with(found)
