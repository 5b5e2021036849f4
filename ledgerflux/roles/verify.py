"""verify: reads the whole stored log and says whether it is what it must be."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import msgspec

from ledgerflux.core.sharding import shard_of
from ledgerflux.ports import Bus, Clock, SnapshotStore, Stored, TradeRow
from ledgerflux.roles.audits import NormAudit, Problems, RawAudit, Renormalizer
from ledgerflux.roles.runtime import read_feed
from ledgerflux.roles.verify_report import Check, Report
from ledgerflux.venues.registry import venue as venue_named
from ledgerflux.wire.health import HEALTH_BUCKET, FeedConf, Health
from ledgerflux.wire.record import Record
from ledgerflux.wire.subjects import NORM, RAW

SETTLE_S = 10.0
EXCHANGE_KEY = "exchange.0"


class Sent(NamedTuple):
    """What the exchange says it sent: in this run, and on the sockets open now."""

    total: int
    open: int


class History(NamedTuple):
    """What Postgres holds: its position in each partition, and then its trades."""

    positions: dict[tuple[int, str], int]
    rows: Counter[TradeRow]


class Verifier:
    """One run of verify over the bus, and the store where there is one."""

    def __init__(self, bus: Bus, clock: Clock, store: SnapshotStore | None) -> None:
        self._bus = bus
        self._clock = clock
        self._store = store
        self._problems = Problems()
        self._raw: dict[tuple[int, str], RawAudit] = {}
        self._norm: dict[tuple[int, str], NormAudit] = {}
        self._checks: list[Check] = []
        self._counts: dict[str, int] = {}

    async def run(self, shard_counts: Sequence[int] = ()) -> Report:
        """Check everything; with `shard_counts`, make all events again for each count.

        Raises:
            BusError: The bus does not answer.
            StoreError: The store does not answer.
        """
        conf = await read_feed(self._bus)
        sent_before = await self._sent()
        await self._audit_raw(conf, sent_before)
        sent_after = await self._sent(since_ns=self._clock.now_ns())
        history = await self._read_history(conf)
        await self._audit_norm()
        self._judge_chains()
        self._judge_frames(conf, sent_before, sent_after)
        self._judge_trades(history)
        for shards in shard_counts:
            await self._judge_again(shards)
        return Report(self._checks, self._counts, self._problems.texts)

    # -- reading -----------------------------------------------------------------------

    async def _audit_raw(self, conf: FeedConf | None, sent: Sent | None) -> None:
        """Read RAW up to its end, waiting until what the exchange had sent has arrived."""
        deadline_ns = self._clock.monotonic_ns() + int(SETTLE_S * 1e9)
        start = 1
        while True:
            async for stored in self._stored(RAW, "md.raw.>", start):
                key = _key(stored.subject)
                if key not in self._raw:
                    self._raw[key] = RawAudit(stored.subject, self._problems)
                self._raw[key].take(stored.payload)
                start = stored.sequence + 1
            if self._arrived(conf, sent) or self._clock.monotonic_ns() > deadline_ns:
                return
            await self._clock.sleep(0.2)

    async def _audit_norm(self) -> None:
        async for stored in self._stored(NORM, "md.norm.>"):
            key = _key(stored.subject)
            if key not in self._norm:
                self._norm[key] = NormAudit(stored.subject, key[1], self._problems)
            self._norm[key].take(stored.payload)

    async def _stored(self, stream: str, subject: str, start: int = 1) -> AsyncIterator[Stored]:
        """Yield what `stream` holds from `start` to its end as it is now."""
        state = await self._bus.state(stream)
        if not state.messages or state.last_sequence < start:
            return
        async with self._bus.read(stream, subject, start) as batches:
            async for batch in batches:
                for stored in batch:
                    if stored.sequence <= state.last_sequence:
                        yield stored
                if batch[-1].sequence >= state.last_sequence:
                    return
                await asyncio.sleep(0)

    async def _sent(self, since_ns: int = 0) -> Sent | None:
        """Return what the exchange has sent, as it said at `since_ns` or later.

        None where no exchange of ours is running.
        """
        deadline_ns = self._clock.monotonic_ns() + int(SETTLE_S * 1e9)
        while True:
            value = await self._bus.get(HEALTH_BUCKET, EXCHANGE_KEY)
            if value is None:
                return None
            health = msgspec.json.decode(value, type=Health)
            if health.time_ns >= since_ns or self._clock.monotonic_ns() > deadline_ns:
                counts = health.counts
                return (
                    Sent(counts["sent"], counts.get("sent_open", 0)) if "sent" in counts else None
                )
            await self._clock.sleep(0.1)

    async def _read_history(self, conf: FeedConf | None) -> History | None:
        """Read what Postgres holds, before NORM is read: NORM then has all of it."""
        if self._store is None:
            return None
        keys = sorted(self._raw)
        venues = {venue for _, venue in keys} | ({conf.venue} if conf else set())
        store = self._store
        positions = {key: await store.position(key[1], key[0]) for key in keys}
        rows: Counter[TradeRow] = Counter()
        for venue in sorted(venues):
            async for row in store.trade_rows(venue):
                rows[row._replace(exchange_ns=None, receive_ns=0)] += 1
        return History(positions, rows)

    def _frames_of(self, conf: FeedConf) -> tuple[int, int]:
        audits = self._raw.values()
        return (
            sum(audit.frames[conf.run] for audit in audits),
            sum(audit.gap_frames[conf.run] for audit in audits),
        )

    def _arrived(self, conf: FeedConf | None, sent: Sent | None) -> bool:
        """Say whether RAW holds what the exchange had sent, as far as that is counted."""
        if conf is None or sent is None or sum(self._frames_of(conf)) >= sent.total:
            return True
        session = sum(audit.session_frames for audit in self._raw.values())
        return self._uncounted(conf) > 0 and session >= sent.open

    def _uncounted(self, conf: FeedConf) -> int:
        return sum(audit.uncounted[conf.run] for audit in self._raw.values())

    # -- judging -----------------------------------------------------------------------

    def _judge_chains(self) -> None:
        raw, made = self._raw.values(), self._norm.values()
        self._counts |= {
            "raw_records": sum(audit.chain.records for audit in raw),
            "norm_records": sum(audit.chain.records for audit in made),
            "norm_events": sum(audit.digest.events.total() for audit in made),
            "norm_trades": sum(len(audit.trades) for audit in made),
            "gaps": sum(audit.gaps for audit in made),
        }
        text = (
            f"{self._counts['raw_records']} RAW and {self._counts['norm_records']} NORM records "
            f"of {len(self._raw)} partitions: numbers, chained crcs, ranges (a, b], seqs"
        )
        self._add("chains", self._problems.total == 0, text)
        behind = 0
        for key, audit in self._norm.items():
            last = self._raw[key].chain.last_number if key in self._raw else 0
            behind += max(0, last - audit.last_b)
        self._counts["lag_records"] = behind

    def _judge_frames(
        self, conf: FeedConf | None, sent_before: Sent | None, sent_after: Sent | None
    ) -> None:
        if conf is None:
            self._add("frames", None, "no source has ever been set")
            return
        frames, gap_frames = self._frames_of(conf)
        uncounted = self._uncounted(conf)
        self._counts |= {
            "raw_frames": frames,
            "raw_gap_frames": gap_frames,
            "raw_breaks": uncounted,
        }
        if sent_before is None or sent_after is None:
            self._add("frames", None, f"{frames} in RAW; the venue's own count is not known here")
            return
        before, after = sent_before.total, sent_after.total
        self._counts["exchange_sent"] = after
        total = frames + gap_frames
        exact = before <= total <= after
        declared = uncounted > 0 and total <= after
        text = f"{after} sent, {frames} in RAW, {gap_frames} inside gap records"
        if uncounted:
            text += f", {uncounted} declared breaks whose frames nobody counted"
        self._add("frames", exact or declared, text)

    def _judge_trades(self, history: History | None) -> None:
        if history is None:
            self._add("trades", None, "no Postgres here")
            return
        covered: Counter[TradeRow] = Counter()
        known: Counter[TradeRow] = Counter()
        for key, audit in self._norm.items():
            position = history.positions.get(key, 0)
            for number, row in zip(audit.trade_numbers, audit.trades, strict=True):
                known[row] += 1
                covered[row] += number <= position
        held = history.rows
        self._counts["postgres_trades"] = held.total()
        missing = (covered - held).total()
        extra = self._extra(held - known)
        text = f"{held.total()} in Postgres, {covered.total()} in NORM up to its position"
        if missing or extra:
            text += f": {missing} missing, {extra} that NORM does not have"
        self._add("trades", not missing and not extra, text)

    def _extra(self, rows: Counter[TradeRow]) -> int:
        """Count rows that NORM should have; where NORM was cut, older ones may be gone."""
        if not any(audit.chain.first_number > 1 for audit in self._norm.values()):
            return rows.total()
        oldest: dict[tuple[str, str], int] = {}
        for audit in self._norm.values():
            for row in audit.trades:
                oldest.setdefault((row.product, row.epoch), row.seq)
        return sum(
            count
            for row, count in rows.items()
            if row.seq >= oldest.get((row.product, row.epoch), 1 << 62)
        )

    async def _judge_again(self, shards: int) -> None:
        """Make every event again from RAW on `shards` shards, and compare the bytes."""
        name = f"renormalize-{shards}"
        cut = [a.chain.subject for a in self._raw.values() if a.chain.first_number > 1]
        if cut:
            self._add(name, False, f"RAW has lost its first records: {', '.join(sorted(cut))}")
            return
        different: list[str] = []
        events = 0
        for shard in range(shards):
            held = {key for key in self._norm if shard_of(key[0], shards) == shard}
            made = await self._renormalize(held)
            for key, again in made.items():
                events += again.digest.events.total()
                different += _differences(self._norm[key], again)
        text = f"{events} events made again on {shards} shard(s), byte for byte the same"
        if different:
            text = f"not the same: {', '.join(different[:5])}"
        self._add(name, not different, text)

    async def _renormalize(self, held: set[tuple[int, str]]) -> dict[tuple[int, str], Renormalizer]:
        made = {
            key: Renormalizer(venue_named(key[1]), self._norm[key].last_b) for key in sorted(held)
        }
        if not made:
            return made
        chains = {key: RawAudit("", Problems()) for key in made}
        async for stored in self._stored(RAW, "md.raw.>"):
            key = _key(stored.subject)
            if key in made:
                record: Record | None = chains[key].take(stored.payload)
                if record is not None:
                    made[key].take(record)
        return made

    def _add(self, name: str, ok: bool | None, text: str) -> None:
        self._checks.append(Check(name, ok, text))


def _key(subject: str) -> tuple[int, str]:
    _, _, partition, venue = subject.split(".")
    return int(partition), venue


def _differences(stored: NormAudit, again: Renormalizer) -> list[str]:
    was, now = stored.digest.hexdigests(), again.digest.hexdigests()
    return [
        f"{product} {channel}"
        for product, channel in sorted(was.keys() | now.keys())
        if was.get((product, channel)) != now.get((product, channel))
    ]
