"""The typed calls of the client, at a gateway."""

import asyncio

import pytest
from gateway_support import NormLog, conf, on_sockets, until

from ledgerflux.client import Holding, connect
from ledgerflux.client.calls import Beat, Pattern
from ledgerflux.errors import GatewayError
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus
from ledgerflux.wire.gateway_reading import Place


async def test_a_client_hears_what_it_follows_and_gets_a_book_again():
    bus = MemoryBus()
    await write_feed(bus, conf())
    log = await NormLog(bus).open()
    log.source.snapshot().trade()
    await log.write()
    async with on_sockets(bus) as gateway:
        await until(lambda: gateway.vitals().partitions[0].norm == log.number)
        async with connect(f"http://127.0.0.1:{gateway.port}") as client:
            with pytest.raises(GatewayError) as refused:
                await client.snapshot(["BTC-USD"])
            assert refused.value.code == "not_subscribed"
            await client.subscribe("level2", ["BTC-USD"], depth=10)
            await client.subscribe("trades", ["BTC-*"], on_slow="disconnect")
            await client.subscribe("heartbeats")
            assert await client.snapshot() == ("BTC-USD",)
            async with asyncio.timeout(10):
                while "requested" not in (message := await anext(client)).raw.decode():
                    pass
            assert message.type in ("requested", "snapshot")
            held = await client.subscriptions()
        book, trades = held.subscriptions
        at = Place("run1", 1)
        assert trades == Holding(
            "trades", "BTC-USD", None, "none", "disconnect", at, at, behind=False
        )
        assert (book.channel, book.depth, book.head, book.on_slow) == ("level2", 10, at, "snapshot")
        assert held.patterns == (Pattern("trades", "BTC-*"),)
        assert held.beats == (Beat("heartbeats", None),)


async def test_the_list_of_another_kind_of_gateway_is_an_error(monkeypatch):
    bus = MemoryBus()
    await write_feed(bus, conf())
    async with (
        on_sockets(bus) as gateway,
        connect(f"http://127.0.0.1:{gateway.port}", venue="coinbase-exchange") as client,
    ):
        answer = await client.ping()

        async def other(method, params):
            return answer

        monkeypatch.setattr(client, "_ask", other)
        with pytest.raises(GatewayError) as error:
            await client.subscriptions()
        assert error.value.code == "protocol_error"
        assert await client.snapshot(["BTC-USD"]) == ()
