"""`python -m ledgerflux.bench.hold_levels N`: hold books of N levels as a normalizer does.

Prints levels, products and resident bytes as JSON.
"""

import json
import sys

import psutil

import ledgerflux.adapters.nats_bus  # noqa: F401  what a role process has loaded counts
from ledgerflux.core.partition_normalizer import PartitionNormalizer
from ledgerflux.model.events import BookSnapshot, Parsed

LEVELS_EACH = 50_000
"""As a book of the venue at full depth."""


def hold(levels: int) -> PartitionNormalizer:
    """Return a machine whose books have `levels` levels in all."""
    machine = PartitionNormalizer()
    names = [f"P{number}-USD" for number in range(max(1, levels // LEVELS_EACH))]
    machine.open("run", "connection", names, ["level2"], 1)
    side = levels // len(names) // 2
    for name in names:
        bids = [(f"{60_000 - place / 100:.2f}", f"0.{place:08d}1") for place in range(side)]
        asks = [(f"{60_001 + place / 100:.2f}", f"0.{place:08d}1") for place in range(side)]
        machine.frame(Parsed(None, [BookSnapshot(name, bids, asks, None)]), 2)
        machine.take()
    return machine


def main() -> None:
    """Hold the books and say how much memory that takes."""
    machine = hold(int(sys.argv[1]))
    counts = [stream.book.statistics() for stream in machine.products.values()]
    held = {
        "levels": sum(count.bids + count.asks for count in counts),
        "products": len(machine.products),
        "rss_bytes": psutil.Process().memory_info().rss,
    }
    sys.stdout.write(json.dumps(held) + "\n")


if __name__ == "__main__":
    main()
