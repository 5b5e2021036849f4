"""Clients of the role gateway that take compressed messages, over real sockets on loopback."""

import asyncio
import json
import random
import socket
from contextlib import AsyncExitStack

import pytest
from gateway_support import fed, on_sockets, read_until, until
from websockets.asyncio.client import connect as open_socket

from ledgerflux.adapters import ws_deflate
from ledgerflux.client import connect
from ledgerflux.core.limits import Limits
from ledgerflux.core.mirror import Verdict
from ledgerflux.wire.gateway_packing import unpack
from ledgerflux.wire.gateway_reading import Follower, read_message

DEEP = 20_000
BOOK = {
    "method": "subscribe",
    "params": {"channel": "level2", "product_ids": ["BTC-USD"], "depth": "full"},
}


def address(gateway):
    return f"ws://127.0.0.1:{gateway.port}/v1/ws"


async def test_the_book_of_a_compressed_client_is_the_venues_and_came_in_fewer_bytes():
    bus, log = await fed(levels=DEEP)
    async with (
        on_sockets(bus) as gateway,
        connect(address(gateway), compression=True, strict=True) as client,
    ):
        await client.subscribe("level2", ["BTC-USD"])
        for size in range(1, 60):
            log.source.update(("buy", "20000.5", str(size)), ("sell", "20001.5", str(size)))
            await log.write()
        book = client.books["BTC-USD"]
        await read_until(client, lambda: book.position.seq == 60 and book.live)
        assert book.book.bids() == log.source.book.bids()
        assert book.book.asks() == log.source.book.asks()
        counts = gateway.vitals().counts
        assert counts["packed_clients"] == 1
        assert 0 < counts["sent_bytes"] < 0.5 * counts["sent_message_bytes"]


async def test_clients_told_together_get_the_same_messages_and_share_what_was_compressed(
    monkeypatch,
):
    made = []
    compressed = ws_deflate._compressed
    monkeypatch.setattr(ws_deflate, "_compressed", lambda text: made.append(1) or compressed(text))
    bus, log = await fed()
    async with on_sockets(bus) as gateway, AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connect(address(gateway), compression=number < 15))
            for number in range(30)
        ]
        for client in clients:
            await client.subscribe("level2", ["BTC-USD"])
            await read_until(client, lambda client=client: client.books["BTC-USD"].live)
        await until(lambda: len(cohort_sizes(gateway)) == 1 and cohort_sizes(gateway)[0] == 30)
        made.clear()
        for size in range(1, 31):
            log.source.update(("buy", "100.5", f"{size}.0000000001"), ("sell", "101", str(size)))
        await log.write()
        told = [await next_update(client) for client in clients]
        assert len(set(told)) == 1
        assert json.loads(told[0])["seq"] == 31
        assert len(made) == 1


def cohort_sizes(gateway):
    return [len(cohort.members) for cohort in gateway._fanout._followers.cohorts()]


async def next_update(client):
    async with asyncio.timeout(10):
        while (message := await anext(client)).type != "update":
            pass
        return message.raw


async def test_what_a_client_sent_comes_back_in_the_clear_and_not_beside_data():
    bus, _ = await fed()
    secret = "s" * 36
    async with on_sockets(bus) as gateway:
        async with open_socket(address(gateway)) as client:
            assert "permessage-deflate" in client.response.headers["Sec-WebSocket-Extensions"]
            assert '"welcome"' in await client.recv()
            rsv1 = []
            take = client.protocol.extensions[0].decode

            def look(frame, **more):
                rsv1.append(frame.rsv1)
                return take(frame, **more)

            client.protocol.extensions[0].decode = look
            await client.send(json.dumps({**BOOK, "req_id": secret}))
            ping = {"method": "ping", "params": {"nonce": secret}, "req_id": secret}
            await client.send(json.dumps(ping))
            texts = [await client.recv()]
            while '"pong"' not in texts[-1]:
                texts.append(await client.recv())
        for text, compressed in zip(texts, rsv1, strict=False):
            assert not (compressed and secret in text)
            assert not (text.startswith("[") and secret in text)
        kinds = [json.loads(text)["type"] for text in texts if text.startswith("{")]
        assert kinds == ["subscribed", "snapshot", "pong"]
        assert rsv1[:3] == [False, True, False]


@pytest.mark.slow
async def test_a_compressed_client_that_stalls_is_told_what_it_missed_and_goes_on():
    bus, log = await fed()
    limits = Limits(outbox_bytes=32 * 1024, outbox_drained_bytes=16 * 1024)
    draw = random.Random(1)
    async with on_sockets(bus, limits=limits) as gateway:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", gateway.port))
        async with open_socket(address(gateway), sock=sock, max_queue=1) as stalled:
            follower = Follower()
            await stalled.send(json.dumps(BOOK))
            await follow(stalled, follower, lambda mirror: mirror.live)
            stalled.transport.pause_reading()
            while not gateway.vitals().counts["fell_behind"]:
                sizes = [f"{draw.randrange(1, 10**20)}.{draw.randrange(10**4)}" for _ in range(90)]
                log.source.update(*(("buy", f"{at + 1}", size) for at, size in enumerate(sizes)))
                await log.write()
                await asyncio.sleep(0)
            stalled.transport.resume_reading()
            last = log.source.seqs["level2"]
            gaps = await follow(stalled, follower, lambda it: it.live and it.position.seq == last)
            assert "slow_consumer" in gaps
            mirror = follower.mirrors[("level2", "BTC-USD")]
            assert mirror.book.bids() == log.source.book.bids()


async def follow(client, follower, condition):
    """Read until the book is as wished, hold every message to the rule; return gaps' causes."""
    gaps = []
    async with asyncio.timeout(30):
        while True:
            for raw in unpack((await client.recv()).encode()):
                message = read_message(raw)
                judged = follower.take(message)
                assert judged is None or judged.verdict is not Verdict.BROKEN
                gaps += [message.cause] if message.type == "gap" else []
            mirror = follower.mirrors.get(("level2", "BTC-USD"))
            if mirror is not None and mirror.position is not None and condition(mirror):
                return gaps
