"""What an exchange must know after it was killed: counters in shared memory of a small file.

Every change is in the file's pages when the call returns, so the death of the process loses
nothing; a power cut may. Beside it, `PATH.market` holds what spares a restart the way back.
"""

import mmap
import struct
from pathlib import Path
from uuid import uuid4

import msgspec

from ledgerflux.adapters.files import write_private

SIZE = 4096
_MAGIC = b"LFEXCH2\n"
_COUNTER = struct.Struct("<Q")
_SENT, _POSITION, _PORT, _STARTED, _CONTROL, _TEXT = 8, 16, 24, 32, 40, 96
_ORDERED = struct.Struct("<QQdd")
"""Whether anything was ordered, whether to pause; the speed asked for at first, and ordered."""
_LENGTH = struct.Struct("<I")


class _Identity(msgspec.Struct, frozen=True):
    run: str
    source: str


class StateFile:
    """Counters of one run of one source; another source begins another run."""

    def __init__(self, path: Path, source: str) -> None:
        """Open the state at `path`; begin a run where it is new, damaged or of another source."""
        self._kept_path = path.with_name(f"{path.name}.market")
        known = _read_identity(path)
        if known is None or known.source != source:
            known = _Identity(uuid4().hex, source)
            self._kept_path.unlink(missing_ok=True)
            write_private(path, _empty(known))
        self.run = known.run
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), SIZE)
        self._sent = self._get(_SENT)
        self._asked_speed: float | None = None

    @property
    def sent(self) -> int:
        """Return how many frames were sent in this run."""
        return self._sent

    def count_sent(self, frames: int) -> None:
        """Count frames that were handed to a socket."""
        self._sent += frames
        _COUNTER.pack_into(self._memory, _SENT, self._sent)

    @property
    def position(self) -> int:
        """Return how many items of the source no restart has to repeat."""
        return self._get(_POSITION)

    @position.setter
    def position(self, position: int) -> None:
        _COUNTER.pack_into(self._memory, _POSITION, position)

    @property
    def port(self) -> int:
        """Return the port that was listened on last; 0 before the first time."""
        return self._get(_PORT)

    @port.setter
    def port(self, port: int) -> None:
        _COUNTER.pack_into(self._memory, _PORT, port)

    @property
    def started(self) -> bool:
        """Say whether the market was started once: it is not held a second time."""
        return bool(self._get(_STARTED))

    @started.setter
    def started(self, started: bool) -> None:
        _COUNTER.pack_into(self._memory, _STARTED, started)

    def renew(self) -> None:
        """Begin another run of the same source; its frames are counted from nothing."""
        known = _read_identity_of(bytes(self._memory))
        assert known is not None
        self.run = uuid4().hex
        self._sent = 0
        _COUNTER.pack_into(self._memory, _SENT, 0)
        text = msgspec.json.encode(_Identity(self.run, known.source))
        start = _TEXT + _LENGTH.size
        self._memory[start : start + len(text)] = text

    def keep_control(self, *, paused: bool, speed: float | None) -> None:
        """Remember that the market is paused, and its speed."""
        asked = _speed_number(self._asked_speed)
        _ORDERED.pack_into(self._memory, _CONTROL, 1, paused, asked, _speed_number(speed))

    def control(self, speed: float | None) -> tuple[bool, float | None]:
        """Return whether the market was paused last, and its speed where `speed` is asked for.

        What was ordered stands until another speed is asked for than the last time.
        """
        self._asked_speed = speed
        ordered, paused, asked, last = _ORDERED.unpack_from(self._memory, _CONTROL)
        if not ordered:
            return False, speed
        if asked != _speed_number(speed):
            return bool(paused), speed
        return bool(paused), last or None

    def keep(self, kept: bytes) -> None:
        """Keep the state of the source in place of the one before."""
        write_private(self._kept_path, self.run.encode() + b"\n" + kept)

    def kept(self) -> bytes | None:
        """Return what was kept last in this run, None where nothing was."""
        try:
            run, _, kept = self._kept_path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        return kept if run == self.run.encode() else None

    def close(self) -> None:
        """Let go of the file."""
        self._memory.close()

    def _get(self, place: int) -> int:
        return int(_COUNTER.unpack_from(self._memory, place)[0])


def sent_of(path: Path) -> int:
    """Return how many frames the exchange whose state is at `path` has sent in its run."""
    return int(_COUNTER.unpack_from(path.read_bytes(), _SENT)[0])


def _empty(identity: _Identity) -> bytes:
    text = msgspec.json.encode(identity)
    content = bytearray(SIZE)
    content[: len(_MAGIC)] = _MAGIC
    _LENGTH.pack_into(content, _TEXT, len(text))
    start = _TEXT + _LENGTH.size
    assert start + len(text) <= SIZE, identity
    content[start : start + len(text)] = text
    return bytes(content)


def _speed_number(speed: float | None) -> float:
    return 0.0 if speed is None else speed


def _read_identity(path: Path) -> _Identity | None:
    try:
        return _read_identity_of(path.read_bytes())
    except FileNotFoundError:
        return None


def _read_identity_of(content: bytes) -> _Identity | None:
    if len(content) != SIZE or not content.startswith(_MAGIC):
        return None
    (length,) = _LENGTH.unpack_from(content, _TEXT)
    start = _TEXT + _LENGTH.size
    try:
        return msgspec.json.decode(content[start : start + length], type=_Identity)
    except msgspec.DecodeError:
        return None
