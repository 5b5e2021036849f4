"""One client's socket: reads requests, writes what its session holds, ends when it must."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import NamedTuple

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.frame import Whole
from ledgerflux.core.limits import Limits
from ledgerflux.core.membership import Ending
from ledgerflux.core.parting import BINARY, Close
from ledgerflux.core.ratelimit import TokenBucket
from ledgerflux.core.request_desk import Refusal, RequestDesk
from ledgerflux.core.snapshot import Position
from ledgerflux.errors import FeedError
from ledgerflux.model.units import NANOS_PER_MS
from ledgerflux.ports import Batch, ClientConnection, Clock
from ledgerflux.roles.gateway_asking import Asking
from ledgerflux.roles.gateway_backlog import Backlog
from ledgerflux.roles.gateway_flush import Flusher
from ledgerflux.roles.gateway_guard import GatewayGuard
from ledgerflux.roles.gateway_member import Member
from ledgerflux.roles.gateway_remote import Remote
from ledgerflux.roles.late_event import LateEvent
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.gateway_requests import (
    AuthParams,
    BadRequest,
    ControlParams,
    GatewayRequest,
    RequestId,
    parse_request,
)

NO_REQUEST = ("bad_json", "bad_request", "unknown_method")
FLUSH_S = 1.0
"""How long a client that is being closed has to read its last message."""


class Greeting(NamedTuple):
    """What a client is told of the gateway at first."""

    server: str
    venue: str
    source: str
    system: str


class _Left(Exception):
    """The connection ended, whoever ended it."""


class GatewayClient:
    """Serves one connection from `welcome` to its end."""

    def __init__(
        self,
        connection: ClientConnection,
        identity: str,
        fanout: Fanout,
        desk: RequestDesk,
        clock: Clock,
        limits: Limits,
        greeting: Callable[[], Greeting],
        counts: Counter[str],
        flusher: Flusher,
        shared: TokenBucket | None = None,
        luck: float = 0.0,
        guard: GatewayGuard | None = None,
        backlog: Backlog | None = None,
        remote: Remote | None = None,
    ) -> None:
        self._connection = connection
        self.write = connection.write_now
        """Writes a batch; False, and nothing is written, where the socket does not take it."""
        self._identity = identity
        self._fanout = fanout
        self._clock = clock
        self._limits = limits
        self._greeting = greeting
        self._flusher = flusher
        self._marked = False
        self._waiting_for_room: list[bytes] = []
        self._room = LateEvent()
        self._flushed = LateEvent()
        self._closing = False
        self._ending = False
        self._beside = asyncio.TaskGroup()
        self._counts = counts
        self.session = ClientSession(
            gateway_frames, limits, clock.monotonic_ns(), self._mark, shared, luck
        )

        self._backlog = backlog
        self._remote = remote
        self._late: Coroutine[None, None, None] | None = None
        """The rest of a request that needs the log; what comes after it waits."""
        self._asking = Asking(self.session, fanout, desk, clock, limits)
        self._member = Member(guard or GatewayGuard(clock), self.session, connection, clock, limits)

    async def run(self) -> None:
        """Serve until one side ends the connection."""
        self._welcome()
        self._fanout.enter(self.session)
        try:
            async with self._beside:
                await self._until_end(self._read)
        except* _Left:
            pass
        finally:
            self._fanout.leave(self.session)

    def _welcome(self) -> None:
        greeting = self._greeting()
        self.session.put(
            gateway_frames.welcome(
                connection_id=self._identity,
                server=greeting.server,
                now_ns=self._clock.now_ns(),
                venue=greeting.venue,
                source=greeting.source,
                system=greeting.system,
                limits=self._limits._asdict(),
                auth_required=self._member.auth_required,
            )
        )

    def _start(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do `work` beside reading: an idle client has no task for it."""
        if not self._ending:
            self._beside.create_task(self._until_end(work))

    async def _until_end(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do `work`; nothing is started any more once some work has failed."""
        try:
            await work()
        except BaseException:
            self._ending = True
            raise

    def tick(self) -> None:
        """Judge the time passed; call it about once a second."""
        ending = None if self.session.ended else self._member.tick()
        if ending is not None:
            self._end(*ending)
        close = self.session.tick(self._clock.monotonic_ns())
        if close is not None:
            self._part_with(close)

    async def dismiss(self, close: Close) -> None:
        """Say goodbye and return when it is written; whoever calls this closes the connection."""
        if not self.session.ended:
            self.session.end(None, close)
        await self._flushed.wait()

    async def _read(self) -> None:
        while True:
            while not self.session.takes_requests:
                self._room.clear()
                await self._room.wait()
            try:
                message = await self._connection.receive()
            except FeedError as gone:
                raise _Left from gone
            if self.session.ended:
                continue
            if isinstance(message, bytes):
                refusal = Refusal("bad_request", "text messages only")
                self._end(refusal, Close(BINARY, "text messages only"))
            else:
                self._judge(message)
                late, self._late = self._late, None
                if late is not None:
                    await late

    def flush(self) -> int:
        """Write what there is where the socket takes it; else its task waits until it does."""
        self._marked = False
        if self._waiting_for_room:
            return 0
        messages = self.session.take(self._limits.outbox_drained_bytes)
        if messages and not self.write(Batch(messages)):
            self._waiting_for_room = messages
            self._start(self._write)
        else:
            self._written()
        return 1

    def settle(self) -> None:
        """Be told together with others from now on, where nothing of its own is left to send."""
        if not self._waiting_for_room:
            self._fanout.unite(self.session)

    def _mark(self) -> None:
        """Be flushed soon: the session has something to write."""
        if not self._marked:
            self._marked = True
            self._flusher.add(self)

    def _written(self) -> None:
        self._room.set()
        if self.session.has_more:
            self._mark()
        elif self.session.ended:
            self._flushed.set()

    async def _write(self) -> None:
        """Write what the full socket did not take."""
        while self._waiting_for_room:
            try:
                await self._connection.send_all(self._waiting_for_room)
            except FeedError as gone:
                raise _Left from gone
            self._waiting_for_room = self.session.take(self._limits.outbox_drained_bytes)
            self._room.set()
        self._written()

    async def _close(self, close: Close) -> None:
        try:
            async with asyncio.timeout(FLUSH_S):
                await self._flushed.wait()
        except TimeoutError:
            pass  # it does not read: its socket is closed as it is
        await self._connection.close(close.code, close.reason)
        raise _Left

    # -- requests ----------------------------------------------------------------------

    def _judge(self, text: str) -> None:
        """Answer one message of the client."""
        time_in_ns = self._clock.now_ns()
        request = parse_request(text)
        admitted = self.session.admit(self._clock.monotonic_ns())
        if isinstance(admitted, Close):
            self._end(Refusal("throttled", "too many requests after refusals"), admitted)
        elif admitted:
            self._throttle(admitted, request.req_id)
        elif isinstance(request, BadRequest):
            self._refuse_bad(request)
        else:
            self.session.hear(understood=True)
            self._grant(request, time_in_ns)

    def _throttle(self, wait_ns: int, request_id: RequestId) -> None:
        limits = self._limits
        rate = f"{limits.requests_per_s} requests a second, {limits.requests_burst} at once"
        self._refuse(Refusal("throttled", rate, (), -(-wait_ns // NANOS_PER_MS)), request_id)

    def _refuse_bad(self, request: BadRequest) -> None:
        """Answer what is no request; too many of them are somebody who can't speak this."""
        refusal = request.refusal
        close = self.session.hear(understood=refusal.code not in NO_REQUEST)
        if close is None:
            self._refuse(refusal, request.req_id)
        else:
            why = f"{self._limits.faults_max} messages in a row were no requests: {refusal.message}"
            self._end(Refusal("protocol_error", why), close)

    def _grant(self, request: GatewayRequest, time_in_ns: int) -> None:
        venue = self._fanout.venue
        forbidden = self._member.refuse(request)
        if forbidden is not None:
            self._refuse(forbidden, request.req_id)
            return
        if request.venue not in (None, venue):
            refusal = Refusal("unknown_venue", f"venue served: {venue or 'none yet'}")
            self._refuse(refusal, request.req_id)
            return
        match request.params:
            case AuthParams() as params:
                self._take(self._member.show(params, request.req_id, time_in_ns), request.req_id)
            case ControlParams() as params:
                self._late = self._control(request, params, time_in_ns)
            case _:
                beyond = self._asking.beyond(request)
                if beyond and self._backlog is not None:
                    self._late = self._look_back(self._backlog, request, time_in_ns, beyond)
                    return
                self._take(self._asking.answer(request, time_in_ns), request.req_id)

    async def _control(
        self, request: GatewayRequest, params: ControlParams, time_in_ns: int
    ) -> None:
        """Hand an order over, and answer it."""
        assert self._remote is not None
        why = self._member.refuse_control()
        if why is not None:
            self._refuse(self._remote.refuse(why), request.req_id)
            return
        answer = await self._remote.carry_out(request, params, time_in_ns)
        if not self.session.ended:
            self._take(answer, request.req_id)

    async def _look_back(
        self,
        backlog: Backlog,
        request: GatewayRequest,
        time_in_ns: int,
        beyond: Mapping[Whole, Position],
    ) -> None:
        """Look in the log for what is not kept here, before the answer says what comes."""
        replays = await backlog.find(beyond)
        if not self.session.ended:
            self._take(self._asking.answer(request, time_in_ns, replays), request.req_id)
            backlog.begin(self.session, replays)

    def _take(self, answer: bytes | Refusal | Ending, request_id: RequestId) -> None:
        if isinstance(answer, Ending):
            self._end(*answer)
        elif isinstance(answer, Refusal):
            self._refuse(answer, request_id)
        else:
            self.session.put(answer)

    def _refuse(self, refusal: Refusal, request_id: RequestId) -> None:
        self._counts["throttled" if refusal.code == "throttled" else "bad_requests"] += 1
        self.session.put(gateway_frames.refused(refusal, request_id))

    # -- the end -----------------------------------------------------------------------

    def _end(self, refusal: Refusal, close: Close) -> None:
        self._part_with(self.session.end(gateway_frames.refused(refusal, None), close))

    def _part_with(self, close: Close) -> None:
        if not self._closing:
            self._closing = True
            self._counts[f"closed_{close.code}"] += 1
            self._start(partial(self._close, close))
