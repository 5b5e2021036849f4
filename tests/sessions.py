"""One session over the fan-out of one product, and what it was sent."""

import json

from streams import Numbered

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.limits import Limits
from ledgerflux.core.parting import Close
from ledgerflux.core.replay_ring import ReplayRing
from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import Terms
from ledgerflux.wire import gateway_frames

SECOND = 1_000_000_000
RESTARTED = Close(1012, "restart")
SMALL = Limits(outbox_bytes=2000, outbox_drained_bytes=500, waiting_bytes_max=2000)


def one(session):
    """Return the next message alone, None where there is none."""
    batch = session.take(1)
    return batch[0] if batch else None


class Rig:
    """One product, one session, and a count of wake-ups."""

    def __init__(self, limits: Limits = SMALL) -> None:
        self.woken = 0
        self.fanout = Fanout(gateway_frames, limits, lambda _: None)
        self.fanout.begin("v", integrity="none", integrity_rule="none")
        self.fanout.serve(["BTC-USD"])
        self.source = Numbered()
        self.session = ClientSession(gateway_frames, limits, 0, self._wake)
        self.fanout.enter(self.session)

    def _wake(self) -> None:
        self.woken += 1

    def publish(self, source: Numbered | None = None) -> None:
        self.fanout.publish((source or self.source).take(), 1)

    def follow(self, channel, *, snapshot: bool = True, on_slow=None) -> Position:
        stream = self.fanout.products["BTC-USD"]
        position = self.fanout.join(
            self.session, channel, stream, snapshot=snapshot, on_slow=on_slow
        )
        self.session.put(b'{"type":"ack"}')
        return position

    def taken(self) -> list[dict]:
        messages = []
        while (message := one(self.session)) is not None:
            messages.append(json.loads(message))
        return messages

    def types(self) -> list[str]:
        return [message["type"] for message in self.taken()]


def started() -> Rig:
    """Return a rig whose product has a book, a trade and a ticker."""
    made = Rig()
    made.publish(made.source.snapshot().trade().ticker())
    return made


LATEST = Terms(1, "latest")


def follow_latest(rig, terms=LATEST):
    stream = rig.fanout.products["BTC-USD"]
    rig.fanout.join(rig.session, "level2", stream, snapshot=True, terms=terms)
    rig.session.put(b'{"type":"ack"}')


def resumed(rig, channel, seq, *, further=False):
    """Follow a stream from `seq` on, as the role does for a client that comes back."""
    session, place = rig.session, Position("run1", seq)
    stream = rig.fanout.products["BTC-USD"]
    rig.fanout.join(session, channel, stream, snapshot=True)
    subscription = session.subscriptions[channel, "BTC-USD"]
    if further:
        session.wait_for(subscription, place)
    else:
        session.replay(subscription, place, rig.fanout.ring)
    return subscription


class Awaited(ReplayRing):
    """What is replayed is not here yet."""

    awaits = True
    loss = ("resume", "subscribe")


def awaiting(rig, channel, on_slow=None):
    """Return a subscription whose replay is still read."""
    rig.follow(channel, on_slow=on_slow)
    rig.types()
    subscription = rig.session.subscriptions[channel, "BTC-USD"]
    replay = Awaited()
    replay.begin((channel, "BTC-USD"), Position("run1", 9))
    rig.session.replay(subscription, Position("run1", 0), replay)
    return subscription
