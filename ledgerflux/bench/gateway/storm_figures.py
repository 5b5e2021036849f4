"""What a storm comes to: who was told everything, once, and how soon; pure."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.gateway.following import Chain

STORM_KEYS = (
    "gateway_storm_share",
    "gateway_storm",
    "gateway_killed_share",
    "gateway_killed",
    "gateway_storm_socketio",
    "gateway_killed_socketio",
)


class Storm(NamedTuple):
    """One storm.

    Attributes:
        clients: How many came back.
        whole: Of them, who went on with every message, once.
        silent: Messages that did not come and that nobody told as missing, of all clients.
        twice: Messages that came again.
        seconds: From the first who dialled until the last was where the others were.
    """

    clients: int
    whole: int
    silent: int
    twice: int
    seconds: float

    @classmethod
    def of(
        cls, clients: Sequence[tuple[bool, Chain]], heads: Mapping[str, int], seconds: float
    ) -> "Storm":
        """Return it of who was recovered and where each ended, beside `heads`."""
        whole = sum(
            recovered
            and chain.reached(heads)
            and not (chain.silent or chain.twice or chain.announced)
            for recovered, chain in clients
        )
        return cls(
            len(clients),
            whole,
            sum(chain.silent for _, chain in clients),
            sum(chain.twice for _, chain in clients),
            seconds,
        )

    @property
    def share(self) -> float:
        """Return the per cent of clients that went on with every message, once."""
        return round(self.whole / max(1, self.clients) * 100, 3)


def storm_figures(
    ours: Sequence[Storm], killed: Sequence[Storm], conditions: str, doubt: str
) -> Iterator[Measured]:
    """Return ours on one node, then by another one after it was killed; `doubt` is about time."""
    told = f"{conditions}; another gateway of the stack takes them"
    for keys, storms, words in (
        (STORM_KEYS[:2], ours, conditions),
        (STORM_KEYS[2:4], killed, told),
    ):
        silent, twice = sum(s.silent for s in storms), sum(s.twice for s in storms)
        found = f"{words}; {silent} messages missing, {twice} twice"
        yield Measured(keys[0], min(item.share for item in storms), found)
        seconds = [item.seconds for item in storms]
        found = f"{words}, median of {', '.join(f'{value:.2f}' for value in seconds)} s"
        yield Measured(keys[1], round(median(seconds), 3), found, doubt)
