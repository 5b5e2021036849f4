"""The answer to a token: what it grants; see `wire.gateway_control` for what it must be."""

import msgspec

from ledgerflux.core.credentials import Grant
from ledgerflux.model.units import rfc3339
from ledgerflux.wire.gateway_frames import RequestId, answer

_encode = msgspec.json.Encoder().encode


def authenticated(grant: Grant, *, request_id: RequestId, times: tuple[int, int]) -> bytes:
    """Return the answer to `auth`."""
    expires_ns = grant.expires_ns
    return _encode(
        {
            "type": "authenticated",
            **answer(request_id, times),
            "subject": grant.subject,
            "products": grant.products,
            "channels": grant.channels,
            "expires_at": None if expires_ns is None else rfc3339(expires_ns),
        }
    )
