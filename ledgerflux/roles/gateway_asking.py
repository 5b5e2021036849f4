"""What a client asks about what it follows: the list of it, fresh snapshots, a sign of life."""

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.holdings import holdings
from ledgerflux.core.limits import Limits
from ledgerflux.core.request_desk import Refusal
from ledgerflux.core.snapshot_desk import SnapshotDesk
from ledgerflux.ports import Clock
from ledgerflux.wire import gateway_frames, gateway_lists
from ledgerflux.wire.gateway_requests import GatewayRequest, PingParams, SnapshotParams


class Asking:
    """Answers for one client; an answer must be put into its session at once."""

    def __init__(self, session: ClientSession, clock: Clock, limits: Limits) -> None:
        self._session = session
        self._clock = clock
        self._snapshots = SnapshotDesk(session, limits, clock.monotonic_ns())

    def answer(self, request: GatewayRequest, venue: str, time_in_ns: int) -> bytes | Refusal:
        """Return the answer to `ping`, `snapshot` or `subscriptions`."""
        times, request_id = (time_in_ns, self._clock.now_ns()), request.req_id
        match request.params:
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
                    held, venue=venue, request_id=request_id, times=times
                )
