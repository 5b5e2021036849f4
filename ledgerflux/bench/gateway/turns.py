"""A server's turn: clients connect, a few ticks go by unmeasured, then those that count."""

import os
import resource
import time
from collections.abc import Sequence
from contextlib import suppress
from statistics import median

from ledgerflux.bench.gateway.reading import examine
from ledgerflux.bench.gateway.rounds import Round
from ledgerflux.bench.gateway.running import Running
from ledgerflux.bench.gateway.sink import Client, Sink
from ledgerflux.errors import StackError

WARM_TICKS = 5
GRACE_S = 15.0
"""How much longer than its ticks a turn may take, beside twice their time."""
SAMPLED = 20
"""Clients of a turn that are read in full."""
FILES_SPARE = 200


def take_turn(
    server: Running, clients: int, count: int, tick_ms: int, ticks: int, *, deflate: bool = False
) -> Round:
    """Return a round of a server with `clients` new clients; with `deflate` they offer it.

    Raises:
        StackError: They can't be connected, or it does not get going.
    """
    with Sink(server.port, server.contender.speech, deflate=deflate) as sink:
        made = sink.connect(clients, sample_every=max(1, clients // SAMPLED))
        warm(server, sink, made, count, tick_ms)
        return measured(server, sink, made, count, tick_ms, ticks)


def warm(server: Running, sink: Sink, clients: Sequence[Client], count: int, tick_ms: int) -> None:
    """Let a few ticks go by.

    Raises:
        StackError: Not everybody got them.
    """
    found = measured(server, sink, clients, count, tick_ms, WARM_TICKS)
    if found.delivered < found.expected:
        name = server.contender.name
        raise StackError(f"{name}: {found.delivered} of {found.expected} messages came at first")


def measured(
    server: Running,
    sink: Sink,
    clients: Sequence[Client],
    count: int,
    tick_ms: int,
    ticks: int,
    *,
    grace_s: float = GRACE_S,
) -> Round:
    """Let `ticks` go by; return what `clients`, all that read, saw of them."""
    each = count * ticks
    expected = each * len(clients)
    sink.begin(tick_ms / 1000)
    before_s, begin_s = server.cpu_s(), time.monotonic()
    server.go(count, tick_ms, ticks)
    deadline_s = begin_s + 3 * ticks * tick_ms / 1000 + grace_s
    sink.read_until(lambda: sink.total >= expected and server.done(), deadline_s)
    passed_s, cpu_s = time.monotonic() - begin_s, server.cpu_s() - before_s
    samples = [examine(client.pieces) for client in clients if client.sampled]
    return Round(
        cpu_s=cpu_s,
        passed_s=passed_s,
        delivered=sum(client.counter.count for client in clients),
        expected=expected,
        uneven=sum(client.counter.count != each for client in clients),
        broken=sum(sample.broken + abs(sample.messages - each) for sample in samples),
        latencies_ms=[value for sample in samples for value in sample.latencies_ms],
        burst_s=median(sink.bursts_s) if sink.bursts_s else 0.0,
        wire_bytes=sink.wire_bytes,
        compressed=sink.compressed,
    )


def allow_sockets(count: int) -> None:
    """Let this process, and those it starts, have `count` sockets.

    Raises:
        StackError: The system allows fewer.
    """
    wanted = count + FILES_SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise StackError(f"the system allows {hard} open files, {count} clients need {wanted}")
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def children_s() -> float:
    """Return the CPU seconds of all processes below this one that live."""
    import psutil

    total = 0.0
    for child in psutil.Process(os.getpid()).children(recursive=True):
        with suppress(psutil.Error):
            times = child.cpu_times()
            total += times.user + times.system
    return total
