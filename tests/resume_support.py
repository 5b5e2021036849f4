"""Gateways whose clients come and go: real fan-outs and sessions, fed by a log, without sockets."""

from collections import deque

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.cohort import Cohort
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.limits import Limits
from ledgerflux.core.replay_ring import ReplayRing
from ledgerflux.core.request_desk import Refusal, RequestDesk
from ledgerflux.core.resuming import Resuming
from ledgerflux.core.terms import WHOLE
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.gateway_reading import read_message

CHANNELS = ("level2", "trades", "status")
KEY = b"k" * 32


class Gateway:
    """A fan-out fed by a log that it may read later than others do."""

    def __init__(self, limits: Limits = Limits(), ring: ReplayRing | None = None) -> None:  # noqa: B008
        self.limits = limits
        self.woken: list[Cohort] = []
        self.fanout = Fanout(gateway_frames, limits, self.woken.append, ring)
        self.fanout.tokens.key = KEY
        self.fanout.begin("v", integrity="none", integrity_rule="none")
        self.fanout.serve(["BTC-USD"])
        self.desk = RequestDesk(self.fanout, limits)
        self.log: deque = deque()

    def read_log(self, count: int = 1_000) -> None:
        while self.log and count:
            self.fanout.publish(self.log.popleft(), 1)
            count -= 1

    def enter(self) -> ClientSession:
        session = ClientSession(gateway_frames, self.limits, 0, lambda: None)
        self.fanout.enter(session)
        return session

    def subscribe(self, session, channel, place=None, *, mode="auto", terms=WHOLE, snapshot=True):
        """Return the answer, put as the role does."""
        resuming = Resuming(self.fanout, channel, terms)
        points = resuming.points({} if place is None else {"BTC-USD": place}, ["BTC-USD"])
        if isinstance(points, Refusal):
            return points
        granted = self.desk.subscribe(session, channel, ["BTC-USD"], terms=terms, snapshot=snapshot)
        assert not isinstance(granted, Refusal)
        resumption = resuming.take_up(session, granted, points, mode)
        raw = gateway_frames.subscribed(channel, granted, venue="v", resumption=resumption)
        session.put(raw)
        return read_message(raw)
