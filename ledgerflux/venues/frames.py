"""What every frame must be before its dialect matters: text, one JSON value, within limits.

A dialect decodes with msgspec, which skips what it does not ask for and lets the
last of two equal keys win. `settle` closes that hole without reading twice: a JSON
string costs two double quotes and no key can be had for less, so a frame that holds
exactly the quotes of the fields decoded from it has no unknown field and no key
twice. Every other frame goes through `examine`, a second, strict reader.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Protocol, cast

import msgspec

from ledgerflux.model.events import Event
from ledgerflux.venues.base import Refused

DEPTH_MAX = 64
KEY_CHARS_MAX = 256
NUMBER_CHARS_MAX = 64
VALUES_MAX = 400_000
"""Commas in a frame that the strict reader takes; the largest book seen has 184,000."""
DETAIL_CHARS_MAX = 200

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Everything that a msgspec decoder raises for bytes."""

_BACKSLASH = ord("\\")
"""A number is looked for in a fifth of the time of a byte string."""
_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*+\\u0000")
_NUMBER_PATH = re.compile(
    r"\.(?:price(?:_\w+)?|size|funds|(?:old|new|stop|open|high|low|close|volume)(?:_\w+)?|remaining_size"
    r"|last_size|best_\w+|start|sequence(?:_num)?|(?:last_)?trade_id|heartbeat_counter"
    r"|changes\[\d+\]\[[12]\]|(?:bids|asks)\[\d+\]\[[01]\])`$",
    re.ASCII,
)
_SUBJECT_PATH = re.compile(
    r"(?:\.product_id|\.product_ids\[\d+\]|\.subscriptions\[\.\.\.\]\[\d+\]|\.products\[\d+\]\.id)`$",
    re.ASCII,
)


class Message(Protocol):
    """A message as a dialect decodes it, before its fields are checked."""

    def quotes(self) -> int:
        """Return the double quotes that the decoded fields account for, for `settle`."""
        ...

    def read(self) -> list[Event]:
        """Return what the message says.

        Raises:
            Refused: `number` or `subject`.
        """
        ...


class Flat(msgspec.Struct, kw_only=True, gc=False):
    """A message that is one flat object; every field that may be missing is None by default."""

    def quotes(self) -> int:
        """Return the double quotes of the tag and of the fields that are there."""
        return 4 + quotes_of(msgspec.structs.astuple(self))


def too_long(frame: bytes) -> Refused:
    """Return why a frame longer than `FRAME_BYTES_MAX` is refused before anything reads it."""
    return Refused("limits", f"{len(frame)} bytes")


def quotes_of(values: Sequence[object]) -> int:
    """Return the double quotes that a flat object of these field values has at least.

    None counts nothing: the key may be missing. A key costs two, a text two more.
    """
    kinds = [*map(type, values)]
    return 2 * (len(kinds) + kinds.count(str) - kinds.count(type(None)))


def settle(frame: bytes, quotes: int) -> None:
    """Make sure that a decoded `frame` holds nothing that its decoder overlooked.

    `quotes` is the number of double quotes that the decoded fields account for; a
    number that no frame has (-1) asks for the strict reader.

    Raises:
        Refused: As `examine`.
    """
    if frame.count(b'"') != quotes or _BACKSLASH in frame:
        examine(frame)


def examine(frame: bytes) -> None:
    """Read `frame` strictly: UTF-8 without NUL, JSON, no key twice at any depth, within limits.

    Raises:
        Refused: `encoding`, `malformed`, `limits`, or `number` for NaN and Infinity.
    """
    if b"\0" in frame or (b"\\u0000" in frame and _NUL_ESCAPE.search(frame)):
        raise Refused("encoding", "NUL")
    if frame.count(b",") > VALUES_MAX:
        raise Refused("limits", "too many values")
    try:
        text = frame.decode()
    except UnicodeDecodeError as error:
        raise Refused("encoding", f"{error.reason} at byte {error.start}") from None
    try:
        value = _STRICT.decode(text)
    except RecursionError:
        raise Refused("limits", "nested too deep") from None
    except json.JSONDecodeError as error:
        raise Refused("malformed", f"{error.msg} at {error.pos}") from None
    if frame.count(b"[") + frame.count(b"{") > DEPTH_MAX and _deep(value):
        raise Refused("limits", "nested too deep")


def refusal(frame: bytes, error: Exception) -> Refused:
    """Return why `frame` is refused, given what its typed decoder said (one of `UNREADABLE`)."""
    if isinstance(error, RecursionError):
        return Refused("limits", "nested too deep")
    try:
        examine(frame)
    except Refused as refused:
        return refused
    detail = str(error)[:DETAIL_CHARS_MAX]
    if not isinstance(error, msgspec.ValidationError):
        # The strict reader lets half a surrogate pair pass; msgspec does not.
        return Refused("encoding", detail)
    place = str(error)[-DETAIL_CHARS_MAX:]
    if _NUMBER_PATH.search(place):
        return Refused("number", detail)
    if _SUBJECT_PATH.search(place):
        return Refused("subject", detail)
    return Refused("malformed", detail)


def _deep(value: object) -> bool:
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [inner for item in level for inner in _containers(item)]
        if not level:
            return False
    return True


def _containers(value: Any) -> list[Any]:
    mapping = cast("dict[str, Any] | list[Any]", value)
    inside = mapping.values() if isinstance(mapping, dict) else mapping
    return [inner for inner in inside if isinstance(inner, dict | list)]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused("limits", "a key twice")
    if max(map(len, fields), default=0) > KEY_CHARS_MAX:
        raise Refused("limits", "a key too long")
    return fields


def _number(text: str) -> None:
    if len(text) > NUMBER_CHARS_MAX:
        raise Refused("limits", f"a number of {len(text)} characters")


def _constant(text: str) -> None:
    raise Refused("number", text)


_STRICT = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_number, parse_float=_number, parse_constant=_constant
)
