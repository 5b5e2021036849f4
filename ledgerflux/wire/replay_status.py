"""How far the market of an exchange is, as the status document says it."""

from ledgerflux.model.units import NANOS_PER_MS, rfc3339
from ledgerflux.wire.replay import RecordingHealth, ReplayHealth
from ledgerflux.wire.status import MarkStatus, RecordingStatus, ReplayStatus

NO_REPLAY = ReplayStatus(
    ended=False,
    paused=False,
    through=False,
    state="",
    can=[],
    speed=None,
    held=None,
    loop=False,
    frames=None,
    at_ms=None,
    time=None,
    recording=None,
)
"""Of a stack whose source nobody plays."""


def replay_status(health: ReplayHealth | None, *, ended: bool, through: bool) -> ReplayStatus:
    """Return the state of the market with this health; None: no exchange tells of one."""
    if health is None:
        return NO_REPLAY.model_copy(update={"ended": ended, "through": through})
    return ReplayStatus.model_validate(
        {
            "ended": ended,
            "paused": health.paused and not ended,
            "through": through,
            "state": health.state,
            "can": list(health.can),
            "speed": "max" if health.speed is None else health.speed,
            "held": None if health.held is None else round(health.held, 3),
            "loop": health.loop,
            "frames": health.frames,
            "at_ms": health.offset_ns // NANOS_PER_MS,
            "time": _time(health),
            "recording": None if health.recording is None else _recording(health.recording),
        }
    )


def _time(health: ReplayHealth) -> str | None:
    held = health.recording
    return None if held is not None and held.begin_ns is None else rfc3339(health.time_ns)


def _recording(held: RecordingHealth) -> RecordingStatus:
    begin_ns = held.begin_ns
    return RecordingStatus.model_validate(
        {
            "frames": held.frames,
            "span_ms": held.span_ns // NANOS_PER_MS,
            "begin": None if begin_ns is None else rfc3339(begin_ns),
            "end": None if begin_ns is None else rfc3339(begin_ns + held.span_ns),
            "rate_width_ms": held.rate_width_ns // NANOS_PER_MS,
            "rates": list(held.rates),
            "marks": [
                MarkStatus.model_validate(
                    {"kind": mark.kind, "at_ms": mark.offset_ns // NANOS_PER_MS}
                )
                for mark in held.marks
            ],
            "marks_total": held.marks_total,
        }
    )
