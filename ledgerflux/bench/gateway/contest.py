"""What a delivered message costs each server: all take turns, on the same messages."""

from collections.abc import Callable, Iterator, Mapping

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.gateway.arena import ONE, TEN, Arena, Pace
from ledgerflux.bench.gateway.contenders import CONTENDERS
from ledgerflux.bench.gateway.messages import NARROW
from ledgerflux.bench.gateway.rounds import Round, compared, cost_us, told, whole
from ledgerflux.bench.gateway.running import Running
from ledgerflux.bench.gateway.turns import children_s, take_turn
from ledgerflux.bench.machine import Neighbours, doubt_of
from ledgerflux.errors import LedgerFluxError

TEN_KEYS = {
    "fastapi": "gateway_fastapi",
    "broadcast": "gateway_broadcast",
    "ws": "gateway_ws",
    "socketio": "gateway_socketio",
    "nats": "gateway_nats",
    "bun": "gateway_bun",
}
ONE_KEYS = {
    "fastapi": "gateway_one_fastapi",
    "broadcast": "gateway_one_broadcast",
    "ws": "gateway_one_ws",
}
INVERSE = ("bun",)
"""Ours of theirs: nobody is expected to be faster than that one."""
SPREAD = Pace(1, 200)
SPREAD_TICKS = 10
"""With pauses long enough to tell one flush from the next."""

Turns = dict[str, list[Round]]
Tell = Callable[[str], None]


def contest(arena: Arena, tell: Tell) -> list[Measured]:
    """Return the CPU of a delivered message, ours and beside all others."""
    rounds = arena.plan.rounds
    neighbours = Neighbours(children_s)
    with arena.up(tuple(CONTENDERS)) as servers:
        tens = by_turns(arena, servers, TEN, tell)
        few = {name: server for name, server in servers.items() if name in ("ours", *ONE_KEYS)}
        ones = by_turns(arena, few, ONE, tell)
        doubt = doubt_of(neighbours.cores())
        spread = _spread(arena, servers, doubt)
    size = arena.load(NARROW).message_bytes
    under = (
        f"{arena.plan.clients} clients, {{}}, {size} bytes each, median of {rounds} rounds by turns"
    )
    return [
        _own(tens, under.format(TEN.told), arena.missing["ours"], doubt),
        *ratios(TEN_KEYS, tens, under.format(TEN.told), arena.missing),
        *ratios(ONE_KEYS, ones, under.format(ONE.told), arena.missing),
        spread,
    ]


def by_turns(
    arena: Arena,
    servers: Mapping[str, Running],
    pace: Pace,
    tell: Tell,
    *,
    deflate: bool = False,
) -> Turns:
    """Return the rounds of each server, A B C, A B C; one that fails is missing from then on."""
    plan, turns = arena.plan, Turns()
    ticks = pace.ticks(plan.seconds / plan.rounds)
    for number in range(plan.rounds):
        tell(f"{pace.told}: round {number + 1} of {plan.rounds}")
        for name, server in servers.items():
            if arena.missing[name]:
                continue
            try:
                found = take_turn(server, plan.clients, *pace, ticks, deflate=deflate)
            except (LedgerFluxError, OSError) as error:
                arena.missing[name] = f"not measured: {error}"
            else:
                turns.setdefault(name, []).append(found)
    return turns


def _own(turns: Turns, conditions: str, gone: str, doubt: str) -> Measured:
    if gone:
        return Measured("gateway_message", None, conditions, gone)
    rounds = turns["ours"]
    words = f"{conditions}; {told('ours', rounds)}; NATS and the feed beside it not counted"
    return whole("gateway_message", round(cost_us(rounds), 3), rounds, words, doubt)


def ratios(
    keys: Mapping[str, str], turns: Turns, conditions: str, gone: Mapping[str, str]
) -> Iterator[Measured]:
    """Return a figure for each of `keys`; of who is `gone` it is said why."""
    for name, key in keys.items():
        other = CONTENDERS[name].told
        if why := gone["ours"] or gone[name]:
            yield Measured(key, None, other, why)
            continue
        yield compared(
            key,
            ("ours", other),
            turns["ours"],
            turns[name],
            conditions,
            inverse=name in INVERSE,
        )


def _spread(arena: Arena, servers: Mapping[str, Running], doubt: str) -> Measured:
    """Measure how long one flush takes from the first client to the last."""
    key, clients = "gateway_spread", arena.plan.clients
    if why := arena.missing["ours"]:
        return Measured(key, None, "", why)
    try:
        found = take_turn(servers["ours"], clients, *SPREAD, SPREAD_TICKS)
    except (LedgerFluxError, OSError) as error:
        return Measured(key, None, "", f"not measured: {error}")
    conditions = (
        f"{clients} clients, {SPREAD.told}, median of {SPREAD_TICKS}: "
        f"{found.burst_s * 1000:.1f} ms, the sink's own reading in it"
    )
    return whole(key, round(found.burst_s / clients * 1e6, 2), [found], conditions, doubt)
