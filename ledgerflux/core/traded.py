"""What was traded: how often and how much, by product, exact."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from typing import Self

SIDES = ("buy", "sell")
"""Who took: the side of the order that came last."""
_EXACT = Context(prec=60)


class Traded:
    """Trades and their volume since this object was made; both only grow."""

    def __init__(self) -> None:
        self.trades: Counter[str] = Counter()
        self._volumes: dict[tuple[str, str], Decimal] = {}

    @property
    def volumes(self) -> Mapping[tuple[str, str], Decimal]:
        """Return the volume by product and side."""
        return self._volumes

    def expect(self, products: Iterable[str]) -> None:
        """Count from zero what may come, so that the first trade is seen as a change."""
        for product in products:
            self.trades[product] += 0
            for side in SIDES:
                self._volumes.setdefault((product, side), Decimal(0))

    def add(self, product: str, side: str, size: str) -> None:
        """Count a trade of `size`, as the venue wrote it."""
        self.trades[product] += 1
        self._add((product, side), Decimal(size))

    def take(self, other: Self) -> None:
        """Count all that `other` has counted."""
        self.trades.update(other.trades)
        for key, volume in other.volumes.items():
            self._add(key, volume)

    def _add(self, key: tuple[str, str], volume: Decimal) -> None:
        self._volumes[key] = _EXACT.add(self._volumes.get(key, Decimal(0)), volume)
