"""Clients that are many, or idle: what they cost."""

import time
from collections.abc import Iterator

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.gateway.arena import TEN, Arena
from ledgerflux.bench.gateway.contenders import CONTENDERS, IDLE
from ledgerflux.bench.gateway.rounds import cost_us, crowded
from ledgerflux.bench.gateway.sink import Sink
from ledgerflux.bench.gateway.turns import (
    allow_sockets,
    children_s,
    take_turn,
)
from ledgerflux.bench.lab import reason_of
from ledgerflux.bench.machine import Neighbours, doubt_of
from ledgerflux.errors import LedgerFluxError, StackError

FIRST_CLIENTS = 50
"""Before the first look at memory: what is made once is no client's."""
SETTLE_S = 1.0
KIB = 1024

IDLE_KEYS = {"fastapi": "gateway_idle_fastapi", "nats": "gateway_idle_nats"}


def idle(arena: Arena) -> Iterator[Measured]:
    """Measure the memory of a connection that has nothing to say.

    Raises:
        StackError: Ours can't be measured.
    """
    allow_sockets(arena.plan.idle)
    ours = _idle_kib(arena, "ours")
    conditions = f"{arena.plan.idle:,} clients with deflate, kernel memory not in it"
    yield Measured("gateway_idle", round(ours, 1), conditions)
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
    """Return the memory of one more client.

    Raises:
        StackError: It can't be measured, or takes no compressed messages.
    """
    with arena.hold(CONTENDERS[name]) as server:
        speech = IDLE if name == "ours" else server.contender.speech._replace(ready=b"")
        with Sink(server.port, speech, deflate=True) as sink:
            _settled(sink, FIRST_CLIENTS)
            if not sink.compressed:
                raise StackError(f"{name} declined deflate")
            before = server.rss_bytes()
            _settled(sink, arena.plan.idle)
            return (server.rss_bytes() - before) / arena.plan.idle / KIB


def _settled(sink: Sink, clients: int) -> None:
    sink.connect(clients, sample_every=clients + 1)
    sink.read_until(lambda: False, time.monotonic() + SETTLE_S)


def crowd(arena: Arena) -> Iterator[Measured]:
    """Measure the cores that a crowd takes, each client following 100 messages a second.

    Raises:
        StackError: So many clients can't be connected.
    """
    plan = arena.plan
    allow_sockets(plan.crowd)
    neighbours = Neighbours(children_s)
    ticks = TEN.ticks(plan.seconds)
    with arena.hold(CONTENDERS["ours"]) as server:
        found = take_turn(server, plan.crowd, *TEN, ticks)
        doubt = doubt_of(neighbours.cores())
    conditions = f"{plan.crowd:,} clients, {TEN.told}, {cost_us([found]):.2f} us a message"
    yield crowded(found, ticks * TEN.tick_ms / 1000, conditions, doubt)
