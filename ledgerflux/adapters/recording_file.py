"""Recordings on disk: `.jsonl.gz` or `.lfr`, gzip or plain, read line by line."""

import gzip
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ledgerflux.core.recording_survey import Survey, survey
from ledgerflux.model.recording import RecordedLine
from ledgerflux.venues.servers import Server, recognize
from ledgerflux.wire.recording import LINE_BYTES_MAX, bad_recording, decode_line

GZIP_MAGIC = b"\x1f\x8b"
EXPANSION_MAX = 250
EXPANDED_FREE_BYTES = 64 * 1024 * 1024
"""A file may grow to so many bytes, and `EXPANSION_MAX` times its size on top."""
RECOGNIZE_LINES_MAX = 1000
"""So many received frames may pass before one has to belong to a dialect we know."""


class Description(NamedTuple):
    """What a recording is: its venue, what it holds, and the digest of its bytes."""

    path: Path
    venue: str
    survey: Survey
    sha256: str


def read_lines(path: Path) -> Iterator[RecordedLine]:
    """Yield the lines of the recording at `path`, holding one at a time.

    Raises:
        FeedError: `bad_recording`, naming line and cause.
    """
    return (decode_line(line, number) for number, line in enumerate(stored_lines(path), 1))


def stored_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of the file at `path` as they stand in it, unpacked.

    Raises:
        FeedError: `bad_recording`: no such file, damaged, or growing without measure.
    """
    number = 0
    try:
        if path.exists() and not path.is_file():
            raise bad_recording(0, f"{path.name} is no file")  # a pipe might never end
        with path.open("rb") as stored:
            packed = stored.read(2) == GZIP_MAGIC
            stored.seek(0)
            left = path.stat().st_size * EXPANSION_MAX + EXPANDED_FREE_BYTES
            file = gzip.GzipFile(fileobj=stored) if packed else stored
            while line := file.readline(LINE_BYTES_MAX + 1):
                number += 1
                left -= len(line)
                if left < 0:
                    raise bad_recording(number, f"it grows to over {EXPANSION_MAX} times its size")
                yield line
    except (OSError, EOFError, zlib.error) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise bad_recording(number + 1 if number else 0, f"{path.name}: {cause}") from error


def describe(path: Path) -> Description:
    """Return venue, products, our channels, frames and span of the recording at `path`.

    Reads all of it.

    Raises:
        FeedError: `bad_recording`; also where no dialect of ours knows its frames.
    """
    server = recognize_file(path)
    held = survey(read_lines(path), server)
    with path.open("rb") as stored:
        digest = sha256()
        while block := stored.read(1 << 20):
            digest.update(block)
    return Description(path, server.name, held, digest.hexdigest())


def recognize_file(path: Path) -> Server:
    """Return the dialect of the recording at `path`.

    Raises:
        FeedError: `bad_recording`; also where no dialect of ours knows its frames.
    """
    frames = 0
    for line in read_lines(path):
        if line.kind is not None:
            continue
        server = recognize(line.raw)
        if server is not None:
            return server
        frames += 1
        if frames >= RECOGNIZE_LINES_MAX:
            break
    raise bad_recording(0, f"{path.name} holds no frame of a venue that can be served")
