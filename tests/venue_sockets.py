"""Venues of a few bytes: they answer a handshake, send what they are given, and nothing else."""

import asyncio
import base64
import hashlib
from contextlib import asynccontextmanager, suppress

TLS_HELLO = b"\x16"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@asynccontextmanager
async def venue(answer):
    """Serve `answer(request bytes)` to every socket, then hang up; yield the port."""

    async def serve(reader, writer):
        try:
            request = await reader.readexactly(1)
            if request != TLS_HELLO:
                request += await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(request))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def silent(answer, then=None):
    """Answer a request, do `then`, and hold the socket without another word; yield the port."""
    over = asyncio.Event()

    async def serve(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(request) if callable(answer) else answer)
        with suppress(ConnectionError):
            if then is not None:
                await then(writer)
        await over.wait()
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        over.set()


def upgraded(sent):
    """Answer a good handshake, then `sent`."""

    def answer(request):
        key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        return head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + sent

    return answer
