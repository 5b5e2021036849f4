"""The container of recordings: JSON Lines, one line of the recording an object.

Keys: `ts` (receive time, integer nanoseconds since 1970 UTC, or null), `conn` (the
connection's name), `raw` (the frame's text exactly as received, as a string) and, on lines
that are no received frame, `kind`. Further keys are somebody's notes and are passed over.
Files are gzip or plain, UTF-8.
"""

import msgspec

from ledgerflux.errors import BadRecording, FeedError
from ledgerflux.model.recording import RecordedLine

LINE_BYTES_MAX = 40 * 1024 * 1024
"""A frame of 16 MiB, its quotes escaped, and room for notes."""
DETAIL_CHARS_MAX = 200


class _Line(msgspec.Struct, gc=False):
    raw: str
    conn: str = ""
    ts: int | None = None
    kind: str | None = None


class _Written(msgspec.Struct, gc=False, omit_defaults=True):
    ts: int | None
    conn: str
    raw: str
    kind: str | None = None


_decoder = msgspec.json.Decoder(_Line)
_encoder = msgspec.json.Encoder()


def decode_line(line: bytes, number: int) -> RecordedLine:
    """Return what line `number` (from 1) of a recording says.

    Raises:
        FeedError: `bad_recording`, naming the line and the cause.
    """
    if len(line) > LINE_BYTES_MAX:
        raise bad_recording(number, f"longer than {LINE_BYTES_MAX} bytes")
    try:
        read = _decoder.decode(line)
        return RecordedLine(read.ts, read.conn, read.kind, read.raw.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise bad_recording(number, str(error)) from error


def encode_line(line: RecordedLine) -> bytes:
    r"""Return the bytes of `line`, ended by a newline.

    Raises:
        FeedError: `bad_recording`, where `raw` is no UTF-8 text: the container can't hold it.
    """
    try:
        raw = line.raw.decode()
    except UnicodeDecodeError as error:
        raise BadRecording(f"a recording can't hold bytes that are no UTF-8: {error}") from error
    return _encoder.encode(_Written(line.ts_ns, line.connection, raw, line.kind)) + b"\n"


def bad_recording(number: int, cause: str) -> FeedError:
    """Return the error for line `number` (0: the file as a whole)."""
    place = f"line {number} of the recording" if number else "the recording"
    return BadRecording(f"{place} can't be read: {cause[:DETAIL_CHARS_MAX]}")
