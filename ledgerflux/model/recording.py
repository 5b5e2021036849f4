"""What a recording holds: one line, as it was received."""

from typing import NamedTuple


class RecordedLine(NamedTuple):
    """One line of a recording.

    `ts_ns` is the receive time, nanoseconds since 1970 UTC, None where the source had none.
    `connection` names the socket (a reconnect counts its number up). `kind` is None on a
    frame that the exchange sent, else what else was written down: `open`, `sent`, `close`,
    `rest`, `rest-derived`. `raw` is the frame's text exactly as received, in UTF-8.
    """

    ts_ns: int | None
    connection: str
    kind: str | None
    raw: bytes
