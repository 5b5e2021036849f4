"""Bodies of the RAW records that are not frames, and of the markers."""

from typing import Literal

import msgspec

from ledgerflux.errors import LogError

GapCause = Literal["overflow", "restart", "disconnect", "oversized"]


class SessionOpen(msgspec.Struct, frozen=True, tag_field="event", tag="open"):
    """A connection was made and subscribes `products` to `channels` (our names).

    `run` names the run of the source (`FeedConf.run`): another run shares nothing with the
    one before, so epochs change with it.
    """

    run: str
    connection: str
    url: str
    products: list[str]
    channels: list[str]
    receive_ns: int


class SessionClose(msgspec.Struct, frozen=True, tag_field="event", tag="close"):
    """The connection ended: nothing more comes of it.

    `complete` says that the venue said goodbye: all that it sent before has been received.
    Else nobody knows how much more there was.
    """

    connection: str
    reason: str
    receive_ns: int
    complete: bool = False


class FrameGap(msgspec.Struct, frozen=True, tag_field="event", tag="gap"):
    """Frames that were lost between socket and log.

    `frames` is how many, None where nobody counted them (a killed process).
    """

    cause: GapCause
    frames: int | None
    from_ns: int
    to_ns: int
    connection: str


class Marker(msgspec.Struct, frozen=True, tag_field="event", tag="marker"):
    """A writer's claim: `after` is the stream sequence of the last numbered record it knew."""

    writer: str
    after: int


SessionNote = SessionOpen | SessionClose | FrameGap | Marker

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[SessionNote] = msgspec.json.Decoder(SessionNote)


def encode_note(note: SessionNote) -> bytes:
    """Return the JSON of `note`."""
    return _encoder.encode(note)


def decode_note(body: bytes) -> SessionNote:
    """Return the note in `body`.

    Raises:
        LogError: The body is none.
    """
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise LogError(f"a session record can't be read: {error}") from error
