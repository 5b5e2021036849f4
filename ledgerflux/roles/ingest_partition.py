"""One partition's socket: opened, subscribed, read, asked for fresh books, opened again."""

import asyncio
from collections.abc import Sequence

from ledgerflux.core.backoff import Backoff
from ledgerflux.core.feed_refusal import floor_s
from ledgerflux.core.inbox import Inbox
from ledgerflux.core.resync import ResyncPolicy, ResyncStep
from ledgerflux.core.sequence import SequenceTracker, Verdict
from ledgerflux.errors import FeedError, LogError
from ledgerflux.model.events import VenueError
from ledgerflux.ports import FeedConnection
from ledgerflux.roles.ingest_tools import IngestTools
from ledgerflux.roles.partition_writer import PartitionWriter
from ledgerflux.roles.raw_tail import RawTail
from ledgerflux.telemetry.log import Events
from ledgerflux.venues.base import Channel, Venue, complaint
from ledgerflux.wire.book_request import decode_request
from ledgerflux.wire.health import FeedConf
from ledgerflux.wire.record import Kind
from ledgerflux.wire.session import SessionClose, SessionOpen, encode_note
from ledgerflux.wire.subjects import RAW, SESSION, raw_subject, resync_subject

CROWDED_BYTES = 16 * 1024 * 1024
STALL_LOOKS = 2
"""A stall is judged in so many looks: a busy loop of our own can't pass for one."""

log = Events(__name__)


class IngestPartition:
    """Keeps one socket open for `products` and appends what it brings."""

    def __init__(
        self,
        tools: IngestTools,
        venue: Venue,
        conf: FeedConf,
        partition: int,
        products: Sequence[str],
    ) -> None:
        self.partition = partition
        self.products = tuple(products)
        self.connected = False
        self.trouble = ""
        self.frames_total = 0
        self.newest_frame_ns = 0
        self.bytes_total = 0
        self.reconnects_total = 0
        self.resyncs_total = 0
        self.complaints_total = 0
        self.writer = PartitionWriter(
            tools.bus, tools.clock, RAW, raw_subject(partition, venue.name), writer=tools.writer
        )
        self.inbox = Inbox(tools.room, crowded_bytes=tools.crowded_bytes)
        self.tail = RawTail(self.inbox, self.writer, tools.clock)
        self._tools = tools
        self._venue = venue
        self._conf = conf
        self._channels: list[Channel] = [c for c in venue.channels if c in conf.channels]
        self._backoff = Backoff(cap_s=tools.backoff_cap_s)
        self._policy = ResyncPolicy()
        self._tracker = SequenceTracker(0)
        self._connection: FeedConnection | None = None
        self._name = ""
        self._last_receive_ns = 0
        self._silence_s = tools.silence_s
        self._wanted: dict[str, None] = {}
        self.left_out: dict[str, str] = {}
        """Products that the venue refused, and what it said; asked for again with the next run."""
        self._ask_all = False
        self._asked = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled; then what was received is appended, and the session closed.

        Raises:
            Fenced: Another ingest took the partition.
        """
        await self.writer.open()
        async with asyncio.TaskGroup() as outer:
            appending = outer.create_task(self.tail.run())
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._socket_loop())
                    group.create_task(self._listen_loop())
                    group.create_task(self._resync_loop())
            finally:
                if not appending.done():
                    await self.tail.drain()
                appending.cancel()
                self.tail.close()

    # -- the socket --------------------------------------------------------------------

    async def _socket_loop(self) -> None:
        while True:
            try:
                await self._session()
            except FeedError as error:
                self.trouble = error.message
                least_s = floor_s(error.code, error.retry_after_s)
                delay_s = self._backoff.fail(self._tools.random(), floor_s=least_s)
                await self._tools.clock.sleep(delay_s)
            self.reconnects_total += 1

    async def _session(self) -> None:
        if not self._subscribable:
            await asyncio.Event().wait()  # nothing is left to ask for; another run may change that
        await self._tools.pacer.turn()
        connection = await self._tools.feed.connect(self._conf.url)
        reason, complete = "stopped", False
        try:
            self._begin(connection)
            await self._subscribe(connection, self._channels)
            await self._receive(connection)
        except FeedError as error:
            reason, complete = error.message, error.code == "feed_closed"
            raise
        finally:
            self._end(reason, complete=complete)
            await connection.close()

    def _begin(self, connection: FeedConnection) -> None:
        now_ns = self._stamp()
        self._connection = connection
        self._name = self.tail.connection = f"{self.partition:02d}-{now_ns:x}"
        self._tracker = SequenceTracker(0)
        self._silence_s = self._tools.silence_s
        self._wanted.clear()
        self._policy.connected()
        self.connected = True
        self.trouble = ""
        note = SessionOpen(
            run=self._conf.run,
            connection=self._name,
            url=self._conf.url,
            products=self._subscribable,
            channels=list(self._channels),
            receive_ns=now_ns,
        )
        self.tail.note(Kind.SESSION, encode_note(note))
        log.info("socket.opened", connection=self._name, products=" ".join(self._subscribable))

    def _end(self, reason: str, *, complete: bool) -> None:
        self.connected = False
        self._connection = None
        note = SessionClose(self._name, reason, self._stamp(), complete)
        self.tail.note(Kind.SESSION, encode_note(note))
        log.info("socket.closed", connection=self._name, reason=reason)

    async def _subscribe(self, connection: FeedConnection, channels: Sequence[Channel]) -> None:
        for frame in self._venue.subscribe(self._subscribable, channels):
            await self._tools.pacer.turn()
            await connection.send(frame)

    async def _receive(self, connection: FeedConnection) -> None:
        while True:
            for frame in await self._next(connection):
                await self._take(frame)

    async def _next(self, connection: FeedConnection) -> list[bytes]:
        """Return the frames that came; none where nothing was to come.

        Raises:
            FeedError: The connection ended, or is silent (`feed_silent`).
        """
        silence_s = self._silence_s
        if silence_s is None:
            return await connection.receive()
        for _ in range(STALL_LOOKS):
            try:
                async with asyncio.timeout(silence_s / STALL_LOOKS):
                    return await connection.receive()
            except TimeoutError:
                continue
        if await self._tools.held():
            return []
        raise FeedError(f"silent for {silence_s:g} s", code="feed_silent")

    async def _take(self, frame: bytes) -> None:
        receive_ns = self.newest_frame_ns = self._stamp()
        self.frames_total += 1
        self.bytes_total += len(frame)
        if await self.tail.put(receive_ns, frame):
            self._backoff.clean(self._tools.clock.monotonic_ns())
        if self._tools.stall_s is not None and self._venue.is_heartbeat(frame):
            self._silence_s = self._tools.stall_s
        sequence = self._venue.sequence(frame)
        if sequence is not None and self._tracker.receive(sequence).verdict is not Verdict.ACCEPT:
            self._ask(*self.products)
        complained = complaint(self._venue, frame)
        if complained is not None:
            self._hear(complained)

    @property
    def _subscribable(self) -> list[str]:
        return [product for product in self.products if product not in self.left_out]

    def _hear(self, complained: VenueError) -> None:
        """React to an error of the venue.

        Raises:
            FeedError: It asks for fewer requests: the socket ends, and is left alone a while.
        """
        self.complaints_total += 1
        self.trouble = f"the venue says: {complained.message[:200]}"
        log.warning(
            "feed.complained",
            partition=self.partition,
            code=complained.code,
            product=complained.product,
            said=complained.message[:200],
        )
        if complained.code == "rate_limited":
            raise FeedError(self.trouble, code="feed_throttled")
        product = complained.product
        if complained.code == "unknown_product" and product in self._subscribable:
            self.left_out[str(product)] = complained.message
            self._ask_all = True
            self._asked.set()

    # -- fresh snapshots ---------------------------------------------------------------

    async def _listen_loop(self) -> None:
        subject = resync_subject(self._venue.name, self.partition)
        async with self._tools.bus.subscribe(subject, pending=64) as mailbox:
            async for _, payload in mailbox:
                try:
                    product = decode_request(payload).product
                except LogError as error:
                    log.warning("resync.unreadable", partition=self.partition, reason=str(error))
                    continue
                if product in self.products or product == SESSION:
                    self._ask(product)

    def _ask(self, *products: str) -> None:
        """Note that the books of `products` are not believed."""
        self._backoff.doubt()
        self._wanted.update(dict.fromkeys(products))
        self._asked.set()

    async def _resync_loop(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            wanted, self._wanted = list(self._wanted), {}
            connection, ask_all, self._ask_all = self._connection, self._ask_all, False
            if connection is None:
                continue
            if ask_all:
                await self._ask_for_the_others(connection)
            else:
                await self._resync(connection, [p for p in wanted if p not in self.left_out])

    async def _ask_for_the_others(self, connection: FeedConnection) -> None:
        """Subscribe what a refused product took with it: venues refuse a request as a whole."""
        try:
            if self._subscribable:
                await self._subscribe(connection, self._channels)
            else:
                await connection.close()
        except FeedError:
            return  # the socket's own loop sees the same

    async def _resync(self, connection: FeedConnection, wanted: Sequence[str]) -> None:
        """Ask the venue for fresh books of `wanted`, as far as the policy lets us."""
        now_ns = self._tools.clock.monotonic_ns()
        steps = {product: self._step(product, now_ns) for product in wanted}
        again = [product for product, step in steps.items() if step is ResyncStep.RESUBSCRIBE]
        if ResyncStep.RECONNECT in steps.values():
            self.resyncs_total += 1
            await connection.close()
        elif again:
            self.resyncs_total += len(again)
            await self._resubscribe(connection, again)

    def _step(self, product: str, now_ns: int) -> ResyncStep:
        if product == SESSION:
            return self._policy.ask_socket(now_ns)
        return self._policy.ask(product, now_ns)

    async def _resubscribe(self, connection: FeedConnection, products: Sequence[str]) -> None:
        try:
            for frame in (
                *self._venue.unsubscribe(products, ["level2"]),
                *self._venue.subscribe(products, ["level2"]),
            ):
                await self._tools.pacer.turn()
                await connection.send(frame)
        except FeedError:
            return  # the socket's own loop sees the same, and connects again

    def _stamp(self) -> int:
        """Return the receive time, never earlier than the one before in this partition."""
        self._last_receive_ns = max(self._last_receive_ns + 1, self._tools.clock.now_ns())
        return self._last_receive_ns
