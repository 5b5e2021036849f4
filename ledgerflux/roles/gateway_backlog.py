"""What clients that come back missed and the ring has no more: read from the log for them.

A partition is read once for all who wait for it, from the earliest place among theirs. Nobody
is waited for: who has enough to be sent is left out until it was, and read for again. So the
log is read in slices, and none of it holds up what is told live.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.frame import Whole
from ledgerflux.core.log_replay import Held, LogReplay
from ledgerflux.core.past_frames import Past, past_frames
from ledgerflux.core.sharding import partition_of
from ledgerflux.core.snapshot import Position
from ledgerflux.core.subscription import Subscription
from ledgerflux.errors import BusError, LogError
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.ports import Bus, Clock
from ledgerflux.roles.partition_reader import PartitionReader
from ledgerflux.roles.stream_place import StreamPlace
from ledgerflux.roles.turn import Turn
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.norm import unpack
from ledgerflux.wire.record import Kind, Record
from ledgerflux.wire.subjects import NORM, norm_subject

REPLAYS_MAX = 4096
"""Streams of clients that are replayed from the log at a time."""
READS_MAX = 4
"""Partitions read at a time."""
FINDS_MAX = 16
"""Requests whose places are looked for at a time."""
FIND_S = 6.0
"""How long places of one request are looked for, waiting for others included."""
REPLAY_S = 60
"""How long one replay may take until the ring takes over."""
FOUND_MAX = 1024
"""Places that were found and are known: many clients come back from the same one."""


Replays = Mapping[str, LogReplay]
"""By product."""
NOTHING_FOUND: Replays = {}


class _Member(NamedTuple):
    """One subscription that is replayed."""

    session: ClientSession
    subscription: Subscription
    replay: LogReplay
    until_ns: int

    @property
    def gone(self) -> bool:
        """Say whether nobody waits for it any more."""
        mine = self.session.subscriptions.get(self.subscription.whole)
        left = mine is not self.subscription or self.session.ended
        return left or not self.subscription.goes_on_with(self.replay)


class _Audience:
    """Those who are fed in one pass."""

    def __init__(self, members: dict[LogReplay, _Member]) -> None:
        self.members = dict(members)
        self._by_stream: dict[Whole, dict[LogReplay, _Member]] = {}
        for replay, member in members.items():
            self._by_stream.setdefault(replay.whole, {})[replay] = member

    def hear(self, record: Record, venue: str) -> list[_Member]:
        """Feed what `record` says; return those it said something new to.

        Raises:
            LogError: It can't be read.
        """
        heard: dict[LogReplay, _Member] = {}
        for batch in unpack(record.body):
            followers = self._by_stream.get((batch.channel, batch.product), {})
            want = [replay for replay in followers if replay.wants(batch.epoch, batch.last_seq)]
            if not want:
                continue
            keeps = followers[want[0]].subscription.stream.keeps
            past = Past(venue, batch.product, record.publish_ns, keeps)
            frames = past_frames(past, batch, gateway_frames)
            for replay in want:
                heard[replay] = followers[replay]
                if frames is None:
                    replay.break_off()
                else:
                    replay.feed(frames)
        return list(heard.values())

    def leave(self, member: _Member) -> None:
        """Feed a member no more, if it was fed."""
        if self.members.pop(member.replay, None) is not None:
            del self._by_stream[member.replay.whole][member.replay]


class Backlog:
    """Finds places in the log and, while `run` is under way, feeds replays from there."""

    def __init__(self, bus: Bus, clock: Clock, fanout: Fanout) -> None:
        self._bus = bus
        self._clock = clock
        self._fanout = fanout
        self._held = Held()
        self._members: dict[LogReplay, _Member] = {}
        self._waiting: dict[int, dict[LogReplay, _Member]] = {}
        self._audiences: dict[int, _Audience] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._found: OrderedDict[tuple[Whole, Position], int] = OrderedDict()
        self._finds = asyncio.Semaphore(FINDS_MAX)
        self._reads = asyncio.Semaphore(READS_MAX)
        self._turn = Turn()
        self._group: asyncio.TaskGroup | None = None
        self._counts = Counter(dict.fromkeys(("resume_log", "resume_log_lost"), 0))

    def counts(self) -> dict[str, int]:
        """Return what a health record says of it."""
        open_now = {
            "resume_log_open": len(self._members),
            "resume_log_bytes": self._held.size_bytes,
        }
        return {**self._counts, **open_now}

    async def run(self) -> None:
        """Read until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await asyncio.Event().wait()
            finally:
                self._group = None

    async def find(self, wanted: Mapping[Whole, Position]) -> dict[str, LogReplay]:
        """Return by product the replays that begin at places which the log still has."""
        found: dict[str, LogReplay] = {}
        try:
            async with asyncio.timeout(FIND_S), self._finds:
                for whole, position in wanted.items():
                    sequence = await self._find(whole, position)
                    if sequence is not None:
                        found[whole[1]] = self._replay(whole, position, sequence)
        except (TimeoutError, BusError, LogError):
            pass  # the places not found by now are told as not recovered
        self._counts["resume_log_lost"] += len(wanted) - len(found)
        return found

    def begin(self, session: ClientSession, replays: Replays) -> None:
        """Feed those replays that are what comes next for a subscription of `session`."""
        until_ns = self._clock.monotonic_ns() + REPLAY_S * NANOS_PER_S
        for replay in replays.values():
            subscription = session.subscriptions.get(replay.whole)
            if subscription is None or not subscription.goes_on_with(replay):
                continue
            member = _Member(session, subscription, replay, until_ns)
            self._members[replay] = member
            self._counts["resume_log"] += 1
            self._wait(member)

    def tick(self) -> None:
        """Let go of who is gone, and of what takes too long; call it about once a second."""
        now_ns = self._clock.monotonic_ns()
        for member in list(self._members.values()):
            if member.gone:
                self._forget(member)
            elif now_ns > member.until_ns and member.replay.reading:
                self._break_off(member)
            elif member.replay.empty:
                self._has_room(member.replay)
                member.session.fed(member.subscription)
        for partition, audience in self._audiences.items():
            if not audience.members:  # it waits for the next record, and nobody for it
                self._tasks[partition].cancel()

    # -- finding -----------------------------------------------------------------------

    async def _find(self, whole: Whole, position: Position) -> int | None:
        if len(self._members) >= REPLAYS_MAX:
            return None
        known = self._found.get((whole, position))
        if known is not None:
            return known
        subject = norm_subject(partition_of(whole[1]), self._fanout.venue)
        sequence = await StreamPlace(self._bus, subject, whole).find(position)
        if sequence is not None:
            self._found[whole, position] = sequence
            if len(self._found) > FOUND_MAX:
                self._found.popitem(last=False)
        return sequence

    def _replay(self, whole: Whole, position: Position, sequence: int) -> LogReplay:
        ring = self._fanout.ring
        return LogReplay(whole, position, sequence, ring, self._held, self._has_room)

    # -- reading -----------------------------------------------------------------------

    def _partition(self, replay: LogReplay) -> int:
        return partition_of(replay.whole[1])

    def _has_room(self, replay: LogReplay) -> None:
        """Nothing is left to hand out: read on, or let go of what is over."""
        member = self._members.get(replay)
        if member is None:
            return
        if not replay.reading:
            self._forget(member)
        elif not replay.covered:
            self._wait(member)

    def _wait(self, member: _Member) -> None:
        """Let a member be part of the next pass over its partition."""
        partition = self._partition(member.replay)
        audience = self._audiences.get(partition)
        if audience is not None and member.replay in audience.members:
            return
        self._waiting.setdefault(partition, {})[member.replay] = member
        if partition not in self._tasks and self._group is not None:
            self._tasks[partition] = self._group.create_task(self._read(partition))

    async def _read(self, partition: int) -> None:
        """Pass over a partition as long as somebody waits for it."""
        try:
            while self._waiting.get(partition):
                async with self._reads:
                    members = self._waiting.pop(partition, {})
                    if members:  # they may have left while others were read for
                        await self._pass(partition, members)
        finally:
            del self._tasks[partition]

    async def _pass(self, partition: int, members: dict[LogReplay, _Member]) -> None:
        """Read from the earliest place on until every member has enough, or what it needs."""
        sequence = min(replay.sequence for replay in members)
        reader = PartitionReader(self._bus, NORM, norm_subject(partition, self._fanout.venue))
        audience = self._audiences[partition] = _Audience(members)
        try:
            async with reader.follow(sequence=sequence) as batches:
                async for records in batches:
                    for record in records:
                        await self._tell(audience, record)
                    if not audience.members:
                        return
        except (BusError, LogError):
            for member in list(audience.members.values()):
                self._break_off(member)
        finally:
            del self._audiences[partition]

    async def _tell(self, audience: _Audience, record: Record) -> None:
        """Give each member what a record says of its stream; who has enough leaves."""
        if not audience.members or record.kind is not Kind.EVENTS:
            return
        heard = audience.hear(record, self._fanout.venue)
        for member in heard:
            replay = member.replay
            member.session.fed(member.subscription)
            if replay.full or replay.covered or replay.broken or member.gone:
                audience.leave(member)
                replay.sequence = record.sequence + 1
                self._leave(member)
        if self._turn.over(len(record.body) * max(1, len(heard))):
            await self._clock.sleep(0)

    def _leave(self, member: _Member) -> None:
        """A pass is over for a member: it has enough for now, or for good."""
        if member.replay.broken:
            self._break_off(member)
        elif member.gone:
            self._forget(member)

    # -- the end -----------------------------------------------------------------------

    def _break_off(self, member: _Member) -> None:
        """Let a gap follow what was read for a member."""
        self._counts["resume_log_lost"] += 1
        self._pass_over(member)
        member.replay.break_off()
        member.session.fed(member.subscription)
        if member.replay.empty:
            self._forget(member)

    def _forget(self, member: _Member) -> None:
        """The ring has taken over, or nobody waits any more."""
        self._members.pop(member.replay, None)
        self._pass_over(member)
        member.replay.drop()

    def _pass_over(self, member: _Member) -> None:
        """Feed a member neither now nor in the next pass."""
        partition = self._partition(member.replay)
        self._waiting.get(partition, {}).pop(member.replay, None)
        if partition in self._audiences:
            self._audiences[partition].leave(member)
