"""What a client follows: subscriptions to make again, streams, and what was missed. No I/O."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ledgerflux.core.mirror import Mirror, Verdict
from ledgerflux.core.patterns import EVERYTHING, is_pattern, names
from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import Conflation, Depth, Interval
from ledgerflux.errors import IntegrityError
from ledgerflux.wire.gateway_reading import Follower, Message

RESUME_BYTES_MAX = 12 * 1024
"""Places told in one request, which has 16 KiB; the streams past it begin anew."""
Key = tuple[str, str]
"""Channel and product."""


class Missed(NamedTuple):
    """What this client did not get: `from_seq` to `to_seq` of a stream, and why.

    The range is empty where only the book's state changed or a new epoch began.
    """

    channel: str
    product: str
    epoch: str
    from_seq: int
    to_seq: int
    cause: str


class Reconnected(NamedTuple):
    """The connection was lost and made again, and what was missed meanwhile.

    What is sent again is not missed. What the gateway can't send any more comes as a gap.
    """

    url: str
    failures: int
    missed: tuple[Missed, ...]


class Wanted(NamedTuple):
    """A subscription; `products` are ids and patterns, None means all."""

    channel: str
    products: tuple[str, ...] | None
    snapshot: bool = True
    depth: Depth = "full"
    conflate: Conflation = "none"
    on_slow: str | None = None
    interval: Interval | None = None

    def named(self, venue: str | None) -> dict[str, Any]:
        """Return the parameters that name its streams."""
        params: dict[str, Any] = {"channel": self.channel}
        if self.channel != "system":
            params["product_ids"] = ["*"] if self.products is None else list(self.products)
        if venue is not None:
            params["venue"] = venue
        return params

    def params(self, venue: str | None) -> dict[str, Any]:
        """Return the parameters of the request."""
        params = self.named(venue)
        if not self.snapshot:
            params["snapshot"] = False
        if self.channel == "level2":
            params["depth"] = self.depth
        if self.conflate != "none":
            params["conflate"] = self.conflate
        if self.interval is not None:
            params["interval"] = self.interval
        if self.on_slow is not None:
            params["on_slow"] = self.on_slow
        return params

    def covers(self, channel: str, product: str) -> bool:
        """Say whether a stream is part of it."""
        return channel == self.channel and names(self.products, product)

    def without(self, channel: str, products: Sequence[str] | None) -> "Wanted | None":
        """Return what is left of it, None for nothing."""
        if channel != self.channel:
            return self
        if products is None or EVERYTHING in products:
            return None
        if self.products is None:
            return self
        gone = frozenset(products)
        left = tuple(text for text in self.products if not _left(text, gone))
        return self._replace(products=left) if left else None


def _left(text: str, gone: frozenset[str]) -> bool:
    """Say whether an id or pattern was left; a pattern is left by its own name only."""
    return text in gone if is_pattern(text) else names(gone, text)


class Streams:
    """Judges every message; remembers what a new connection must ask for.

    `broken` are the streams to subscribe anew, and whether that is under way;
    `violations_total` counts losses that nobody announced.
    """

    def __init__(self, *, strict: bool, on_gap: Callable[[Missed], None] | None) -> None:
        self.wanted: list[Wanted] = []
        self.broken: dict[Key, bool] = {}
        self.violations_total = 0
        self._strict = strict
        self._on_gap = on_gap
        self._follower = Follower()
        self._before: dict[Key, Position] = {}
        self._missed: list[Missed] = []

    @property
    def books(self) -> Mapping[str, Mirror]:
        """Return the level2 streams by product."""
        mirrors = self._follower.mirrors.items()
        return {product: mirror for (channel, product), mirror in mirrors if channel == "level2"}

    def position(self, channel: str, product: str) -> Position | None:
        """Return where a stream stands, None where it is not followed."""
        mirror = self._follower.mirrors.get((channel, product))
        return None if mirror is None else mirror.position

    def add(self, wanted: Wanted) -> None:
        """Remember a subscription that was granted."""
        self.wanted.append(wanted)

    def remove(self, channel: str, products: Sequence[str] | None) -> None:
        """Forget subscriptions that were left."""
        left = (wanted.without(channel, products) for wanted in self.wanted)
        self.wanted = [wanted for wanted in left if wanted is not None]

    def again(self, key: Key) -> Wanted:
        """Return the subscription that asks for one stream as it was asked for."""
        channel, product = key
        for wanted in self.wanted:
            if wanted.covers(channel, product):
                return wanted._replace(products=(product,), snapshot=True)
        return Wanted(channel, (product,))

    def anew(self, wanted: Wanted, venue: str | None) -> dict[str, Any]:
        """Return the parameters that ask a new connection to go on with `wanted`."""
        params, resume, room = wanted.params(venue), {}, RESUME_BYTES_MAX
        for (channel, product), place in self._before.items():
            mirror = self._follower.mirrors.get((channel, product))
            if mirror is None or not wanted.covers(channel, product):
                continue
            room -= len(product) + len(place.epoch) + 48
            if room >= 0 and mirror.can_go_on(book=channel == "level2"):
                resume[product] = place._asdict()
        if resume:
            params["resume"] = resume
        return params

    def take(self, message: Message) -> None:
        """Judge one message.

        Raises:
            IntegrityError: Strict, and it does not continue its stream.
            GatewayError: Its events can't be read (`protocol_error`).
        """
        if message.type == "subscribed":
            self._resume(message)
        judged = self._follower.take(message)
        if judged is None:
            return
        key = (message.channel, message.product_id)
        if judged.verdict is Verdict.BROKEN:
            self._broken(key, judged.mirror)
        elif judged.verdict is Verdict.APPLIED and message.type == "gap":
            self._tell(Missed(*key, message.epoch, message.from_seq, message.to_seq, message.cause))

    def lost(self) -> None:
        """The connection ended: no book is live; where each stream stood is remembered."""
        for key, mirror in self._follower.mirrors.items():
            mirror.lose()
            if mirror.position is not None:
                self._before.setdefault(key, mirror.position)
        self.broken.clear()

    def resumed(self) -> tuple[Missed, ...]:
        """Everything is subscribed again: return what was missed meanwhile."""
        self._before.clear()
        missed, self._missed = self._missed, []
        return tuple(missed)

    def _resume(self, message: Message) -> None:
        for product, place in message.streams.items():
            key = (message.channel, product)
            self.broken.pop(key, None)
            was = self._before.pop(key, None)
            recovered = message.recovered.get(product, False)
            if was is None or recovered or was == (place.epoch, place.seq):
                continue
            same = was.epoch == place.epoch
            first = was.seq + 1 if same else 1
            if first <= place.seq or not same:
                cause = "reconnect" if same else "epoch"
                missed = Missed(*key, place.epoch, first, place.seq, cause)
                self._missed.append(missed)
                self._tell(missed)

    def _broken(self, key: Key, mirror: Mirror) -> None:
        if key in self.broken:
            return
        self.violations_total += 1
        self.broken[key] = False
        if self._strict:
            channel, product = key
            raise IntegrityError(f"{product} {channel}: {mirror.why}")

    def _tell(self, missed: Missed) -> None:
        if self._on_gap is not None:
            self._on_gap(missed)
