"""One client's standing with the gateway's guard: its token, and what that lets it ask."""

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.holdings import holdings
from ledgerflux.core.limits import Limits
from ledgerflux.core.membership import Ending, Membership
from ledgerflux.core.remote_control import Caller
from ledgerflux.core.request_desk import Refusal
from ledgerflux.ports import ClientConnection, Clock
from ledgerflux.roles.gateway_guard import GatewayGuard
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.gateway_auth import authenticated
from ledgerflux.wire.gateway_requests import (
    AuthParams,
    GatewayRequest,
    PingParams,
    RequestId,
    SubscribeParams,
)


class Member:
    """Judges the requests of one client before anything else does."""

    def __init__(
        self,
        guard: GatewayGuard,
        session: ClientSession,
        connection: ClientConnection,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._guard = guard
        self._session = session
        self._address = connection.address
        self._direct = connection.direct
        self._clock = clock
        self._membership = Membership(
            required=guard.closed,
            grant=guard.grant(connection.bearer),
            now_ns=clock.now_ns(),
            wait_s=limits.first_subscribe_s,
        )

    @property
    def auth_required(self) -> bool:
        """Say whether it must show a token before it may ask."""
        return self._membership.refuse_all() is not None

    def refuse(self, request: GatewayRequest) -> Refusal | None:
        """Return why a request may not be made."""
        match request.params:
            case PingParams() | AuthParams():
                return None
            case SubscribeParams(channel=channel):
                return self._membership.refuse(channel, request.products)
            case _:
                return self._membership.refuse_all()

    def refuse_control(self) -> str | None:
        """Return why it may not control the stack."""
        caller = Caller(self._address, self._direct, self._membership.grant)
        return self._guard.refuse_control(caller)

    def show(
        self, params: AuthParams, request_id: RequestId, time_in_ns: int
    ) -> bytes | Refusal | Ending:
        """Answer a token: what it grants, or why it does not."""
        if not self._guard.closed:
            return Refusal("invalid_param", "no tokens are taken here: everybody may ask")
        verdict = self._guard.verdict(params.token, self._address)
        refused = self._membership.show(verdict, self._held())
        grant = self._membership.grant
        if refused is not None or grant is None:
            assert refused is not None
            return refused
        times = (time_in_ns, self._clock.now_ns())
        return authenticated(grant, request_id=request_id, times=times)

    def tick(self) -> Ending | None:
        """Judge the time passed; tell a token that has expired."""
        due = self._membership.tick(self._clock.now_ns())
        if isinstance(due, Refusal):
            self._session.put(gateway_frames.refused(due, None))
            return None
        return due

    def _held(self) -> list[tuple[str, str]]:
        held = holdings(self._session)
        beats = [(channel, name) for channel, names in held.beats for name in names or ("*",)]
        streams = [(holding.channel, holding.product) for holding in held.streams]
        return [*streams, *held.patterns, *beats]
