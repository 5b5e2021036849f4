"""What chaos comes to: what was lost without a word, and what was wrong; pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.gateway.following import Chain

CHAOS_KEYS = ("gateway_chaos_silent", "gateway_chaos_wrong", "gateway_chaos_messages")


class Chaos(NamedTuple):
    """What all clients were told together: messages, seqs that gaps told, that nobody told, twice.

    `short` clients did not come to the end: what they lack is `silent`.
    """

    updates: int
    announced: int
    silent: int
    twice: int
    short: int

    @classmethod
    def of(cls, chains: Sequence[Chain], heads: Mapping[str, int]) -> "Chaos":
        """Return it of where each client ended, beside what was written."""
        lacking = [
            max(0, seq - chain.places.get(product, 0))
            for chain in chains
            for product, seq in heads.items()
        ]
        return cls(
            sum(chain.updates for chain in chains),
            sum(chain.announced for chain in chains),
            sum(chain.silent for chain in chains) + sum(lacking),
            sum(chain.twice for chain in chains),
            sum(not chain.reached(heads) for chain in chains),
        )


def chaos_figures(found: Chaos, wrong: int, conditions: str) -> Iterator[Measured]:
    """Return what was lost in silence, what was `wrong` or came twice, and of how many."""
    silent, unlike, messages = CHAOS_KEYS
    words = (
        f"{conditions}; {found.updates:,} delivered, {found.announced:,} announced by gaps, "
        f"{found.short} clients not at the end"
    )
    yield Measured(silent, found.silent, words)
    told = f"{wrong} with other data or another checksum, {found.twice} twice"
    yield Measured(unlike, wrong + found.twice, told)
    yield Measured(messages, found.updates, f"delivered in {conditions.split('; ')[0]}")
