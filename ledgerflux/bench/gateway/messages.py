"""What is sent in the contest: level2 updates of ten products, the same for every server."""

from collections.abc import Sequence
from itertools import islice, product
from string import ascii_uppercase

import msgspec

from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.sharding import partition_of
from ledgerflux.model.events import Change, Level
from ledgerflux.model.stream import Level2Snapshot, Level2Update, Made
from ledgerflux.model.units import rfc3339
from ledgerflux.wire.gateway_frames import data
from ledgerflux.wire.norm import Batch, batches

VENUE = "coinbase-exchange"
EPOCH = "bench-contest"
PRODUCTS_COUNT = 10
PARTITION = partition_of("BTC-USD")
PRODUCTS: tuple[str, ...] = tuple(
    islice(
        (
            name
            for letters in product(ascii_uppercase, repeat=3)
            if partition_of(name := f"{''.join(letters)}-USD") == PARTITION
        ),
        PRODUCTS_COUNT,
    )
)
"""All of one partition: what comes of them in one tick is one record of the log."""
LEVELS = 200
NARROW, WIDE = 2, 250
"""Changed levels of an update: as most are, and some 9 KB, which fill a socket soon."""
FIRST_SEQ = 1
"""The snapshot's; updates follow."""


CHECKSUM = 2_222_222_222
"""What others send in place of the checksum of a book, which they do not keep."""


def snapshots(time_ns: int) -> list[Batch]:
    """Return the first event of each product: its book."""
    text = rfc3339(time_ns)
    bids: list[Level] = [(f"{60_000 - place}.25", "0.51230000") for place in range(LEVELS)]
    asks: list[Level] = [(f"{60_001 + place}.75", "0.51230000") for place in range(LEVELS)]
    return batches(
        [
            Made(
                name,
                "level2",
                "snapshot",
                EPOCH,
                Level2Snapshot(FIRST_SEQ, text, text, "resync", bids, asks),
            )
            for name in PRODUCTS
        ]
    )


def updates(seqs: Sequence[int], changes: int, time_ns: int) -> list[Batch]:
    """Return an update with `changes` of its product for each of `seqs`, which are theirs."""
    text = rfc3339(time_ns)
    return batches(
        [
            Made(
                name,
                "level2",
                "update",
                EPOCH,
                Level2Update(seq, text, text, changed(place, seq, changes)),
            )
            for place, (name, seq) in enumerate(zip(PRODUCTS, seqs, strict=False))
        ]
    )


def changed(product: int, seq: int, count: int) -> list[Change]:
    """Return what the update `seq` of the product at this place sets; each size is another."""
    return [
        ("buy", f"{60_000 - place // 2}.25", size_of(product, seq, place))
        if place % 2 == 0
        else ("sell", f"{60_001 + place // 2}.75", size_of(product, seq, place))
        for place in range(count)
    ]


def size_of(product: int, seq: int, place: int) -> str:
    """Return a size as others make it too, in `peer_scripts.ticking`."""
    return f"0.{10_000_000 + (seq * 7_919 + product * 1_299_709 + place * 104_729) % 80_000_000}"


def templates(changes: int, time_ns: int) -> bytes:
    """Return what other servers send, as a JSON array: ours with the numbers before the first."""
    found = []
    for batch in updates([FIRST_SEQ + 1] * PRODUCTS_COUNT, changes, time_ns):
        stream = ProductStream(VENUE, batch.product, integrity="none", integrity_rule="none")
        stream.publish_ns = time_ns
        message = msgspec.json.decode(data(stream, batch, CHECKSUM))
        message |= {"prev_seq": FIRST_SEQ - 1, "seq": FIRST_SEQ}
        message["data"][0]["seq"] = FIRST_SEQ
        found.append(message)
    return msgspec.json.encode(found)
