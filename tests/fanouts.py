"""A fan-out with clients, and a world in which anything happens to it."""

import json

from hypothesis import strategies as st
from streams import Numbered, partition_saved

from ledgerflux.core.book import book_hash
from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.holdings import holdings
from ledgerflux.core.limits import Limits
from ledgerflux.core.mirror import Verdict
from ledgerflux.core.request_desk import Refusal, RequestDesk
from ledgerflux.core.sharding import partition_of
from ledgerflux.core.terms import WHOLE, Terms
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.gateway_lists import subscriptions
from ledgerflux.wire.gateway_reading import Follower, read_message

BTC = partition_of("BTC-USD")


def make(limits: Limits = Limits(), products=("BTC-USD",)) -> Fanout:  # noqa: B008
    fanout = Fanout(gateway_frames, limits, lambda _: None)
    fanout.begin("v", integrity="none", integrity_rule="none")
    fanout.serve(products)
    return fanout


def enter(fanout: Fanout, limits: Limits = Limits()) -> ClientSession:  # noqa: B008
    session = ClientSession(gateway_frames, limits, 0, lambda: None)
    fanout.enter(session)
    return session


def one(session):
    """Return the next message alone, None where there is none."""
    batch = session.take(1)
    return batch[0] if batch else None


def taken(session: ClientSession) -> list[dict]:
    messages = []
    while (message := one(session)) is not None:
        messages.append(json.loads(message))
    return messages


def types(session: ClientSession) -> list[str]:
    return [message["type"] for message in taken(session)]


def follow(fanout: Fanout, session: ClientSession, *channels, product="BTC-USD") -> None:
    for channel in channels:
        fanout.join(session, channel, fanout.products[product], snapshot=True)
    session.put(b'{"type":"ack"}')


def conflated(fanout: Fanout, session: ClientSession, terms: Terms) -> None:
    fanout.join(session, "level2", fanout.products["BTC-USD"], snapshot=True, terms=terms)
    session.put(b'{"type":"ack"}')


TIGHT = Limits(outbox_bytes=3000, outbox_drained_bytes=900, waiting_bytes_max=3000)
CHANNELS = ("level2", "trades", "ticker", "status")
PRODUCTS = ("BTC-USD", "ETH-USD")
PATTERNS = ("*", "BTC-*", "*-USD")
sides = st.sampled_from(["buy", "sell"])
sizes = st.sampled_from(["0", "1", "2.50"])
change = st.tuples(sides, st.integers(1, 40).map(str), sizes)
happening = st.one_of(
    st.tuples(st.sampled_from(["update", "snapshot"]), st.lists(change, min_size=1, max_size=6)),
    st.tuples(
        st.sampled_from(["gap", "trade", "trades_missing", "ticker", "status", "begin"]),
        st.just(None),
    ),
)
TERMS = [
    WHOLE,
    Terms(1),
    Terms(2),
    Terms(10),
    Terms("full", "50ms"),
    Terms(2, "100ms"),
    Terms(1, "1s"),
    Terms(1, "latest"),
]

step = st.one_of(
    st.tuples(
        st.just("publish"), st.sampled_from(PRODUCTS), st.lists(happening, min_size=1, max_size=8)
    ),
    st.tuples(
        st.just("subscribe"),
        st.sampled_from(CHANNELS),
        st.tuples(st.sampled_from([*PRODUCTS, *PATTERNS, None]), st.sampled_from(TERMS)),
    ),
    st.tuples(
        st.just("unsubscribe"),
        st.sampled_from(CHANNELS),
        st.tuples(st.sampled_from([*PRODUCTS, *PATTERNS, None]), st.just(WHOLE)),
    ),
    st.tuples(
        st.just("skip"),
        st.sampled_from(CHANNELS),
        st.tuples(st.sampled_from([*PRODUCTS, None]), st.sampled_from(TERMS)),
    ),
    st.tuples(st.just("tick"), st.integers(1, 25), st.none()),
    st.tuples(st.just("drain"), st.integers(1, 12), st.none()),
    st.tuples(st.just("write"), st.booleans(), st.none()),
    st.tuples(st.just("renew"), st.sampled_from(PRODUCTS), st.none()),
    st.tuples(st.just("list"), st.none(), st.none()),
    st.tuples(
        st.sampled_from(["lose", "restore", "doubt", "trust"]),
        st.sampled_from(PRODUCTS),
        st.none(),
    ),
)


class World:
    """Two products, a fan-out, a client that reads when told to, and what it believes."""

    def __init__(self) -> None:
        self.fanout = make(TIGHT, PRODUCTS)
        self.desk = RequestDesk(self.fanout, TIGHT)
        self.session = enter(self.fanout, TIGHT)
        self.healthy = enter(self.fanout)
        self.sources = {product: Numbered(product) for product in PRODUCTS}
        self.lost: set[str] = set()
        self.doubted: set[str] = set()
        self.epochs = 1
        self.ticks = 0
        self.client = Follower()
        self.other = Follower()
        self._ask(self.healthy, "subscribe", "level2", None)
        self.read(self.healthy, self.other, 1000)

    def run(self, kind, what, more) -> None:
        match kind:
            case "publish":
                self._publish(what, more)
            case "drain":
                self.read(self.session, self.client, what)
                self.fanout.unite(self.session)
            case "write":
                self._write(takes=what)
            case "skip":
                product, terms = more
                named = None if product is None else [product]
                self._ask(self.session, "subscribe", what, named, terms, "gap")
            case "renew":
                if ("level2", what) in self.session.subscriptions:
                    self.session.renew(("level2", what))
                    self.session.put(b'{"type":"ack"}')
            case "list":
                held = holdings(self.session)
                self.session.put(subscriptions(held, venue="v", request_id=1, times=(1, 1)))
            case "lose":
                self.fanout.lose(partition_of(what))
                self.lost.add(what)
            case "restore":
                self._restore(what)
            case "doubt":
                self.fanout.doubt(partition_of(what), "nobody is there")
                self.doubted.add(what)
            case "trust":
                self._trust(what)
            case "tick":
                self._tick(what)
            case _:
                product, terms = more
                named = None if product is None else [product]
                self._ask(self.session, kind, what, named, terms)
        assert not self.healthy.outbox.above
        if kind == "publish":
            return  # what is queued for a cohort stays there for a while
        self._write(takes=True)
        self.read(self.healthy, self.other, 1000)
        self.fanout.unite(self.healthy)
        assert self.healthy.cohort is not None
        for product in PRODUCTS:
            mirror = self.other.mirrors.get(("level2", product))
            live = mirror is not None and mirror.live
            assert live or self.fanout.heads()[product].state != "live"
            assert not (live and product in self.doubted)

    def _write(self, *, takes) -> None:
        """Write to all cohorts; the socket of the tight client takes it, or not."""
        for cohort in list(self.fanout._followers.cohorts()):
            members, messages = list(cohort.members), cohort.take()
            for session in members:
                if session is self.session and not takes:
                    cohort.release(session, messages)
                else:
                    self._hear(session, messages)

    def _hear(self, session, messages) -> None:
        client = self.client if session is self.session else self.other
        for raw in messages:
            self._judge(client, raw)

    def _publish(self, product, happenings) -> None:
        source = self.sources[product]
        for name, changes in happenings:
            self._happen(source, name, changes)
        batches = source.take()
        if product not in self.lost:
            self._trust(product)  # events show that somebody is there
            self.fanout.publish(batches, 1)

    def _tick(self, ticks) -> None:
        self.fanout.tick(self.ticks, self.ticks + ticks)
        self.ticks += ticks

    def _trust(self, product) -> None:
        self.fanout.trust(partition_of(product))
        self.doubted.discard(product)

    def _happen(self, source: Numbered, name, changes) -> None:
        match name:
            case "update":
                if source.state == "live":
                    source.update(*changes)
            case "snapshot":
                source.snapshot([(price, size) for _, price, size in changes])
            case "status":
                source.status("halted")
            case "begin":
                self.epochs += 1
                source.begin(f"run{self.epochs}")
            case _:
                getattr(source, name)()

    def _restore(self, product) -> None:
        source = self.sources[product]
        source.take()
        self.fanout.restore(partition_of(product), partition_saved(source.saved()))
        self.lost.discard(product)

    def _ask(self, session, kind, channel, products, terms=WHOLE, on_slow=None) -> None:
        if kind == "subscribe":
            if channel not in ("level2", "ticker"):
                terms = WHOLE
            elif channel == "ticker":
                terms = Terms("full", terms.conflate)
            granted = self.desk.subscribe(session, channel, products, terms=terms, on_slow=on_slow)
            if not isinstance(granted, Refusal):
                session.put(gateway_frames.subscribed(channel, granted, venue="v"))
        else:
            left = self.desk.unsubscribe(session, channel, products)
            if not isinstance(left, Refusal):
                session.put(gateway_frames.unsubscribed(channel, left))

    def read(self, session: ClientSession, client: Follower, count: int) -> None:
        for _ in range(count):
            raw = one(session)
            if raw is None:
                return
            self._judge(client, raw)

    def _judge(self, client: Follower, raw: bytes) -> None:
        message = read_message(raw)
        if message.type == "subscriptions":
            self._compare(client, json.loads(raw))
        judged = client.take(message)
        if judged is None:
            return
        assert judged.verdict is not Verdict.BROKEN, judged.mirror.why
        mirror = judged.mirror
        session = self.session if client is self.client else self.healthy
        subscription = session.subscriptions.get((message.channel, message.product_id))
        whole = subscription is not None and subscription.terms.depth == "full"
        if message.channel == "level2" and mirror.live and whole:
            true_hash = self.sources[message.product_id].books[mirror.position]
            assert book_hash(mirror.book.bids(), mirror.book.asks()) == true_hash

    def _compare(self, client: Follower, told: dict) -> None:
        """Hold what a client was told of its places against where it is."""
        for item in told["subscriptions"]:
            mirror = client.mirrors[item["channel"], item["product_id"]]
            assert item["place"] in (None, mirror.position._asdict())
