"""All that a normalizer must know to go on from one RAW record of a partition."""

import msgspec

from ledgerflux.model.events import Level
from ledgerflux.model.stream import BookState


class ProductCheckpoint(msgspec.Struct, frozen=True):
    """One product's streams at a moment: last seq per channel, book, what was told last."""

    product: str
    epoch: str
    state: BookState
    seqs: dict[str, int]
    last_trade_id: int | None
    last_price: str | None
    last_size: str | None
    top: tuple[Level | None, Level | None]
    bids: list[Level]
    asks: list[Level]
    book_exchange_ns: int | None
    book_receive_ns: int


class PartitionCheckpoint(msgspec.Struct, frozen=True):
    """One (partition, venue): its products, session and counts after RAW record `raw_number`.

    `connection` is empty where it has ended; `session_start` and `session_beat` are its own.
    `raw_sequence` is the stream sequence of that record; `norm_number`, `norm_crc` and
    `norm_sequence` are the last NORM record that covers it.
    """

    partition: int
    venue: str
    run: str
    connection: str
    channels: list[str]
    expected: int | None
    raw_number: int
    raw_crc: int
    raw_sequence: int
    norm_number: int
    norm_crc: int
    norm_sequence: int
    counts: dict[str, int]
    products: list[ProductCheckpoint]
    session_start: int = 0
    session_beat: int | None = None
