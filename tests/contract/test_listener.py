"""What every listener does: GETs on routes, WebSockets on their paths, and a clean end."""

import asyncio
import contextlib
import json
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ledgerflux.adapters import ws_frames, ws_listener
from ledgerflux.adapters.late_listener import LateListener
from ledgerflux.adapters.ws_listener import WsListener
from ledgerflux.errors import ConfigError, Conflict, FeedError
from ledgerflux.ports import Batch, Request, Response
from ledgerflux.testing.memory_listener import MemoryListener

PATHS = ("/v1/ws", "/ws")


def echo_route(request: Request) -> Response:
    body = json.dumps({"path": request.path, "query": dict(request.query)}).encode()
    return Response(200, "application/json", body)


ROUTES = {
    "/exact": echo_route,
    "/below/*": echo_route,
    "/below/deeper/*": lambda _: Response(200, "text/plain", b"deeper"),
    "/failing": lambda _: Response(503, "text/plain", b"no"),
}


class MemoryKit:
    """Clients in memory."""

    def __init__(self) -> None:
        self.listener = MemoryListener(window_bytes=1000)
        self.port = 0

    async def get(self, target):
        response = self.listener.get(target)
        return response.status, response.content_type, response.body

    @asynccontextmanager
    async def client(self, path):
        yield MemoryEnd(self.listener.connect(path))


class MemoryEnd:
    def __init__(self, client) -> None:
        self._client = client

    async def send(self, message):
        await self._client.ask(message)

    async def receive(self):
        return (await self._client.next()).decode()

    async def closed(self):
        while True:
            try:
                await self._client.next()
            except FeedError:
                return self._client.closed

    async def leave(self):
        await self._client.leave()


class SocketKit:
    """Clients over real sockets on loopback."""

    def __init__(self) -> None:
        self.listener = WsListener()
        self.port = 0

    async def get(self, target):
        def read():
            url = f"http://127.0.0.1:{self.port}{target}"
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    return answer.status, answer.headers["Content-Type"], answer.read()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.headers["Content-Type"], error.read()

        return await asyncio.to_thread(read)

    @asynccontextmanager
    async def client(self, path):
        try:
            opened = await connect(
                f"ws://127.0.0.1:{self.port}{path}", compression=None, close_timeout=1
            )
        except InvalidHandshake as error:
            raise FeedError(str(error), code="feed_refused") from error
        try:
            yield SocketEnd(opened)
        finally:
            await opened.close()


class SocketEnd:
    def __init__(self, opened) -> None:
        self._opened = opened

    async def send(self, message):
        await self._opened.send(message)

    async def receive(self):
        async with asyncio.timeout(5):
            return await self._opened.recv()

    async def closed(self):
        async with asyncio.timeout(5):
            try:
                while True:
                    await self._opened.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code, closed.rcvd.reason

    async def leave(self):
        await self._opened.close()


class LateKit(SocketKit):
    """The same, with a server that is loaded when the first client knocks."""

    def __init__(self) -> None:
        super().__init__()
        self.listener = LateListener(WsListener)


@pytest.fixture(params=[MemoryKit, SocketKit, LateKit], ids=["memory", "sockets", "late"])
def kit(request):
    return request.param()


async def shout(client) -> None:
    """Answer each message in capitals; `bye` closes, `flood` sends until the client is gone."""
    while True:
        try:
            message = await client.receive()
        except FeedError:
            return
        if message == "bye":
            await client.close(4321, "as asked")
        elif message == "path":
            await client.send(client.path)
        elif message == b"binary":
            await client.send(b"it was binary")
        else:
            await client.send(message.upper())


@asynccontextmanager
async def serving(kit, on_connection=shout) -> AsyncIterator[None]:
    serve = kit.listener.serve(
        "127.0.0.1", 0, ROUTES, on_connection, websocket_paths=PATHS, message_bytes_max=1024
    )
    async with serve as kit.port:
        yield


async def test_routes_answer_by_exact_path_then_by_the_longest_beginning(kit):
    async with serving(kit):
        status, content_type, body = await kit.get("/exact?a=1&b=2&a=3")
        assert (status, content_type) == (200, "application/json")
        assert json.loads(body) == {"path": "/exact", "query": {"a": "1", "b": "2"}}
        assert json.loads((await kit.get("/below/a/b"))[2])["path"] == "/below/a/b"
        assert (await kit.get("/below/deeper/x"))[2] == b"deeper"
        assert (await kit.get("/failing"))[0] == 503


async def test_an_unknown_path_is_404_with_a_reason(kit):
    async with serving(kit):
        status, content_type, body = await kit.get("/nothing")
        assert (status, content_type) == (404, "application/json")
        assert json.loads(body)["error"]["code"] == "not_found"


async def test_messages_go_both_ways_as_text(kit):
    async with serving(kit), kit.client("/v1/ws") as client:
        await client.send("hello")
        assert await client.receive() == "HELLO"
        await client.send("path")
        assert await client.receive() == "/v1/ws"


async def test_binary_messages_arrive_as_bytes_and_answers_are_text(kit):
    async with serving(kit), kit.client("/ws") as client:
        await client.send(b"binary")
        assert await client.receive() == "it was binary"


async def test_many_messages_at_once_arrive_one_by_one_and_in_their_order(kit):
    texts = [str(size).ljust(size, ".") for size in (1, 125, 126, 2047, 2048, 3000, 70_000, 0)]

    async def tell(client) -> None:
        await client.send("before")
        await client.send_all([text.encode() for text in texts])
        await client.send("after")
        with pytest.raises(FeedError):
            await client.receive()

    async with serving(kit, tell), kit.client("/v1/ws") as client:
        assert [await client.receive() for _ in range(10)] == ["before", *texts, "after"]


async def test_what_is_written_at_once_comes_in_order_or_is_left_to_the_caller(kit):
    async def tell(client) -> None:
        with contextlib.suppress(FeedError):
            for text in ("one", "two", "x" * 3000):
                if not client.write_now(Batch([text.encode(), b"and"])):
                    await client.send_all([text.encode(), b"and"])
            await client.receive()
        assert not client.write_now(Batch([b"too late"]))

    async with serving(kit, tell), kit.client("/v1/ws") as client:
        expected = ["one", "and", "two", "and", "x" * 3000, "and"]
        assert [await client.receive() for _ in range(6)] == expected


async def test_a_batch_for_two_is_made_once_and_arrives_whole_at_both(monkeypatch):
    kit, inside, made = SocketKit(), [], []
    texts = [str(size).ljust(size, ".") for size in (3, 125, 126, 3000)]
    joined = ws_frames.joined
    monkeypatch.setattr(ws_frames, "joined", lambda them: made.append(them) or joined(them))

    async def enter(client) -> None:
        inside.append(client)
        with pytest.raises(FeedError):
            await client.receive()

    async with serving(kit, enter), kit.client("/v1/ws") as one, kit.client("/v1/ws") as other:
        async with asyncio.timeout(5):
            while len(inside) < 2:
                await asyncio.sleep(0.001)
        batch = Batch([text.encode() for text in texts])
        assert [client.write_now(batch) for client in inside] == [True, True]
        for end in (one, other):
            assert [await end.receive() for _ in texts] == texts
    assert made == [batch.messages]


async def test_the_server_closes_with_its_code_and_reason(kit):
    async with serving(kit), kit.client("/v1/ws") as client:
        await client.send("bye")
        assert await client.closed() == (4321, "as asked")


async def test_a_websocket_elsewhere_is_refused(kit):
    async with serving(kit):
        with pytest.raises(FeedError) as caught:
            async with kit.client("/other"):
                pass
        assert caught.value.code == "feed_refused"


async def test_a_client_that_left_ends_what_waits_for_it(kit):
    ended = asyncio.Event()

    async def wait(client) -> None:
        with pytest.raises(FeedError):
            await client.receive()
        with pytest.raises(FeedError):
            await client.send("too late")
        with pytest.raises(FeedError):
            await client.send_all([b"too", b"late"])
        ended.set()

    async with serving(kit, wait):
        async with kit.client("/v1/ws") as client:
            await client.leave()
        async with asyncio.timeout(5):
            await ended.wait()


async def test_the_end_of_the_listener_closes_its_clients(kit):
    async with AsyncExitStack() as stack:
        server = AsyncExitStack()
        await server.enter_async_context(serving(kit))
        client = await stack.enter_async_context(kit.client("/v1/ws"))
        await client.send("hello")
        await client.receive()
        await server.aclose()
        assert await client.closed() == (1012, "restart")


@pytest.mark.parametrize("at_once", [1, 30])
async def test_sending_waits_for_a_client_that_does_not_read_and_closing_does_not(kit, at_once):
    sent, outcome = [0], asyncio.Event()

    async def flood(client) -> None:
        try:
            async with asyncio.timeout(1):
                while True:
                    sent[0] += at_once
                    if at_once == 1:
                        await client.send("x" * 300)
                    else:
                        await client.send_all([b"x" * 300] * at_once)
        except TimeoutError:
            await client.close(4000, "slow")
            outcome.set()

    async with serving(kit, flood), kit.client("/v1/ws"):
        async with asyncio.timeout(10):
            await outcome.wait()
    assert 0 < sent[0] < 30_000


@pytest.mark.parametrize("at_once", [1, 30])
async def test_a_client_that_resets_while_it_is_written_to_is_gone_and_nobody_else(at_once):
    kit, waits, outcome = SocketKit(), asyncio.Event(), asyncio.Event()

    async def send_for_ever(client) -> None:
        while True:
            asyncio.get_running_loop().call_later(0.2, waits.set)
            if at_once == 1:
                await client.send("x" * 300)
            else:
                await client.send_all([b"x" * 900] * 30)

    async def flood(client) -> None:
        if client.path == "/ws":
            await shout(client)
            return
        with pytest.raises(FeedError):
            await send_for_ever(client)
        outcome.set()

    async with serving(kit, flood), kit.client("/ws") as other, asyncio.timeout(10):
        with raw_client(kit.port) as sock:
            await waits.wait()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await outcome.wait()
        await other.send("still here")
        assert await other.receive() == "STILL HERE"


def raw_client(port) -> socket.socket:
    """Return a WebSocket client that never reads what comes after its handshake."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=5)
    sock.sendall(
        b"GET /v1/ws HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    return sock


async def test_a_client_that_answers_no_ping_is_gone(monkeypatch):
    monkeypatch.setattr(ws_listener, "PING_S", 0.1)
    kit, gone = SocketKit(), asyncio.Event()

    async def hear(client) -> None:
        with pytest.raises(FeedError):
            await client.receive()
        gone.set()

    async with serving(kit, hear), asyncio.timeout(10):
        with raw_client(kit.port):
            await gone.wait()


async def test_what_a_handler_raises_ends_the_listener(kit):
    async def fail(_) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(BaseExceptionGroup) as caught:
        async with asyncio.timeout(5), serving(kit, fail), kit.client("/v1/ws"):
            await asyncio.Event().wait()
    assert caught.group_contains(RuntimeError, match="a bug")


async def test_a_listener_without_websockets_refuses_them(kit):
    async with kit.listener.serve("127.0.0.1", 0, ROUTES) as kit.port:
        with pytest.raises(FeedError):
            async with kit.client("/v1/ws"):
                pass


async def test_a_taken_port_is_named():
    async with WsListener().serve("127.0.0.1", 0, {}) as port:
        with pytest.raises(Conflict) as caught:
            async with WsListener().serve("127.0.0.1", port, {}):
                pass
    assert caught.value.code == "port_in_use"
    assert str(port) in caught.value.message


async def test_a_port_taken_in_memory_is_named():
    listener = MemoryListener()
    async with listener.serve("h", 0, {}) as port:
        with pytest.raises(Conflict):
            async with listener.serve("h", port, {}):
                pass


async def test_an_address_of_another_machine_is_no_conflict():
    with pytest.raises(ConfigError):
        async with WsListener().serve("192.0.2.1", 0, {}):
            pass


async def test_a_get_of_a_websocket_path_says_so():
    kit = SocketKit()
    async with serving(kit):
        status, _, body = await kit.get("/v1/ws")
    assert (status, json.loads(body)["error"]["code"]) == (426, "upgrade_required")


async def test_a_path_that_cannot_be_read_is_answered():
    kit = SocketKit()
    async with serving(kit):
        reader, writer = await asyncio.open_connection("127.0.0.1", kit.port)
        writer.write(b"GET //[ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"400 Bad Request" in await reader.read(100)
        writer.close()
        await writer.wait_closed()


async def test_the_protocol_is_named_where_the_client_asked_for_it():
    kit = SocketKit()
    async with serving(kit):
        url = f"ws://127.0.0.1:{kit.port}/v1/ws"
        async with connect(url, subprotocols=["other", "lfx.v1"]) as client:
            assert client.subprotocol == "lfx.v1"
        async with connect(url, subprotocols=["other"]) as client:
            assert client.subprotocol is None


async def test_a_message_over_the_limit_closes_with_1009():
    kit = SocketKit()
    async with serving(kit), kit.client("/v1/ws") as client:
        await client.send("x" * 1025)
        code, _ = await client.closed()
    assert code == 1009


async def test_an_error_of_ours_in_a_handshake_is_told(caplog, monkeypatch):
    def failing(*_):
        raise KeyError("ours")

    monkeypatch.setattr(ws_listener, "_subprotocol", failing)
    kit = SocketKit()
    async with serving(kit):
        with pytest.raises(InvalidHandshake):
            async with connect(f"ws://127.0.0.1:{kit.port}/v1/ws", proxy=None):
                pass
        assert (await kit.get("/exact"))[0] == 200
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [type(record.exc_info[1]) for record in errors] == [KeyError]


async def test_garbage_instead_of_a_handshake_is_no_error_of_ours(caplog):
    kit = SocketKit()
    async with serving(kit):
        with socket.create_connection(("127.0.0.1", kit.port)) as knock:
            knock.sendall(b"\x00\xff nonsense\r\n\r\n")
            knock.settimeout(5)
            await asyncio.to_thread(knock.recv, 100)
        assert (await kit.get("/exact"))[0] == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
