"""What a normalizer asks of ingest: a fresh book of one product."""

import msgspec

from ledgerflux.errors import LogError


class BookRequest(msgspec.Struct, frozen=True):
    """A fresh book of `product` is wanted, `SESSION` for a whole session; and why."""

    product: str
    reason: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(BookRequest)


def encode_request(request: BookRequest) -> bytes:
    """Return the JSON of `request`."""
    return _encoder.encode(request)


def decode_request(payload: bytes) -> BookRequest:
    """Return the request in `payload`.

    Raises:
        LogError: It is none.
    """
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise LogError(f"a request for a book can't be read: {error}") from error
