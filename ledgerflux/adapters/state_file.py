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
_MAGIC = b"LFEXCH1\n"
_COUNTER = struct.Struct("<Q")
_SENT, _POSITION, _PORT, _STARTED, _TEXT = 8, 16, 24, 32, 64
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


def _read_identity(path: Path) -> _Identity | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(content) != SIZE or not content.startswith(_MAGIC):
        return None
    (length,) = _LENGTH.unpack_from(content, _TEXT)
    start = _TEXT + _LENGTH.size
    try:
        return msgspec.json.decode(content[start : start + length], type=_Identity)
    except msgspec.DecodeError:
        return None
