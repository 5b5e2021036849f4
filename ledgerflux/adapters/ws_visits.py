"""What a handshake or GET says of who makes it."""

import base64
import binascii
from urllib.parse import urlsplit

from websockets import http11
from websockets.datastructures import Headers

from ledgerflux.ports import Visit

SUBPROTOCOL = "lfx.bearer."
"""Browsers can set no header: they offer it, with the token in base64url behind it."""
INDIRECT = ("Origin", "Forwarded", "Via", "X-Forwarded-For", "X-Real-IP")
"""Headers of browsers, and of those who speak for somebody else."""
UNREADABLE = ""
"""What is no token: shown, and not to be believed."""


def visit_of(request: http11.Request, address: str, *, websocket: bool) -> Visit:
    """Return who asks for what; a header that is there twice is none that anybody believes."""
    headers = request.headers
    return Visit(
        address,
        urlsplit(request.path).path,
        websocket,
        host=_header(headers, "Host"),
        origin=_header(headers, "Origin"),
        bearer=bearer_of(headers),
    )


def bearer_of(headers: Headers) -> str | None:
    """Return the token of a request; None where it shows none, empty where it can't be read."""
    shown = _header(headers, "Authorization")
    if shown is not None:
        scheme, _, token = shown.partition(" ")
        return token.strip() if scheme.lower() == "bearer" else UNREADABLE
    offered = ",".join(headers.get_all("Sec-WebSocket-Protocol")).split(",")
    tokens = [name.strip() for name in offered if name.strip().startswith(SUBPROTOCOL)]
    return _decoded(tokens[0].removeprefix(SUBPROTOCOL)) if tokens else None


def is_direct(headers: Headers) -> bool:
    """Say whether neither a page nor a proxy tells of itself in the headers."""
    return not any(name in headers for name in INDIRECT)


def _header(headers: Headers, name: str) -> str | None:
    values = headers.get_all(name)
    return ", ".join(values) if values else None


def _decoded(text: str) -> str:
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return UNREADABLE
