"""What a stack says while it starts, runs and stops."""

import msgspec

from ledgerflux.stack.run_dir import RunState


class Starting(msgspec.Struct, frozen=True, tag="starting"):
    """The start begins: with this source and first gateway's port, whatever was asked for."""

    source: str
    durability: str
    data_dir: str
    port: int


class ServiceReady(msgspec.Struct, frozen=True, tag="service_ready"):
    """A service became ready `seconds` after its start; `address` is where or on what."""

    name: str
    seconds: float
    address: str = ""
    again: bool = False


class ServiceDied(msgspec.Struct, frozen=True, tag="service_died"):
    """A service ended unasked with exit code `code` (negative: a signal).

    `again` says whether it is started again.
    """

    name: str
    code: int
    detail: str
    again: bool


class Up(msgspec.Struct, frozen=True, tag="up"):
    """Everything is ready, `seconds` after the beginning."""

    state: RunState
    seconds: float


class Note(msgspec.Struct, frozen=True, tag="note"):
    """Something that was done to this machine and that its owner should know."""

    text: str


class Stopping(msgspec.Struct, frozen=True, tag="stopping"):
    """The stop has begun; another signal forces it."""

    reason: str


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The stack could not start, or ended badly: an error as data."""

    code: str
    exit_code: int
    message: str
    try_next: list[str] = []


Event = Starting | ServiceReady | ServiceDied | Up | Note | Stopping | Failed
