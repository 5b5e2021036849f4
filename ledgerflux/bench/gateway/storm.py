"""A storm: clients drop all at once in mid-stream and come back, to the same node or another."""

import time
from collections.abc import Iterator, Sequence
from statistics import median

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.gateway.arena import TEN, Arena
from ledgerflux.bench.gateway.contenders import RECOVERING, TWO, Contender
from ledgerflux.bench.gateway.following import Dialect, Ours, SocketIo
from ledgerflux.bench.gateway.messages import EPOCH
from ledgerflux.bench.gateway.returning import Member, Returners
from ledgerflux.bench.gateway.running import Running
from ledgerflux.bench.gateway.storm_figures import STORM_KEYS, Storm, storm_figures
from ledgerflux.bench.gateway.turns import allow_sockets, children_s
from ledgerflux.bench.lab import reason_of
from ledgerflux.bench.machine import Neighbours, doubt_of
from ledgerflux.errors import LedgerFluxError

STORM_ROUNDS = 3
BEFORE_S = 1.0
OUT_S = 0.5
"""Between the drop and the first who comes back; what is told meanwhile is missed."""
TICKS = 60
GIVE_UP_S = 30.0


def storm(arena: Arena) -> Iterator[Measured]:
    """Measure who is told everything after a storm, and how soon.

    Raises:
        StackError: Ours can't be measured.
    """
    plan = arena.plan
    allow_sockets(plan.storm)
    neighbours = Neighbours(children_s)
    count = min(STORM_ROUNDS, plan.rounds)
    ours = [_here(arena, TWO, Ours(EPOCH)) for _ in range(count)]
    killed = [_killed(arena) for _ in range(count)]
    doubt = doubt_of(neighbours.cores())
    told, why = RECOVERING.told, ""
    theirs: list[Storm] = []
    gone: Storm | None = None
    try:
        theirs = [_here(arena, RECOVERING, SocketIo()) for _ in range(count)]
        gone = _gone(arena)
    except LedgerFluxError as error:
        why = arena.missing[RECOVERING.name] or reason_of(error)
    conditions = (
        f"{plan.storm:,} clients, {TEN.told}, out for {OUT_S:g} s, {count} rounds, all at once"
    )
    yield from storm_figures(ours, killed, conditions, doubt)
    yield from _beside(ours, theirs, gone, told, why)


def _beside(
    ours: Sequence[Storm], theirs: Sequence[Storm], gone: Storm | None, told: str, why: str
) -> Iterator[Measured]:
    ratio, share = STORM_KEYS[-2:]
    if gone is None:
        yield Measured(ratio, None, told, why)
        yield Measured(share, None, told, why)
        return
    mine = median(item.seconds for item in ours)
    other = median(item.seconds for item in theirs)
    whole = min(item.share for item in theirs)
    words = f"{told}: {other:.2f} s, {whole:g} % whole"
    yield Measured(ratio, round(other / max(mine, 1e-3), 2), words)
    yield Measured(share, gone.share, f"{told}; a fresh process after the killed one")


def _here(arena: Arena, contender: Contender, dialect: Dialect) -> Storm:
    """Return a storm on one node."""
    with arena.hold(contender) as server:
        return _stormed(server, dialect, arena.plan.storm, server.port)


def _killed(arena: Arena) -> Storm:
    """Return a storm in which the node is killed and another takes its clients."""
    with arena.hold(TWO) as server:
        return _stormed(server, Ours(EPOCH), arena.plan.storm, server.spares[0], kill=True)


def _stormed(
    server: Running, dialect: Dialect, clients: int, port: int, *, kill: bool = False
) -> Storm:
    """Return what became of clients of a server that come back to `port`, where it serves."""
    members, witness = [Member() for _ in range(clients)], Member()
    with Returners(dialect) as crowd:
        crowd.connect([witness], port)
        crowd.connect(members, server.port)
        server.go(*TEN, TICKS)
        crowd.read_until(lambda: False, time.monotonic() + BEFORE_S)
        if kill:
            server.kill()
        crowd.drop(members)
        crowd.read_until(lambda: False, time.monotonic() + OUT_S)
        seconds = _come_back(crowd, members, port, dict(witness.chain.places))
        crowd.read_until(server.done, time.monotonic() + GIVE_UP_S)
        crowd.read_until(lambda: False, time.monotonic() + OUT_S)
        heads = witness.chain.places
        crowd.read_until(
            lambda: all(member.chain.reached(heads) for member in members),
            time.monotonic() + OUT_S,
        )
        return Storm.of([(m.recovered, m.chain) for m in members], heads, seconds)


def _come_back(
    crowd: Returners, members: Sequence[Member], port: int, heads: dict[str, int]
) -> float:
    """Let all come back at once; return the seconds until nobody waits for anything."""
    waiting = {member: member.acks for member in members}
    for member in members:
        member.recovered = False
    begin_s = time.monotonic()

    def all_back() -> bool:
        for member in [
            member
            for member, acks in waiting.items()
            if member.acks > acks and (not member.recovered or member.chain.reached(heads))
        ]:
            del waiting[member]
        return not waiting

    for member in members:
        crowd.dial(member, port)
    crowd.read_until(all_back, begin_s + GIVE_UP_S)
    return time.monotonic() - begin_s


def _gone(arena: Arena) -> Storm:
    """Return who a fresh socket.io knows again of those of one that was killed."""
    dialect, members = SocketIo(), [Member() for _ in range(arena.plan.storm)]
    with Returners(dialect) as crowd:
        with arena.hold(RECOVERING) as server:
            crowd.connect(members, server.port)
            server.go(*TEN, TICKS)
            crowd.read_until(lambda: False, time.monotonic() + BEFORE_S)
            heads = dict(members[0].chain.places)
            server.kill()
            crowd.drop(members)
        with arena.hold(RECOVERING) as server:
            seconds = _come_back(crowd, members, server.port, heads)
    return Storm.of([(m.recovered, m.chain) for m in members], heads, seconds)
