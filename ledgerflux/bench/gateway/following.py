"""What clients that drop and come back make of what they are told: pure.

Each message is read once for all who get the same bytes.
"""

import json
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

import msgspec

from ledgerflux.bench.gateway.contenders import OURS, SOCKET_IO
from ledgerflux.bench.gateway.messages import PRODUCTS

Kind = Literal["update", "gap", "snapshot", "ack", "goodbye", "other"]


class Told(NamedTuple):
    """One message.

    Attributes:
        kind: What it is; `ack` begins to follow.
        product: Of which product.
        before: The seq that it continues; of a snapshot -1 where it continues none.
        after: The seq to which it takes who follows.
        recovered: Of `ack`: whether everything goes on.
        secret: Of `ack`: by which the server knows the client again.
        offset: By which the client says where it is, where that is no seq.
    """

    kind: Kind
    product: str = ""
    before: int = -1
    after: int = 0
    recovered: bool = False
    secret: str = ""
    offset: str = ""


OTHER = Told("other")


class Chain:
    """Where one client is in each stream, over all its connections.

    `silent` seqs never came and nobody said so, `announced` ones a gap told, `twice` came again.
    Of products in `bookless` a gap came, and no book since.
    """

    __slots__ = ("announced", "bookless", "places", "silent", "twice", "updates")

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.bookless: set[str] = set()
        self.announced = 0
        self.silent = 0
        self.twice = 0
        self.updates = 0

    def take(self, told: Told) -> None:
        """Take an update, a gap, or the last part of a snapshot."""
        product, before, after = told.product, told.before, told.after
        place = self.places.get(product, before)
        self.updates += told.kind == "update"
        if before == place:
            self.announced += after - before if told.kind == "gap" else 0
        elif told.kind == "snapshot" and before < 0:
            self.silent += max(0, after - place)
            self.twice += after < place
        elif before > place:
            self.silent += before - place
        else:
            self.twice += 1
            after = max(after, place)
        self.places[product] = after
        if told.kind == "gap":
            self.bookless.add(product)
        elif told.kind == "snapshot":
            self.bookless.discard(product)

    def begin_anew(self) -> None:
        """Forget the place in streams without a book: nobody can go on in them."""
        for product in self.bookless:
            del self.places[product]
        self.bookless.clear()

    def reached(self, places: Mapping[str, int]) -> bool:
        """Say whether it is at `places` or further."""
        mine = self.places
        return all(mine.get(product, -1) >= seq for product, seq in places.items())


class Mark(NamedTuple):
    """By what a server knows a client again that has no seqs: its secret, and how far it is."""

    secret: str = ""
    offset: str = ""


class Dialect(Protocol):
    """How clients of a server speak."""

    path: str

    def says(self, places: Mapping[str, int], mark: Mark, /) -> bytes:
        """Return what a client says first; one that comes back has `places` and its `mark`."""
        ...

    def read(self, text: bytes) -> Told:
        """Return what a message tells."""
        ...


class _Message(msgspec.Struct):
    type: str = ""
    product_id: str = ""
    epoch: str = ""
    prev_seq: int | None = None
    seq: int = 0
    from_seq: int = 0
    to_seq: int = 0
    part: int = 1
    parts: int = 1
    recovered: dict[str, bool] = {}
    success: bool = True


class Ours:
    """Clients that follow all books, and go on by epoch and seq: every message, or a gap."""

    path = OURS.path

    def __init__(self, epoch: str) -> None:
        self._epoch = epoch
        self._decoder = msgspec.json.Decoder(_Message)

    def says(self, places: Mapping[str, int], _mark: Mark) -> bytes:
        """Return a subscription; see `Dialect.says`."""
        request = json.loads(OURS.says[0])
        if places:
            request["params"]["resume_mode"] = "strict"
            request["params"]["resume"] = {
                product: {"epoch": self._epoch, "seq": seq} for product, seq in places.items()
            }
        return json.dumps(request).encode()

    def read(self, text: bytes) -> Told:
        """Return what a message tells; see `Dialect.read`."""
        message = self._decoder.decode(text)
        product = message.product_id
        if message.type == "update":
            before = -1 if message.prev_seq is None else message.prev_seq
            return Told("update", product, before, message.seq)
        if message.type == "gap":
            return Told("gap", product, message.from_seq - 1, message.to_seq)
        if message.type == "snapshot" and message.part == message.parts:
            before = -1 if message.prev_seq is None else message.prev_seq
            return Told("snapshot", product, before, message.seq)
        if message.type == "subscribed":
            known = message.recovered
            return Told("ack", recovered=len(known) == len(PRODUCTS) and all(known.values()))
        return Told("goodbye") if message.type == "goodbye" else OTHER


class SocketIo:
    """Clients that go on by socket.io's connection state recovery: its `pid` and the offset."""

    path = SOCKET_IO.path
    _update = re.compile(
        rb'"product_id":"([^"]*)","epoch":"[^"]*","prev_seq":(\d+),"seq":(\d+),.*,"([^"]*)"\]$'
    )

    def says(self, places: Mapping[str, int], mark: Mark) -> bytes:
        """Return a connect packet; see `Dialect.says`."""
        if not places:
            return b"40"
        return b"40" + json.dumps({"pid": mark.secret, "offset": mark.offset}).encode()

    def read(self, text: bytes) -> Told:
        """Return what a packet tells; see `Dialect.read`."""
        if text.startswith(b"40"):
            return Told("ack", secret=json.loads(text[2:])["pid"])
        found = self._update.search(text)
        if not text.startswith(b"42") or found is None:
            return OTHER
        product, before, after, offset = found.groups()
        return Told(
            "update", product.decode(), int(before), int(after), offset=offset.decode("latin-1")
        )
