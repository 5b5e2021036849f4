"""The client's WebSocket: how it is opened, and how its end is told."""

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.typing import Subprotocol

from ledgerflux.client.addresses import NOT_LET_IN, is_loopback, refusal
from ledgerflux.client.way import Way

MESSAGE_BYTES_MAX = 64 * 1024 * 1024
OPEN_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 1.0
_deflate = ClientPerMessageDeflateFactory(
    server_no_context_takeover=True, client_no_context_takeover=True
)
CANT_OPEN = (OSError, InvalidHandshake, InvalidURI, EOFError)
"""What `open_socket` raises where no gateway can be had."""


async def open_socket(url: str, way: Way) -> ClientConnection:
    """Return a connection to the gateway at `url`, compressed where wanted and granted.

    `way.compression` None: unless it is on this machine, where bytes cost less than unpacking.

    Raises:
        OSError, InvalidHandshake, InvalidURI, EOFError: There is none.
        GatewayError: One is there and does not let this client in: 401 or 403, with its code.
        ConfigError: What is to be trusted can't be read.
    """
    wanted = not is_loopback(url) if way.compression is None else way.compression
    try:
        return await connect(
            url,
            subprotocols=[Subprotocol("lfx.v1")],
            extensions=[_deflate] if wanted else None,
            compression=None,
            additional_headers=way.headers,
            ssl=way.tls if url.startswith("wss:") else None,
            max_size=MESSAGE_BYTES_MAX,
            max_queue=64,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            proxy=None if is_loopback(url) else True,
        )
    except InvalidStatus as error:
        answer = error.response
        if answer.status_code not in NOT_LET_IN:
            raise
        refused = refusal(url, answer.status_code, bytes(answer.body or b""))
        if refused.code == "protocol_error":
            raise
        raise refused from error


def hang_up(socket: ClientConnection | None) -> None:
    """End a connection at once, whatever the other side does; one that has ended stays so."""
    if socket is not None:
        socket.transport.abort()


def how_ended(closed: ConnectionClosed) -> str:
    """Return in words how a connection ended."""
    frame = closed.rcvd or closed.sent
    return "is gone" if frame is None else f"closed with {frame.code} {frame.reason}".rstrip()
