"""From what was measured to the report and its verdict."""

from collections.abc import Sequence
from typing import NamedTuple

from ledgerflux.loadtest import report as parts
from ledgerflux.loadtest.measurement import Measurement
from ledgerflux.loadtest.observer import Observer, RoleUsage
from ledgerflux.loadtest.orders import ClientReport, Counts
from ledgerflux.loadtest.plan import LoadPlan, Times
from ledgerflux.loadtest.recovery import Recovered
from ledgerflux.loadtest.verdict import EXIT_CODES, Generator, Slo, doubts, judge, verdict
from ledgerflux.model.units import rfc3339
from ledgerflux.settings import parse_source

INTERRUPTED = 130
SERVERS = ("nats", "postgres")
"""Not roles: their processor time is reported, and no threshold of ours."""


class Target(NamedTuple):
    """The gateway under load: its address, whose stack it is, and the pace of its source."""

    address: str
    own_stack: bool = False
    speed: float | None = 1.0


class Facts(NamedTuple):
    """What a report says beside the measurement."""

    plan: LoadPlan
    target: Target
    times: Times
    source: str
    planned: bool
    served: int
    """How many products the gateway serves."""
    seconds: float = 0.0
    jump_ms: float = 0.0
    interrupted: bool = False

    def ended(self, now_ns: int, jump_ms: float, *, interrupted: bool) -> "Facts":
        """Return them with the end known."""
        seconds = (min(now_ns, self.times.until_ns) - self.times.from_ns) / 1e9
        return self._replace(seconds=max(0.0, seconds), jump_ms=jump_ms, interrupted=interrupted)


def assemble(
    facts: Facts,
    measured: Measurement,
    observer: Observer,
    slos: Sequence[Slo],
    recovered: Sequence[Recovered],
) -> parts.Report:
    """Return the report."""
    counts, usage = measured.counts, observer.usage()
    rate = parts.Rate(asked=_asked_rate(facts), held=observer.held_rate())
    reasons = doubts(_generator(facts, measured, counts, rate))
    judged = judge(slos, _actuals(measured, counts, rate, usage, recovered))
    word = verdict(judged, reasons)
    return parts.Report(
        name=facts.plan.name,
        scenario=facts.plan.scenario,
        verdict="interrupted" if facts.interrupted else word,
        exit_code=INTERRUPTED if facts.interrupted else EXIT_CODES[word],
        started=rfc3339(facts.times.begin_ns + facts.times.wall_offset_ns),
        seconds=round(facts.seconds, 3),
        gateway=facts.target.address,
        source=facts.source,
        own_stack=facts.target.own_stack,
        asked=_asked(facts.plan, facts.served),
        rate=rate,
        clients=_clients(measured, counts),
        delivered=_delivered(facts, counts),
        latency_ms=_latencies(facts, measured, counts),
        integrity=_integrity(measured, counts),
        generator=_generator_part(measured, facts, reasons),
        roles=[parts.Role(**row._asdict()) for row in usage],
        thresholds=parts.thresholds_of(judged),
        recovery=[parts.Recovery(fault=row.fault, seconds=row.seconds) for row in recovered],
        problems=observer.problems(),
    )


def _asked_rate(facts: Facts) -> float | None:
    """Return the source's rate where its name tells it and it runs at its own pace."""
    try:
        source = parse_source(facts.source)
    except ValueError:
        return None
    return float(source.rate) if source.kind == "synthetic" and facts.planned else None


def _generator(facts: Facts, measured: Measurement, counts: Counts, rate: parts.Rate) -> Generator:
    updates = counts.updates + counts.updates_slow
    faulty = facts.plan.scenario == "recovery"  # the source is held up by what is done to it
    return Generator(
        updates=updates,
        unreported=measured.unreported,
        lag_p99_ms=measured.lag.percentile_ms(99.0),
        cpu=measured.cpu,
        clock_jump_ms=facts.jump_ms,
        negative_share=counts.negative / max(1, updates),
        asked_rate=None if faulty else rate.asked,
        held_rate=rate.held,
        seconds=facts.seconds,
    )


def _actuals(
    measured: Measurement,
    counts: Counts,
    rate: parts.Rate,
    usage: Sequence[RoleUsage],
    recovered: Sequence[Recovered],
) -> dict[str, float | None]:
    roles = [row for row in usage if row.name not in SERVERS]
    times = [row.seconds for row in recovered]
    known = [seconds for seconds in times if seconds is not None]
    return {
        "p50": measured.latency.percentile_ms(50.0),
        "p95": measured.latency.percentile_ms(95.0),
        "p99": measured.latency.percentile_ms(99.0),
        "gaps": sum(counts.missed.values()),
        "violations": counts.violations + counts.duplicates,
        "errors": sum(counts.errors.values()),
        "disconnects": sum(counts.disconnects.values()),
        "min_rate": rate.held,
        "cpu": max((row.cpu_mean for row in roles), default=None),
        "rss": max((float(row.rss_bytes_max) for row in roles), default=None),
        "recovery": max(known) if known and len(known) == len(times) else None,
        "snapshots": counts.snapshots,
        "throttled": counts.throttled,
    }


def _asked(plan: LoadPlan, served: int) -> parts.Asked:
    return parts.Asked(
        clients=plan.clients,
        processes=plan.processes,
        duration_s=plan.duration_s,
        ramp_s=plan.ramp_s,
        channels=list(plan.channels),
        products=[] if plan.each is not None else list(plan.products),
        products_each=plan.each_of(served),
        slow=plan.slow,
        greedy=plan.greedy,
        churn_per_s=plan.churn_per_s,
        compress=plan.compress,
        seed=plan.seed,
    )


def _clients(measured: Measurement, counts: Counts) -> parts.Clients:
    return parts.Clients(
        connected=measured.connected,
        subscribed=measured.subscribed,
        connect_failures=counts.connect_failures,
        reconnects=counts.reconnects,
        disconnects=counts.disconnects,
        slow_disconnects=counts.slow_disconnects,
        errors=counts.errors,
        throttled=counts.throttled,
    )


def _delivered(facts: Facts, counts: Counts) -> parts.Delivered:
    return parts.Delivered(
        updates=counts.updates,
        updates_per_s=round(counts.updates / facts.seconds, 1) if facts.seconds else 0.0,
        updates_slow=counts.updates_slow,
        messages=counts.messages,
        snapshots=counts.snapshots,
        received_bytes=counts.received_bytes,
    )


def _latencies(facts: Facts, measured: Measurement, counts: Counts) -> parts.Latencies:
    return parts.Latencies(
        basis="planned" if facts.planned else "receive",
        all=parts.latency_of(measured.latency),
        slow=parts.latency_of(measured.latency_slow),
        first_snapshot=parts.latency_of(measured.first_snapshot),
        slowest_client=_slowest(measured.clients),
        bars=parts.bars_of(measured.latency),
        negative=counts.negative,
        untimed=counts.untimed,
    )


def _slowest(clients: Sequence[ClientReport]) -> parts.SlowestClient | None:
    timed = [(one.p99, one) for one in clients if one.p99 is not None and not one.slow]
    if not timed:
        return None
    one = max(timed, key=lambda pair: pair[0])[1]
    ms = {name: getattr(one, name) / 1000 for name in ("p50", "p95", "p99", "max")}
    return parts.SlowestClient(number=one.number, **ms)


def _integrity(measured: Measurement, counts: Counts) -> parts.Integrity:
    live, books = measured.books
    return parts.Integrity(
        gaps=sum(counts.missed.values()),
        missing=parts.missing_of(counts.missed),
        skipped=parts.missing_of(counts.skipped),
        violations=counts.violations,
        duplicates=counts.duplicates,
        out_of_order=counts.out_of_order,
        epochs=counts.epochs,
        books=books,
        books_live=live,
        why=next((one.why for one in measured.clients if one.why), ""),
    )


def _generator_part(measured: Measurement, facts: Facts, reasons: list[str]) -> parts.GeneratorPart:
    return parts.GeneratorPart(
        valid=not reasons,
        doubts=reasons,
        lag_p99_ms=measured.lag.percentile_ms(99.0),
        cpu=measured.cpu,
        clock_jump_ms=round(facts.jump_ms, 3),
    )
