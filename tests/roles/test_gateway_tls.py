"""A gateway over TLS: the same listener, with clients that check whom they speak to."""

import asyncio
from contextlib import suppress

import pytest
from gateway_support import fed, on_sockets
from tls_files import make_tls

from ledgerflux.adapters.tls import server_tls
from ledgerflux.client import connect
from ledgerflux.client.addresses import get_json
from ledgerflux.client.way import Way
from ledgerflux.errors import GatewayError


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make_tls(tmp_path_factory.mktemp("tls"))


async def test_books_come_over_tls_to_who_trusts_what_signed_the_certificate(files):
    ca, made, key = files
    bus, log = await fed()
    async with on_sockets(bus, tls=server_tls(made, key)) as gateway:
        address = f"https://127.0.0.1:{gateway.port}"
        async with connect(address, ca_file=ca, strict=True) as client:
            await client.subscribe("level2", ["BTC-USD"])
            for _ in range(20):
                log.source.update()
                await log.write()
            async with asyncio.timeout(5):
                async for _ in client:
                    place = client.position("level2", "BTC-USD")
                    if place == (log.source.epoch, log.source.seqs["level2"]):
                        break
            assert client.books["BTC-USD"].book.bids() == log.source.book.bids()
            assert (await client.status())["schema"] == "lf.status/1"
            assert client.violations_total == 0
        way = Way(ca_file=ca)
        products = await asyncio.to_thread(get_json, address, "/v1/products", way=way)
        assert products["products"]


async def test_who_does_not_trust_it_says_nothing_to_it(files, tmp_path):
    _, made, key = files
    other = make_tls(tmp_path / "other")[0]
    bus, _ = await fed()
    async with on_sockets(bus, tls=server_tls(made, key)) as gateway:
        address = f"https://127.0.0.1:{gateway.port}"
        for trusted in (None, other):
            with pytest.raises(GatewayError, match=r"(?i)certificate verify failed"):
                async with connect(address, ca_file=trusted):
                    pass
            way = Way(ca_file=trusted)
            with pytest.raises(GatewayError, match=r"(?i)certificate verify failed"):
                await asyncio.to_thread(get_json, address, "/v1/status", way=way)
        assert gateway.vitals().counts["clients"] == 0


async def test_a_certificate_of_another_name_is_not_believed(tmp_path):
    ca, made, key = make_tls(tmp_path / "named", "gateway.example")
    bus, _ = await fed()
    async with on_sockets(bus, tls=server_tls(made, key)) as gateway:
        with pytest.raises(GatewayError, match=r"(?i)certificate"):
            async with connect(f"https://127.0.0.1:{gateway.port}", ca_file=ca):
                pass


async def test_a_client_without_tls_gets_nothing_and_others_are_served(files):
    ca, made, key = files
    bus, _ = await fed()
    async with on_sockets(bus, tls=server_tls(made, key)) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
        with suppress(ConnectionError):
            assert b"HTTP" not in await asyncio.wait_for(reader.read(), 5)
        writer.close()
        async with connect(f"wss://127.0.0.1:{gateway.port}/v1/ws", ca_file=ca) as client:
            assert (await client.ping()).type == "pong"


async def test_of_a_stack_of_this_machine_its_own_certificate_is_believed_and_no_other(tmp_path):
    """Whatever its name; another one of the same authority is not."""
    _, made, key = make_tls(tmp_path / "a", "gateway.example")
    other = make_tls(tmp_path / "b", "gateway.example")[1]
    bus, _ = await fed()
    async with on_sockets(bus, tls=server_tls(made, key)) as gateway:
        address = f"https://127.0.0.1:{gateway.port}"
        way = Way(certificate=made)
        products = await asyncio.to_thread(get_json, address, "/v1/products", way=way)
        assert products["products"]
        for file in (other, tmp_path / "a" / "ca.pem"):
            with pytest.raises(GatewayError):
                await asyncio.to_thread(get_json, address, "/v1/products", way=Way(ca_file=file))
        with pytest.raises(GatewayError):
            await asyncio.to_thread(get_json, address, "/v1/products", way=Way(certificate=other))
