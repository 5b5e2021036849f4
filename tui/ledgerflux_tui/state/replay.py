"""What the source does, where it is one that plays, and what it can be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledgerflux.model.units import parse_time_ns


@dataclass(frozen=True, slots=True)
class Mark:
    """A place where the recording breaks: numbers missing (`gap`), or a connection's end."""

    kind: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Recording:
    """The recording that is played; `begin_ns` is None where it has no times.

    `rates` counts frames in columns of `width_ms`.
    """

    frames: int
    span_ms: int
    begin_ns: int | None
    width_ms: int
    rates: tuple[int, ...]
    marks: tuple[Mark, ...]
    marks_total: int


@dataclass(slots=True)
class Replay:
    """Whether the source has ended or waits, and whether all of it is with every role.

    The rest is of a stack with an exchange: `can` names what may be asked of it, `speed` was
    asked (None: as fast as possible), `held` came of it.
    """

    ended: bool = False
    paused: bool = False
    through: bool = False
    source: str = ""
    state: str = ""
    can: tuple[str, ...] = ()
    speed: float | None = 1.0
    held: float | None = None
    loop: bool = False
    frames: int = 0
    at_ms: int = 0
    time_ns: int | None = None
    recording: Recording | None = None

    @property
    def plays(self) -> bool:
        """Say whether a recording is played."""
        return self.recording is not None

    def take(self, status: Mapping[str, Any]) -> None:
        """Take the replay of a status.

        Raises:
            KeyError: It lacks what every one has; also TypeError, ValueError.
        """
        replay = status["replay"]
        self.source, self.through = str(status["source"]), bool(replay["through"])
        self.hear(replay)

    def hear(self, replay: Mapping[str, Any]) -> None:
        """Take a replay alone, as the answer to an order has it.

        Raises:
            KeyError: It lacks what every one has; also TypeError, ValueError.
        """
        self.ended, self.paused = bool(replay["ended"]), bool(replay["paused"])
        self.state, self.can = str(replay.get("state", "")), tuple(replay.get("can", ()))
        speed = replay.get("speed")
        self.speed = None if speed in (None, "max") else float(speed)
        self.held, self.loop = replay.get("held"), bool(replay.get("loop", False))
        self.frames, self.at_ms = int(replay.get("frames") or 0), int(replay.get("at_ms") or 0)
        time = replay.get("time")
        self.time_ns = None if time is None else parse_time_ns(time)
        held = replay.get("recording")
        self.recording = None if held is None else _recording(held)


def _recording(held: Mapping[str, Any]) -> Recording:
    begin = held["begin"]
    return Recording(
        frames=int(held["frames"]),
        span_ms=int(held["span_ms"]),
        begin_ns=None if begin is None else parse_time_ns(begin),
        width_ms=int(held["rate_width_ms"]),
        rates=tuple(int(rate) for rate in held["rates"]),
        marks=tuple(Mark(str(mark["kind"]), int(mark["at_ms"])) for mark in held["marks"]),
        marks_total=int(held["marks_total"]),
    )
