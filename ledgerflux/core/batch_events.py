"""The events of a batch, as who applies them reads them; those only passed on stay raw."""

from typing import TypeVar

import msgspec

from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import BatchView, Missing
from ledgerflux.errors import LogError
from ledgerflux.model.stream import Gap, Level2Snapshot, Level2Update, StatusEvent

T = TypeVar("T")
UPDATES = msgspec.json.Decoder(list[Level2Update])
SNAPSHOTS = msgspec.json.Decoder(list[Level2Snapshot])
GAPS = msgspec.json.Decoder(list[Gap])
STATUSES = msgspec.json.Decoder(list[StatusEvent])
RAWS = msgspec.json.Decoder(list[msgspec.Raw])


def read(decoder: "msgspec.json.Decoder[list[T]]", batch: BatchView) -> list[T]:
    """Return the events of `batch`, at least one.

    Raises:
        LogError: There is none, or they can't be read (`log_corrupt`).
    """
    try:
        events = decoder.decode(batch.body)
    except msgspec.DecodeError as error:
        raise LogError(f"{batch.product} {batch.channel}: unreadable events: {error}") from error
    if not events:
        raise LogError(f"{batch.product} {batch.channel}: a batch without events")
    return events


def out_of_order(batch: BatchView, before: Position) -> LogError:
    """Return the error of a batch that does not continue `before`."""
    return LogError(
        f"{batch.product} {batch.channel}: seq {batch.first_seq} follows {before.seq}",
        code="log_incomplete" if batch.first_seq > before.seq else "log_regressed",
    )


def losses(batch: BatchView) -> list[Missing]:
    """Return what a batch of gaps says is missing.

    Raises:
        LogError: It can't be read (`log_corrupt`).
    """
    return [
        Missing(
            batch.channel,
            batch.epoch,
            note.seq,
            note.seq,
            note.cause,
            note.state,
            note.detail,
            note.missing,
            note.from_id,
            note.to_id,
        )
        for note in read(GAPS, batch)
    ]
