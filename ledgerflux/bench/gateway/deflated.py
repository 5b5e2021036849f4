"""Clients that take compressed messages: what they cost, and how much goes over the wire."""

from collections.abc import Iterator, Sequence

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.gateway.arena import TEN, Arena
from ledgerflux.bench.gateway.contenders import CONTENDERS
from ledgerflux.bench.gateway.contest import by_turns
from ledgerflux.bench.gateway.messages import NARROW
from ledgerflux.bench.gateway.rounds import Round, compared, trouble

OTHER = "fastapi"
COST, BYTES = DEFLATE_KEYS = ("gateway_deflate", "gateway_deflate_bytes")


def deflated(arena: Arena) -> Iterator[Measured]:
    """Measure clients that offer deflate, ours and FastAPI's by turns, as each is by default."""
    other = CONTENDERS[OTHER].told
    with arena.up(("ours", OTHER)) as servers:
        turns = by_turns(arena, servers, TEN, lambda _: None, deflate=True)
    if why := arena.missing["ours"] or arena.missing[OTHER]:
        for key in DEFLATE_KEYS:
            yield Measured(key, None, other, why)
        return
    plan = arena.plan
    size = arena.load(NARROW).message_bytes
    conditions = (
        f"{plan.clients} clients that offer deflate, {TEN.told}, {size} bytes each before it, "
        f"median of {plan.rounds} rounds by turns"
    )
    yield from figures(("ours", other), turns["ours"], turns[OTHER], conditions, plan.clients)


def figures(
    names: tuple[str, str],
    ours: Sequence[Round],
    theirs: Sequence[Round],
    conditions: str,
    clients: int,
) -> Iterator[Measured]:
    """Return their CPU of ours, and our bytes of theirs; none where one does not compress."""
    for name, rounds in zip(names, (ours, theirs), strict=True):
        if any(item.compressed != clients for item in rounds):
            for key in DEFLATE_KEYS:
                yield Measured(key, None, conditions, f"{name} declined deflate")
            return
    mine, other = wire_bytes(ours), wire_bytes(theirs)
    words = f"{conditions}; {mine:.1f} and {other:.1f} bytes on the wire"
    yield compared(COST, names, ours, theirs, words)
    why = trouble(ours) or trouble(theirs)
    yield Measured(BYTES, None if why else round(mine / max(other, 1e-9), 3), words, why)


def wire_bytes(rounds: Sequence[Round]) -> float:
    """Return the bytes of a message on the wire."""
    sent = sum(item.wire_bytes for item in rounds)
    return sent / max(1, sum(item.delivered for item in rounds))
