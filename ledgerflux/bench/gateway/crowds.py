"""Clients that are many, idle, or do not read: what they cost, and what the others notice."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.gateway.arena import TEN, Arena, Pace, Plan
from ledgerflux.bench.gateway.contenders import CONTENDERS, IDLE
from ledgerflux.bench.gateway.messages import NARROW, WIDE
from ledgerflux.bench.gateway.rounds import Stall, cost_us, crowded, stall_figures
from ledgerflux.bench.gateway.running import Running
from ledgerflux.bench.gateway.sink import Sink
from ledgerflux.bench.gateway.turns import (
    SAMPLED,
    allow_sockets,
    children_s,
    measured,
    take_turn,
    warm,
)
from ledgerflux.bench.lab import reason_of
from ledgerflux.bench.machine import Neighbours, doubt_of
from ledgerflux.errors import LedgerFluxError, StackError

FIRST_CLIENTS = 50
"""Before the first look at memory: what is made once is no client's."""
SETTLE_S = 1.0
STALL_ROUNDS = 3
STALL_PACE = Pace(10, 40)
STALL_S = 4.0
"""Long enough to fill the megabytes that the kernel holds for a socket, with updates of 8 KB."""
STALL_GRACE_S = 2.0
KIB, MIB = 1024, 1024 * 1024

IDLE_KEYS = {"fastapi": "gateway_idle_fastapi", "nats": "gateway_idle_nats"}
STALL_KEYS = (
    "gateway_stalled_share",
    "gateway_stalled_p99",
    "gateway_stalled_memory",
    "gateway_stalled_fastapi",
)


@contextmanager
def _one(arena: Arena, name: str, changes: int = NARROW) -> Iterator[Running]:
    """Hold one server up, fresh.

    Raises:
        StackError: It is missing.
    """
    with arena.up((name,), changes) as servers:
        if name not in servers:
            raise StackError(arena.missing[name].removeprefix("not measured: "))
        yield servers[name]


def idle(arena: Arena) -> Iterator[Measured]:
    """Measure the memory of a connection that has nothing to say.

    Raises:
        StackError: Ours can't be measured.
    """
    allow_sockets(arena.plan.idle)
    ours = _idle_kib(arena, "ours")
    conditions = f"{arena.plan.idle:,} clients that offer deflate, kernel memory not in it"
    yield Measured("gateway_idle", round(ours, 1), f"{conditions}; ours declines deflate")
    for name, key in IDLE_KEYS.items():
        told = CONTENDERS[name].told
        try:
            theirs = _idle_kib(arena, name)
        except LedgerFluxError as error:
            yield Measured(key, None, told, arena.missing[name] or reason_of(error))
        else:
            words = f"{conditions}; {told}: {theirs:.1f} KiB"
            yield Measured(key, round(theirs / ours, 2), words)


def _idle_kib(arena: Arena, name: str) -> float:
    """Return the memory of one more client."""
    with _one(arena, name) as server:
        speech = IDLE if name == "ours" else server.contender.speech._replace(ready=b"")
        with Sink(server.port, speech, deflate=True) as sink:
            _settled(sink, FIRST_CLIENTS)
            before = server.rss_bytes()
            _settled(sink, arena.plan.idle)
            return (server.rss_bytes() - before) / arena.plan.idle / KIB


def _settled(sink: Sink, clients: int) -> None:
    sink.connect(clients, sample_every=clients + 1)
    sink.read_until(lambda: False, time.monotonic() + SETTLE_S)


def stalled(arena: Arena) -> Iterator[Measured]:
    """Measure what others notice of a client that reads nothing.

    Raises:
        StackError: Ours can't be measured.
    """
    plan = arena.plan
    neighbours = Neighbours(children_s)
    with _one(arena, "ours", WIDE) as server:
        rounds = [_stall(server, plan) for _ in range(min(STALL_ROUNDS, plan.rounds))]
        doubt = doubt_of(neighbours.cores())
    yield from stall_figures(rounds, plan.stalled_of, doubt)
    key, told = STALL_KEYS[-1], CONTENDERS["fastapi"].told
    if why := arena.missing["fastapi"]:
        yield Measured(key, None, told, why)
        return
    with _one(arena, "fastapi", WIDE) as server:
        theirs = _stall(server, plan)
    share = theirs.during.delivered / theirs.during.expected * 100
    yield Measured(key, round(share, 1), f"{told}; as above, one round")


def _stall(server: Running, plan: Plan) -> Stall:
    """Return a round without, then with a client that does not read, the last of all."""
    ticks = STALL_PACE.ticks(STALL_S)
    others = plan.stalled_of - 1
    with Sink(server.port, server.contender.speech) as sink:
        clients = sink.connect(others, sample_every=max(1, others // SAMPLED))
        warm(server, sink, clients, *STALL_PACE)
        before = measured(server, sink, clients, *STALL_PACE, ticks)
        rss = server.rss_bytes()
        sink.connect_stalled()
        during = measured(server, sink, clients, *STALL_PACE, ticks, grace_s=STALL_GRACE_S)
        return Stall(before, during, (server.rss_bytes() - rss) / MIB)


def crowd(arena: Arena) -> Iterator[Measured]:
    """Measure the cores that a crowd takes, each client following 100 messages a second.

    Raises:
        StackError: So many clients can't be connected.
    """
    plan = arena.plan
    allow_sockets(plan.crowd)
    neighbours = Neighbours(children_s)
    ticks = TEN.ticks(plan.seconds)
    with _one(arena, "ours") as server:
        found = take_turn(server, plan.crowd, *TEN, ticks)
        doubt = doubt_of(neighbours.cores())
    conditions = f"{plan.crowd:,} clients, {TEN.told}, {cost_us([found]):.2f} us a message"
    yield crowded(found, ticks * TEN.tick_ms / 1000, conditions, doubt)
