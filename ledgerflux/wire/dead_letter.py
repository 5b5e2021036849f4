"""Bodies of MD_DLQ: one line of JSON that says what was refused and why, then the bytes.

The bytes are exactly those that were refused, whatever they hold.
"""

import msgspec

from ledgerflux.errors import LogError

HEAD_BYTES_MAX = 64 * 1024


class LetterHead(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was refused, where it stands in the log, and why.

    Attributes:
        venue: Whose.
        partition: Of which partition.
        reason: A word: why venues refuse, or `unknown`, or `history`.
        detail: The reason in words.
        raw_number: The RAW record a frame stands in.
        frame: Its place in that record, from 0.
        receive_ns: When the frame was received, UTC; 0 where nobody wrote that down.
        norm_number: The NORM record that a row of history was made of.
        table: The table that refused the row.
    """

    venue: str
    partition: int
    reason: str
    detail: str = ""
    raw_number: int | None = None
    frame: int | None = None
    receive_ns: int = 0
    norm_number: int | None = None
    table: str | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LetterHead).decode


def encode_letter(head: LetterHead, content: bytes) -> bytes:
    """Return the body of a record that keeps the refused `content`."""
    return _encode(head) + b"\n" + content


def decode_letter(body: bytes) -> tuple[LetterHead, bytes]:
    """Return what `body` keeps.

    Raises:
        LogError: It is no dead letter.
    """
    end = body.find(b"\n", 0, HEAD_BYTES_MAX)
    try:
        return _decode(body[: max(end, 0)]), body[end + 1 :]
    except (msgspec.DecodeError, UnicodeError) as error:
        raise LogError(f"a record of MD_DLQ can't be read: {error}") from error
