"""Messages written together, as a client gets them that takes compressed ones.

Market data go as arrays: a compressor sees more than one message at a time, and what it makes
is the same for everybody. What answers one client alone, or holds what it sent, is never
compressed, and never in an array: nothing about it shows in the size of what others get.
"""

from collections.abc import Iterable

import msgspec

from ledgerflux.errors import GatewayError
from ledgerflux.wire.gateway_reading import Message, read_message

DATA = b'{"channel":'
"""How each message begins that may go to more than one client, and no other."""
ALONE_BYTES = 8 * 1024
"""So long a message gains nothing from an array; by itself it may be one that others get too."""

_texts = msgspec.json.Decoder(list[msgspec.Raw])


def pack(messages: Iterable[bytes]) -> list[tuple[bytes, bool]]:
    """Return the text messages for `messages`, in order, each with whether to compress it."""
    packed: list[tuple[bytes, bool]] = []
    together: list[bytes] = []
    for message in messages:
        data = message.startswith(DATA)
        if data and len(message) < ALONE_BYTES:
            together.append(message)
            continue
        if together:
            packed.append((_array(together), True))
            together = []
        packed.append((message, data))
    if together:
        packed.append((_array(together), True))
    return packed


def unpack(text: bytes) -> list[bytes]:
    """Return the messages in a text message, in order.

    Raises:
        GatewayError: It is an array that can't be read (`protocol_error`).
    """
    if not text.startswith(b"["):
        return [text]
    try:
        return [bytes(message) for message in _texts.decode(text)]
    except msgspec.DecodeError as error:
        why = f"messages of the gateway can't be read: {error}"
        raise GatewayError(why, code="protocol_error") from error


def read_messages(text: bytes) -> list[Message]:
    """Return what is in a text message, in order.

    Raises:
        GatewayError: It is no message, nor an array of them (`protocol_error`).
    """
    return [read_message(raw) for raw in unpack(text)]


def _array(messages: list[bytes]) -> bytes:
    return messages[0] if len(messages) == 1 else b"[%b]" % b",".join(messages)
