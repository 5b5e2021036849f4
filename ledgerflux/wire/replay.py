"""Control of an exchange over the bus: what it is told, what it answers, how far it is."""

from typing import Annotated, Literal

import msgspec

from ledgerflux.core.market_profile import MARKS_MAX, Profile
from ledgerflux.core.seek_target import Seek
from ledgerflux.model.units import NANOS_PER_MS

SPEED_MIN = 0.1
SPEED_MAX = 1000.0
STEP_MAX = 10_000
MS_MAX = 10**14
Speed = Annotated[float, msgspec.Meta(ge=SPEED_MIN, le=SPEED_MAX)] | Literal["max"]
Milliseconds = Annotated[int, msgspec.Meta(ge=-MS_MAX, le=MS_MAX)]
Action = Literal["pause", "resume", "speed", "step", "seek", "status"]
ALWAYS: tuple[Action, ...] = ("pause", "resume", "speed", "step")
"""What every market of an exchange can; a recording can `seek` too."""


class ReplayOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an exchange is told to do; `status` asks for nothing but the answer.

    `speed` and `count` (of frames) belong to `speed` and `step`; `seek` has one of `to_ms` (since
    1970 UTC), `at_ms` (from the beginning) and `by_ms` (from here).
    """

    action: Action
    speed: Speed | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=STEP_MAX)] = 1
    to_ms: Milliseconds | None = None
    at_ms: Milliseconds | None = None
    by_ms: Milliseconds | None = None

    @property
    def seek(self) -> Seek | None:
        """Return where to go, None where not exactly one way is said."""
        asked = (self.to_ms, self.at_ms, self.by_ms)
        if sum(value is not None for value in asked) != 1:
            return None
        return Seek(*(None if value is None else value * NANOS_PER_MS for value in asked))


class RecordingMark(msgspec.Struct, frozen=True):
    """A place where the recording breaks, in nanoseconds from its beginning."""

    kind: str
    offset_ns: int


class RecordingHealth(msgspec.Struct, frozen=True):
    """The recording that is played; `begin_ns` is None where it has no times.

    `rates` counts frames in columns of `rate_width_ns`; `marks` are at most `MARKS_MAX`.
    """

    frames: int
    span_ns: int
    begin_ns: int | None
    rate_width_ns: int
    rates: tuple[int, ...]
    marks: Annotated[tuple[RecordingMark, ...], msgspec.Meta(max_length=MARKS_MAX)]
    marks_total: int


class ReplayHealth(msgspec.Struct, frozen=True):
    """How far an exchange's market is, and what it can be told.

    `state` is `paused`, `waiting`, `running`, `seeking` or `ended`; `speed` is what was asked, None
    as fast as possible, `held` what came of it in the last second. `offset_ns` is from the
    beginning, `time_ns` the market's time there.
    """

    source: str
    state: str
    paused: bool
    speed: float | None
    held: float | None
    loop: bool
    frames: int
    offset_ns: int
    time_ns: int
    can: tuple[str, ...] = ALWAYS
    recording: RecordingHealth | None = None


class Refused(msgspec.Struct, frozen=True):
    """Why an order was not carried out."""

    code: str
    message: str


class ReplayAnswer(msgspec.Struct, frozen=True):
    """The answer to an order: how far the market is then, or why not."""

    replay: ReplayHealth | None = None
    error: Refused | None = None


encode_order = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(ReplayOrder).decode
decode_answer = msgspec.json.Decoder(ReplayAnswer).decode


def told(profile: Profile) -> tuple[RecordingMark, ...]:
    """Return the marks of `profile` as they are told."""
    return tuple(RecordingMark(mark.kind, mark.offset_ns) for mark in profile.marks)
