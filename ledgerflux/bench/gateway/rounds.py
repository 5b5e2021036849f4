"""Rounds of the contest put together: medians, ratios, and what a round is worth; pure."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.normalizing import disturbed

IN_TIME = 1.1
LAST_TICK_S = 1.0
"""So much later than its ticks a crowd's last message may come."""


class Round(NamedTuple):
    """One server's turn.

    Attributes:
        cpu_s: What its process used.
        passed_s: From the first message to the last that was seen.
        delivered: Messages seen by all clients together.
        expected: Messages they should have seen.
        uneven: Clients that saw more or fewer than they should.
        broken: Sampled messages that do not continue the one before.
        latencies_ms: Of the sampled messages, from their making to the sink.
        burst_s: Median over the ticks, from the first client's piece to the last one's.
        wire_bytes: What all clients were sent.
        compressed: Clients that were sent compressed messages.
    """

    cpu_s: float
    passed_s: float
    delivered: int
    expected: int
    uneven: int
    broken: int
    latencies_ms: list[float]
    burst_s: float
    wire_bytes: int = 0
    compressed: int = 0


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which `share` of `values` are; None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def latency_ms(rounds: Sequence[Round], share: float) -> float | None:
    """Return a percentile over all rounds together."""
    return percentile([value for item in rounds for value in item.latencies_ms], share)


def cost_us(rounds: Sequence[Round]) -> float:
    """Return the CPU microseconds of a delivered message, the median of the rounds."""
    return median(_costs(rounds))


def _costs(rounds: Sequence[Round]) -> list[float]:
    return [item.cpu_s / max(1, item.delivered) * 1e6 for item in rounds]


def trouble(rounds: Sequence[Round]) -> str:
    """Return why the rounds count for nothing; empty where every message was seen."""
    for item in rounds:
        if item.delivered != item.expected or item.uneven:
            share = item.delivered / max(1, item.expected)
            return f"{share:.2%} of the messages came, {item.uneven} clients saw too few or many"
        if item.broken:
            return f"{item.broken} messages did not continue the one before"
    return "" if rounds else "no round was run"


def told(name: str, rounds: Sequence[Round]) -> str:
    """Return what a server took, in words."""
    times = ", ".join(
        f"p{share * 100:g} {value:.1f} ms"
        for share in (0.5, 0.99)
        if (value := latency_ms(rounds, share)) is not None
    )
    return f"{name}: {cost_us(rounds):.2f} us, {times}"


def compared(
    key: str,
    names: tuple[str, str],
    ours: Sequence[Round],
    theirs: Sequence[Round],
    conditions: str,
    *,
    inverse: bool = False,
) -> Measured:
    """Return how many times our CPU theirs is (`inverse`: ours of theirs)."""
    for name, rounds in zip(names, (ours, theirs), strict=True):
        if why := trouble(rounds):
            return Measured(key, None, conditions, f"{name}: {why}")
    mine, other = cost_us(ours), cost_us(theirs)
    value = mine / other if inverse else other / mine
    words = "; ".join(
        told(name, rounds) for name, rounds in zip(names, (ours, theirs), strict=True)
    )
    doubt = disturbed(_costs(ours)) or disturbed(_costs(theirs))
    return Measured(key, round(value, 3), f"{conditions}; {words}", doubt)


def whole(key: str, value: float, rounds: Sequence[Round], conditions: str, doubt: str) -> Measured:
    """Return a figure of rounds in which every message was seen, else why there is none."""
    why = trouble(rounds)
    return Measured(key, None if why else value, conditions, why or doubt)


# -- rows of their own -------------------------------------------------------------------


class Stall(NamedTuple):
    """A round without and one with a client that does not read; how much more memory grew."""

    before: Round
    during: Round
    grown_mib: float


def stall_figures(rounds: Sequence[Stall], clients: int, doubt: str) -> list[Measured]:
    """Return what the others got of their messages, when, and what it took.

    `doubt` is one about the machine: it can matter for when.
    """
    before, during = [item.before for item in rounds], [item.during for item in rounds]
    seconds = sum(item.passed_s for item in during)
    conditions = (
        f"1 client of {clients} reads nothing, {len(rounds)} rounds with and without it by turns, "
        f"{seconds:.0f} s in all"
    )
    delivered = sum(item.delivered for item in during)
    share = delivered / max(1, sum(item.expected for item in during)) * 100
    quiet, stalled = latency_ms(before, 0.99) or 0.0, latency_ms(during, 0.99) or 0.0
    p99 = f"{conditions}; p99 over all rounds {quiet:.1f} ms without, {stalled:.1f} ms with"
    grown = median(item.grown_mib for item in rounds)
    most = max(item.grown_mib for item in rounds)
    why = trouble(before)
    return [
        Measured("gateway_stalled_share", None if why else round(share, 3), conditions, why),
        whole("gateway_stalled_p99", round(stalled / max(quiet, 1e-3), 3), during, p99, doubt),
        whole(
            "gateway_stalled_memory",
            round(grown, 2),
            before,
            f"{conditions}, median, the most {most:.2f}",
            "",
        ),
    ]


def crowded(found: Round, asked_s: float, conditions: str, doubt: str) -> Measured:
    """Return the cores that a crowd takes; none where its messages did not come in time."""
    p99 = latency_ms([found], 0.99) or 0.0
    words = (
        f"{conditions}, {asked_s:.1f} s of messages seen in {found.passed_s:.1f} s, "
        f"p99 {p99:.0f} ms"
    )
    if found.passed_s > asked_s * IN_TIME + LAST_TICK_S:
        return Measured("gateway_crowd", None, words, "not held in real time")
    cores = found.cpu_s / max(1e-9, asked_s)
    rate = found.delivered / max(1e-9, asked_s)
    words = f"{words}, {rate:,.0f} msg/s"
    return whole("gateway_crowd", round(cores, 3), [found], words, doubt)
