"""Recordings on disk, counted and checked: whatever the file holds, it is told, not raised."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ledgerflux.adapters.recording_file import recognize_file, stored_lines
from ledgerflux.core.recording_audit import Parse, RecordingAudit
from ledgerflux.errors import FeedError
from ledgerflux.venues.base import Refused, Venue
from ledgerflux.venues.registry import venue
from ledgerflux.wire.recording import decode_line

SUFFIXES = (".jsonl.gz", ".jsonl", ".lfr")


class Audited(NamedTuple):
    """A recording and what its lines say.

    `venue` is None where no dialect of ours knows its frames. `sha256` is that of the content
    as it is unpacked, so packing it again changes nothing.
    """

    path: Path
    venue: str | None
    audit: RecordingAudit
    file_bytes: int
    content_bytes: int
    sha256: str


class Sighted(NamedTuple):
    """A recording as a list shows it, from its beginning: `reason` where it can't be played."""

    path: Path
    file_bytes: int
    venue: str | None
    reason: str


def audit_file(path: Path, *, parse: bool = False) -> Audited:
    """Return what the recording at `path` holds; with `parse`, each frame is read too.

    A line that can't be read is a problem of the audit; so is an end in the middle.

    Raises:
        FeedError: `bad_recording`: there is no such file.
    """
    if not path.is_file():
        next(stored_lines(path), None)
    try:
        server = recognize_file(path)
    except FeedError:
        server = None
    refuses = _refuses(venue(server.name)) if parse and server is not None else None
    audit, digest, content_bytes = RecordingAudit(server, refuses), sha256(), 0
    try:
        for line in stored_lines(path):
            digest.update(line)
            content_bytes += len(line)
            _take(audit, line)
    except FeedError as error:
        audit.broken(_cause(error))
    audit.end()
    return Audited(
        path,
        None if server is None else server.name,
        audit,
        path.stat().st_size,
        content_bytes,
        digest.hexdigest(),
    )


def sight_files(directory: Path) -> Iterator[Sighted]:
    """Yield what stands in `directory` and is called like a recording, by name."""
    for path in sorted(directory.iterdir()):
        if path.name.endswith(SUFFIXES) and path.is_file():
            try:
                known, reason = recognize_file(path).name, ""
            except FeedError as error:
                known, reason = None, error.message
            yield Sighted(path, path.stat().st_size, known, reason)


def _take(audit: RecordingAudit, line: bytes) -> None:
    try:
        read = decode_line(line, audit.lines + 1)
    except FeedError as error:
        audit.broken(_cause(error))
    else:
        audit.take(read)


def _cause(error: FeedError) -> str:
    """Return why, without the place: an audit names that itself."""
    return error.message.partition("can't be read: ")[2] or error.message


def _refuses(dialect: Venue) -> Parse:
    def why(frame: bytes) -> str | None:
        try:
            dialect.parse(frame)
        except Refused as refused:
            return str(refused)
        return None

    return why
