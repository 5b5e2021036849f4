"""What a partition's normalizer knows of its connection, and what it tells beside events."""

from typing import NamedTuple


class Resync(NamedTuple):
    """A product that needs a fresh snapshot, and why."""

    product: str
    reason: str


class Notice(NamedTuple):
    """What a readable frame holds that nobody can use: `book` or `unknown`, and what it is."""

    reason: str
    detail: str


class Session(NamedTuple):
    """The connection that frames come from: empty before the first.

    `connection` is empty again after its end. `start` is how many frames of the run were
    known before it, `beat` the counter of the next heartbeat (None: not known).
    """

    run: str = ""
    connection: str = ""
    channels: tuple[str, ...] = ()
    start: int = 0
    beat: int | None = None
