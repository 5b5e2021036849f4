"""Compressed messages that clients share: over real sockets, read by the `websockets` library."""

import asyncio
import json
import socket
import zlib
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
)
from websockets.protocol import CLIENT, Protocol

from ledgerflux.adapters import ws_deflate
from ledgerflux.adapters.ws_deflate import (
    COMPRESSED_BYTES_MIN,
    KEPT_MAX,
    WINDOW_BITS,
    SharedDeflate,
)
from ledgerflux.adapters.ws_frames import COMPRESSED_TEXT, TEXT, joined
from ledgerflux.adapters.ws_listener import WRITE_LIMIT_BYTES, WsListener
from ledgerflux.errors import FeedError
from ledgerflux.ports import Batch, Sent
from ledgerflux.wire.gateway_packing import pack, unpack

DEADLINE_S = 20
LIMIT_BYTES = 16 * 1024


def data(seq, size=60):
    message = {"channel": "level2", "type": "update", "seq": seq, "pad": f"{seq} " * (size // 2)}
    return json.dumps(message, separators=(",", ":")).encode()


def answer(text="x"):
    return json.dumps({"type": "pong", "nonce": text}, separators=(",", ":")).encode()


class Server:
    """A listener that packs; its clients wait to be written to by the test."""

    def __init__(self) -> None:
        self.clients = []
        self.sent = Sent()
        self.packed = []
        self.port = 0
        self.received = []

    def pack(self, messages):
        self.packed.append(list(messages))
        return pack(messages)

    async def serve_one(self, client) -> None:
        self.clients.append(client)
        try:
            while True:
                self.received.append(await client.receive())
        except FeedError:
            self.clients.remove(client)

    @asynccontextmanager
    async def open(self, count=1, **options):
        """Yield `count` clients that took part in the order of `self.clients`."""
        options = {"compression": "deflate", "close_timeout": 1, **options}
        async with AsyncExitStack() as stack:
            opened = []
            for number in range(count):
                url = f"ws://127.0.0.1:{self.port}/v1/ws"
                opened.append(await stack.enter_async_context(connect(url, **options)))
                async with asyncio.timeout(DEADLINE_S):
                    while len(self.clients) <= number:
                        await asyncio.sleep(0.005)
            yield opened

    def extensions(self, number=0):
        return self.clients[number]._connection.protocol.extensions


@asynccontextmanager
async def serving():
    server = Server()
    async with WsListener().serve(
        "127.0.0.1",
        0,
        {},
        server.serve_one,
        websocket_paths=["/v1/ws"],
        message_bytes_max=LIMIT_BYTES,
        pack=server.pack,
        sent=server.sent,
    ) as server.port:
        yield server


async def texts(client, count):
    """Return the next text messages."""
    async with asyncio.timeout(DEADLINE_S):
        return [(await client.recv()).encode() for _ in range(count)]


async def messages(client, count):
    """Return the next messages, however they come."""
    found = []
    while len(found) < count:
        found += unpack((await texts(client, 1))[0])
    return found


def offer(**parameters):
    return {"compression": None, "extensions": [ClientPerMessageDeflateFactory(**parameters)]}


# -- who gets it -----------------------------------------------------------------------


@pytest.mark.parametrize("asked", [False, True])
async def test_who_offers_it_gets_it_and_keeps_what_it_was_sent_unless_it_asks_not_to(asked):
    also = "server_no_context_takeover; " if asked else ""
    parameters = offer(server_no_context_takeover=True) if asked else {}
    async with serving() as server, server.open(**parameters) as (client,):
        assert client.response.headers["Sec-WebSocket-Extensions"] == (
            f"permessage-deflate; {also}client_no_context_takeover"
        )
        assert server.sent.packed_clients == 1
    assert server.sent.packed_clients == 0


async def test_who_does_not_offer_it_gets_every_message_by_itself():
    batch = [data(1), answer(), data(2)]
    async with serving() as server, server.open(compression=None) as (client,):
        assert server.clients[0].write_now(Batch(batch))
        assert await texts(client, 3) == batch
        assert server.packed == []
        assert server.sent.packed_clients == 0


@pytest.mark.parametrize(("bits", "granted"), [(9, False), (11, False), (12, True), (15, True)])
async def test_who_can_look_back_less_than_frames_do_stays_plain(bits, granted):
    if granted:
        asked = offer(server_max_window_bits=bits)
    else:  # the library would call an answer without the extension an error
        text = f"permessage-deflate; server_max_window_bits={bits}"
        asked = {"compression": None, "additional_headers": {"Sec-WebSocket-Extensions": text}}
    async with serving() as server, server.open(**asked) as (client,):
        found = [isinstance(item, PerMessageDeflate) for item in server.extensions()]
        assert found == [True] * granted
        assert server.clients[0].write_now(Batch([data(1, 900), data(2, 900)]))
        assert await messages(client, 2) == [data(1, 900), data(2, 900)]


async def test_a_listener_that_does_not_pack_compresses_nothing():
    plain = WsListener().serve("127.0.0.1", 0, {}, _hear, websocket_paths=["/v1/ws"])
    async with plain as port, connect(f"ws://127.0.0.1:{port}/v1/ws") as client:
        assert "Sec-WebSocket-Extensions" not in client.response.headers


async def _hear(client) -> None:
    with pytest.raises(FeedError):
        await client.receive()


async def test_no_connection_has_a_compressor_of_its_own():
    async with serving() as server, server.open(20) as clients:
        batch = Batch([data(seq) for seq in range(10)])
        for client, other in zip(server.clients, clients, strict=True):
            assert client.write_now(batch)
            await client.send_all([data(11), answer()])
            await client.send(data(12))
            await client.send(data(13, 40_000))
            await other.send('{"method":"ping"}' * 20)
            assert len(await messages(other, 14)) == 14
        async with asyncio.timeout(DEADLINE_S):
            while len(server.received) < 20:
                await asyncio.sleep(0.005)
        for number in range(20):
            (extension,) = server.extensions(number)
            assert extension.remote_no_context_takeover
            assert extension.local_no_context_takeover
            assert not {"encoder", "decoder"} & set(vars(extension))


# -- what they get ---------------------------------------------------------------------


async def test_what_is_written_at_once_is_an_array_and_answers_stand_alone():
    async with serving() as server, server.open() as (client,):
        (told,) = server.clients
        assert told.write_now(Batch([answer("a"), data(1), data(2), answer("b"), data(3)]))
        await told.send_all([data(4), data(5)])
        assert told.write_now(Batch([data(6)]))
        assert await texts(client, 6) == [
            answer("a"),
            b"[%b,%b]" % (data(1), data(2)),
            answer("b"),
            data(3),
            b"[%b,%b]" % (data(4), data(5)),
            data(6),
        ]


async def test_what_is_sent_in_one_turn_goes_together_too():
    async with serving() as server, server.open() as (client,):
        (told,) = server.clients
        await told.send(data(1))
        await told.send(data(2).decode())
        await told.send(data(3, 40_000))
        assert await texts(client, 2) == [b"[%b,%b]" % (data(1), data(2)), data(3, 40_000)]


async def test_fifty_clients_get_what_was_compressed_once():
    batch = Batch([data(seq) for seq in range(30)])
    async with serving() as server, server.open(50) as clients:
        assert all(client.write_now(batch) for client in server.clients)
        for client in clients:
            assert await messages(client, 30) == batch.messages
        assert server.packed == [batch.messages]
        assert server.sent.message_bytes == 50 * batch.size_bytes
        assert server.sent.frame_bytes < 0.4 * server.sent.message_bytes


async def test_plain_and_compressed_clients_get_the_same_messages():
    async with serving() as server, server.open(5) as packed, AsyncExitStack() as stack:
        url = f"ws://127.0.0.1:{server.port}/v1/ws"
        plain = [await stack.enter_async_context(connect(url, compression=None)) for _ in range(5)]
        async with asyncio.timeout(DEADLINE_S):
            while len(server.clients) < 10:
                await asyncio.sleep(0.005)
        written = []
        for size in (1, 2, 7, 40):
            batch = Batch([*(data(len(written) + at) for at in range(size)), answer()])
            written += batch.messages
            assert all(client.write_now(batch) for client in server.clients)
        for client in packed:
            assert await messages(client, len(written)) == written
        for client in plain:
            assert await texts(client, len(written)) == written


async def test_a_client_whose_socket_stalls_gets_whole_frames_in_order_when_it_reads_on():
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    async with serving() as server:
        sock.connect(("127.0.0.1", server.port))
        async with server.open(sock=sock, max_queue=1) as (client,):
            client.transport.pause_reading()
            (told,) = server.clients
            transport = told._connection.transport
            batches = [[noise(8 * turn + at) for at in range(8)] for turn in range(1000)]
            left = iter(batches)
            refused = next(batch for batch in left if not told.write_now(Batch(batch)))

            async def send_rest() -> None:
                for batch in [refused, *left]:
                    await told.send_all(batch)

            sending = asyncio.create_task(send_rest())
            async with asyncio.timeout(DEADLINE_S):
                while transport.get_write_buffer_size() < WRITE_LIMIT_BYTES:
                    await asyncio.sleep(0.005)
            assert not sending.done()
            client.transport.resume_reading()
            assert await messages(client, 8000) == [it for batch in batches for it in batch]
            await sending
            assert told.write_now(Batch([data(1), data(2)]))
            assert await messages(client, 2) == [data(1), data(2)]


def noise(seq, size=60):
    """Return a message that compresses badly, so that a socket fills."""
    state = zlib.crc32(b"%d" % seq)
    numbers = []
    for _ in range(size):
        state = (state * 1_103_515_245 + 12_345) % 2**31
        numbers.append(state)
    return json.dumps({"channel": "level2", "seq": seq, "data": numbers}).replace(" ", "").encode()


# -- what they send --------------------------------------------------------------------


async def test_requests_may_be_compressed():
    async with serving() as server, server.open() as (client,):
        await client.send("a" * 5_000)
        await client.send(["b" * 3_000, "c" * 3_000])
        async with asyncio.timeout(DEADLINE_S):
            while len(server.received) < 2:
                await asyncio.sleep(0.005)
        assert server.received == ["a" * 5_000, "b" * 3_000 + "c" * 3_000]


@pytest.mark.parametrize("bomb", ["0" * 10_000_000, ["0" * 10_000] * 3, "0" * (LIMIT_BYTES + 1)])
async def test_what_is_too_large_once_it_is_unpacked_is_closed_with_1009(bomb):
    async with serving() as server, server.open(2) as (client, other):
        await client.send(bomb)
        with pytest.raises(ConnectionClosed):
            await texts(client, 1)
        assert client.close_code == 1009
        assert server.received == []
        assert server.clients[-1].write_now(Batch([data(1)]))
        assert await texts(other, 1) == [data(1)]


async def test_what_was_not_compressed_right_ends_its_client_alone():
    async with serving() as server, server.open(2) as (client, other):
        client.transport.write(b"\xc1\x84\x00\x00\x00\x00\xff\xff\xff\xff")
        with pytest.raises(ConnectionClosed):
            await texts(client, 1)
        assert client.close_code == 1002
        assert server.clients[-1].write_now(Batch([data(1)]))
        assert await texts(other, 1) == [data(1)]


# -- frames ----------------------------------------------------------------------------


class Reading:
    """A client's side of frames, the library's, without a socket."""

    def __init__(self, *, compressed: bool) -> None:
        self._protocol = Protocol(CLIENT)
        if compressed:
            self._protocol.extensions = [PerMessageDeflate(True, True, 15, 15)]

    def take(self, sent):
        self._protocol.receive_data(sent)
        return [bytes(frame.data) for frame in self._protocol.events_received()]


@given(
    st.lists(
        st.lists(
            st.one_of(
                st.builds(data, st.integers(0, 10**6), st.integers(0, 300)),
                st.builds(answer, st.text(max_size=300)),
                st.builds(data, st.just(7), st.sampled_from([9_000, 70_000])),
            ),
            max_size=12,
        ),
        max_size=8,
    )
)
def test_any_batches_are_read_as_the_same_messages_as_plain_ones(batches):
    deflate, packed, plain = (
        SharedDeflate(pack),
        Reading(compressed=True),
        Reading(compressed=False),
    )
    for batch in batches:
        found = [message for text in packed.take(deflate.frames(batch)) for message in unpack(text)]
        assert found == plain.take(joined(batch)) == batch


def test_short_texts_and_answers_are_not_compressed():
    deflate = SharedDeflate(pack)
    short = b'{"channel":"%b"}' % (b"x" * (COMPRESSED_BYTES_MIN - 15))
    assert len(short) == COMPRESSED_BYTES_MIN - 1
    assert deflate.frames([short])[0] == TEXT
    assert deflate.frames([short[:-2] + b'x"}'])[0] == COMPRESSED_TEXT
    assert deflate.frames([answer("x" * 5_000)])[0] == TEXT


def test_nothing_looks_back_further_than_was_negotiated():
    far = [noise(1, 500), noise(2, 500), noise(1, 500)]  # the third repeats what is long past
    sent = SharedDeflate(pack).frames(far)
    assert sent[:2] == bytes((COMPRESSED_TEXT, 126))
    inflater, found = zlib.decompressobj(-WINDOW_BITS), b""
    left = sent[4:] + b"\x00\x00\xff\xff"
    while left:
        found += inflater.decompress(left, 100)
        left = inflater.unconsumed_tail
    assert unpack(found) == far


def test_a_long_message_is_compressed_once_for_all_who_get_it_in_turn(monkeypatch):
    made = []
    compressed = ws_deflate._compressed
    monkeypatch.setattr(ws_deflate, "_compressed", lambda text: made.append(1) or compressed(text))
    deflate = SharedDeflate(pack)
    parts = [data(number, 20_000) for number in range(KEPT_MAX)]
    frames = [deflate.frames([answer(), part]) for part in parts]
    assert [deflate.frames([bytes(bytearray(answer())), part]) for part in parts] == frames
    assert len(made) == KEPT_MAX
    deflate.frames([data(at, 60) for at in range(300)])  # a long array is no message: not kept
    assert len(deflate._kept) == KEPT_MAX
    deflate.frames([data(-1, 20_000)])
    assert len(deflate._kept) == 1
