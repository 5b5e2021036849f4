"""The role gateway and the typed client over real sockets on loopback."""

import asyncio
import json
import socket
from contextlib import suppress

import pytest
from gateway_support import fed, on_sockets, read_until
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed

from ledgerflux.adapters.sockets import free_port
from ledgerflux.client import Reconnected, connect
from ledgerflux.core.limits import Limits

DEEP = 30_000


async def test_the_clients_book_is_the_venues_book_whatever_its_size():
    bus, log = await fed(levels=DEEP)
    async with on_sockets(bus) as gateway, connect(f"http://127.0.0.1:{gateway.port}") as client:
        await client.subscribe("level2", ["BTC-USD"])
        for size in range(1, 30):
            log.source.update(("buy", "30000.5", str(size)), ("sell", "30001.5", str(size)))
            await log.write()
        book = client.books["BTC-USD"]
        await read_until(client, lambda: book.position.seq == 30 and book.live)
        assert book.book.bids() == log.source.book.bids()
        assert book.book.asks() == log.source.book.asks()
        assert len(book.book.asks()) == DEEP
        assert client.violations_total == 0


async def test_those_who_were_told_together_are_sent_away_each_at_its_own_time():
    bus, log = await fed()
    draws = iter([0.2, 0.4, 0.6])
    async with on_sockets(bus, random=lambda: next(draws)) as gateway:
        clients = [connect(f"http://127.0.0.1:{gateway.port}") for _ in range(3)]
        for client in clients:
            await client.__aenter__()
            await client.subscribe("trades", ["BTC-USD"])
        log.source.trade()
        await log.write()
        for client in clients:
            await read_until(client, lambda c=client: c.position("trades", "BTC-USD").seq == 1)
        assert len({session.cohort for session in gateway._fanout.sessions}) == 1
        log.source.trade()
        await log.write()
    told = []
    for client in clients:
        while (message := await anext(client)).type != "goodbye":
            pass
        assert client.position("trades", "BTC-USD").seq == 2, "what was said before comes first"
        told.append((message.code, message.reconnect_after_ms))
        await client.__aexit__()
    assert told == [(1012, 1000), (1012, 2000), (1012, 3000)]


async def test_a_client_survives_the_restart_of_its_gateway_and_misses_nothing():
    bus, log = await fed()
    port = free_port()
    log.source.trade()
    await log.write()
    gaps = []
    async with on_sockets(bus, port):
        client = connect(f"http://127.0.0.1:{port}", on_gap=gaps.append)
        await client.__aenter__()
        await client.subscribe("trades", ["BTC-USD"])
        await client.subscribe("level2", ["BTC-USD"])
        await read_until(client, lambda: client.books["BTC-USD"].live)
    log.source.trade().trade().update()
    await log.write()
    async with on_sockets(bus, port):
        seen = []
        async with asyncio.timeout(10):
            while not seen or not isinstance(seen[-1], Reconnected):
                seen.append(await anext(client))
        assert seen[-1].missed == ()
        book = client.books["BTC-USD"]
        await read_until(client, lambda: client.position("level2", "BTC-USD").seq == 2)
        await read_until(client, lambda: client.position("trades", "BTC-USD").seq == 3)
        assert book.live
        assert book.book.bids() == log.source.book.bids()
        assert (client.violations_total, gaps) == (0, [])
        await client.__aexit__()


@pytest.mark.slow
async def test_a_client_that_stalls_is_closed_and_nobody_else_waits():
    bus, log = await fed(levels=DEEP)
    limits = Limits(slow_after_s=1)
    async with on_sockets(bus, limits=limits) as gateway:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", gateway.port))
        address = f"ws://127.0.0.1:{gateway.port}/v1/ws"
        stalled = await open_socket(
            address, sock=sock, max_queue=1, compression=None, ping_interval=None, close_timeout=1
        )
        await stalled.recv()
        params = {"channel": "level2", "product_ids": ["BTC-USD"]}
        await stalled.send(json.dumps({"method": "subscribe", "params": params, "req_id": 1}))
        stalled.transport.pause_reading()
        async with connect(address) as healthy:
            await healthy.subscribe("level2", ["BTC-USD"])
            book = healthy.books["BTC-USD"]
            await read_until(healthy, lambda: book.live)
            while gateway.vitals().counts["clients"] == 2:
                log.source.update(("buy", "30000.5", str(log.number)))
                await log.write()
                await read_until(healthy, lambda: book.position.seq == log.source.seqs["level2"])
        stalled.transport.resume_reading()
        with suppress(ConnectionClosed):
            async with asyncio.timeout(10):
                while True:
                    await stalled.recv()
        assert stalled.close_code in (1006, 4000)


async def test_status_and_products_are_served_on_the_same_port():
    bus, _ = await fed()
    async with on_sockets(bus) as gateway, connect(f"http://127.0.0.1:{gateway.port}") as client:
        status = await client.status()
        assert status["schema"] == "lf.status/1"
        assert status["clients"] == 1
        assert status["heads"]["BTC-USD"]["level2"] == 1
