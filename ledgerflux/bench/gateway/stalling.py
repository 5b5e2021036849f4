"""One client reads nothing: what the others notice, in rounds with and without it by turns."""

from collections.abc import Iterator

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.gateway.arena import Arena, Pace, Plan
from ledgerflux.bench.gateway.contenders import CONTENDERS
from ledgerflux.bench.gateway.messages import WIDE
from ledgerflux.bench.gateway.rounds import Round, Stall, stall_figures
from ledgerflux.bench.gateway.running import Running
from ledgerflux.bench.gateway.sink import Sink
from ledgerflux.bench.gateway.turns import SAMPLED, children_s, measured, warm
from ledgerflux.bench.machine import Neighbours, doubt_of

STALL_PACE = Pace(10, 40)
STALL_S = 3.0
"""Long enough to fill the megabytes that the kernel holds for a socket, with updates of 8 KB."""
STALL_GRACE_S = 2.0
MIB = 1024 * 1024
STALL_KEYS = (
    "gateway_stalled_share",
    "gateway_stalled_p99",
    "gateway_stalled_memory",
    "gateway_stalled_fastapi",
)


def stalled(arena: Arena) -> Iterator[Measured]:
    """Measure what others notice of a client that reads nothing.

    Raises:
        StackError: Ours can't be measured.
    """
    plan = arena.plan
    neighbours = Neighbours(children_s)
    with arena.hold(CONTENDERS["ours"], WIDE) as server:
        rounds = [_stall(server, plan, number) for number in range(plan.rounds)]
        doubt = doubt_of(neighbours.cores())
    yield from stall_figures(rounds, plan.stalled_of, doubt)
    key, told = STALL_KEYS[-1], CONTENDERS["fastapi"].told
    if why := arena.missing["fastapi"]:
        yield Measured(key, None, told, why)
        return
    with arena.hold(CONTENDERS["fastapi"], WIDE) as server:
        theirs, _ = _half(server, plan, stalls=True)
    share = theirs.delivered / theirs.expected * 100
    yield Measured(key, round(share, 1), f"{told}; as above, one round")


def _stall(server: Running, plan: Plan, number: int) -> Stall:
    """Return a round: a half without and a half with the client, now one first, now the other."""
    found = {stalls: _half(server, plan, stalls=stalls) for stalls in _order(number)}
    (before, usual), (during, grown) = found[False], found[True]
    return Stall(before, during, max(0.0, grown - usual))


def _order(number: int) -> tuple[bool, bool]:
    return (True, False) if number % 2 else (False, True)


def _half(server: Running, plan: Plan, *, stalls: bool) -> tuple[Round, float]:
    """Return half a round of new clients, one of which may stall, and how memory grew in it."""
    ticks = STALL_PACE.ticks(STALL_S)
    others = plan.stalled_of - 1
    with Sink(server.port, server.contender.speech) as sink:
        clients = sink.connect(others, sample_every=max(1, others // SAMPLED))
        warm(server, sink, clients, *STALL_PACE)
        rss = server.rss_bytes()
        if stalls:
            sink.connect_stalled()
        found = measured(server, sink, clients, *STALL_PACE, ticks, grace_s=STALL_GRACE_S)
        return found, (server.rss_bytes() - rss) / MIB
