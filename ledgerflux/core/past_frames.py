"""Messages made again of what the log says: the same bytes as when it was told live."""

from collections.abc import Callable
from dataclasses import dataclass

from ledgerflux.core.batch_events import losses
from ledgerflux.core.frame import Frame
from ledgerflux.core.snapshot import Position
from ledgerflux.core.speaker import Speaker
from ledgerflux.core.telling import BatchView


@dataclass(frozen=True, slots=True)
class Past:
    """A product as it was when a record was published."""

    venue: str
    product: str
    publish_ns: int
    keeps: Callable[[str, int], bool]
    """Whether its trades from a seq on can be had of this gateway."""


def past_frames(past: Past, batch: BatchView, speaker: Speaker) -> list[Frame] | None:
    """Return the messages of `batch`; None for what only the book of its time could tell.

    That is a book, and what takes it to another state. A change of the book has no checksum.

    Raises:
        LogError: The batch can't be read.
    """
    epoch = batch.epoch
    if batch.type != "gap":
        if batch.type == "snapshot":
            return None
        first, last = Position(epoch, batch.first_seq - 1), Position(epoch, batch.last_seq)
        return [Frame(first, last, speaker.data(past, batch, None))]
    if batch.channel == "level2":
        return None
    return [
        Frame(
            Position(epoch, missing.from_seq - 1),
            Position(epoch, missing.to_seq),
            speaker.gap(past, missing),
        )
        for missing in losses(batch)
    ]
