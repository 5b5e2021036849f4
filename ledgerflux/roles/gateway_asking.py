"""What a client asks of the streams: to follow them, which it follows, fresh snapshots, a ping."""

from collections.abc import Mapping

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.frame import Whole
from ledgerflux.core.holdings import holdings
from ledgerflux.core.limits import Limits
from ledgerflux.core.patterns import choose
from ledgerflux.core.request_desk import Refusal, RequestDesk
from ledgerflux.core.resuming import Resuming, unused
from ledgerflux.core.snapshot import Position
from ledgerflux.core.snapshot_desk import SnapshotDesk
from ledgerflux.ports import Clock
from ledgerflux.roles.gateway_backlog import NOTHING_FOUND, Replays
from ledgerflux.wire import gateway_frames, gateway_lists
from ledgerflux.wire.gateway_requests import (
    GatewayRequest,
    PingParams,
    SnapshotParams,
    SubscribeParams,
    UnsubscribeParams,
)


class Asking:
    """Answers for one client; an answer must be put into its session at once."""

    __slots__ = ("_clock", "_desk", "_fanout", "_session", "_snapshots")

    def __init__(
        self,
        session: ClientSession,
        fanout: Fanout,
        desk: RequestDesk,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._session = session
        self._fanout = fanout
        self._desk = desk
        self._clock = clock
        self._snapshots = SnapshotDesk(session, limits, clock.monotonic_ns())

    def beyond(self, request: GatewayRequest) -> Mapping[Whole, Position]:
        """Return the places in a request that only the log may have."""
        match request.params:
            case SubscribeParams() as params if params.places:
                resuming = Resuming(self._fanout, params.channel, params.terms)
                points = resuming.points(params.places, request.products)
                known = {} if isinstance(points, Refusal) else points
                return resuming.beyond(known, params.resume_mode)
            case _:
                return {}

    def answer(
        self, request: GatewayRequest, time_in_ns: int, replays: Replays = NOTHING_FOUND
    ) -> bytes | Refusal:
        """Return the answer to any request but `auth`; `replays` were found in the log."""
        times, request_id = (time_in_ns, self._clock.now_ns()), request.req_id
        match request.params:
            case SubscribeParams() as params:
                return self._subscribe(request, params, time_in_ns, replays)
            case UnsubscribeParams() as params:
                return self._unsubscribe(request, params, time_in_ns)
            case PingParams(nonce=nonce):
                return gateway_frames.pong(request_id, nonce, times)
            case SnapshotParams(channel=channel):
                now_ns = self._clock.monotonic_ns()
                granted = self._snapshots.ask(channel, request.products, now_ns)
                if isinstance(granted, Refusal):
                    return granted
                return gateway_lists.requested(channel, granted, request_id=request_id, times=times)
            case _:
                held = holdings(self._session)
                return gateway_lists.subscriptions(
                    held, venue=self._fanout.venue, request_id=request_id, times=times
                )

    def _subscribe(
        self,
        request: GatewayRequest,
        params: SubscribeParams,
        time_in_ns: int,
        replays: Replays,
    ) -> bytes | Refusal:
        products = request.products
        resuming = Resuming(self._fanout, params.channel, params.terms)
        points = resuming.points(params.places, products)
        if isinstance(points, Refusal):
            return points
        warnings = self._desk.warnings(self._session, params.channel, products)
        granted = self._desk.subscribe(
            self._session,
            params.channel,
            products,
            snapshot=params.snapshot,
            terms=params.terms,
            on_slow=params.on_slow,
        )
        if isinstance(granted, Refusal):
            return granted
        resumption = resuming.take_up(self._session, granted, points, params.resume_mode, replays)
        chosen = choose(["*"] if products is None else products, self._fanout.products)
        return gateway_frames.subscribed(
            params.channel,
            granted,
            venue=self._fanout.venue,
            terms=params.terms,
            product_ids=chosen.products if params.channel == "heartbeats" else list(granted),
            patterns=chosen.patterns,
            on_slow=self._desk.on_slow(params.channel, params.on_slow),
            resumption=resumption,
            warnings=[*warnings, *unused(points, granted)],
            request_id=request.req_id,
            times=(time_in_ns, self._clock.now_ns()),
        )

    def _unsubscribe(
        self, request: GatewayRequest, params: UnsubscribeParams, time_in_ns: int
    ) -> bytes | Refusal:
        left = self._desk.unsubscribe(self._session, params.channel, request.products)
        if isinstance(left, Refusal):
            return left
        times, req_id = (time_in_ns, self._clock.now_ns()), request.req_id
        return gateway_frames.unsubscribed(params.channel, left, request_id=req_id, times=times)
