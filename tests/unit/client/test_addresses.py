import asyncio

import pytest

from ledgerflux.adapters.ws_listener import WsListener
from ledgerflux.client.addresses import get_json, http_address, is_loopback, websocket_url
from ledgerflux.errors import ConfigError, GatewayError
from ledgerflux.ports import Response


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/v1/ws"),
        ("http://127.0.0.1:8000/", "ws://127.0.0.1:8000/v1/ws"),
        ("https://gateway.example", "wss://gateway.example/v1/ws"),
        ("ws://[::1]:8000/ws", "ws://[::1]:8000/ws"),
        ("wss://gateway.example/v1/ws?x=1", "wss://gateway.example/v1/ws"),
    ],
)
def test_an_address_of_a_gateway_leads_to_its_websocket(address, url):
    assert websocket_url(address) == url


@pytest.mark.parametrize(
    "address", ["", "localhost:8000", "ftp://x", "http://", "http://[", "ws://x:0"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ConfigError) as caught:
        websocket_url(address)
    assert caught.value.code == "bad_argument"


def test_this_machine_needs_no_proxy():
    assert is_loopback("ws://127.0.0.1:8000/v1/ws")
    assert is_loopback("http://localhost")
    assert not is_loopback("ws://gateway.example/v1/ws")


async def test_documents_are_read_over_http():
    routes = {
        "/good": lambda _: Response(200, "application/json", b'{"a":1}'),
        "/bad": lambda _: Response(200, "text/plain", b"nonsense"),
    }
    async with WsListener().serve("127.0.0.1", 0, routes) as port:
        address = f"ws://127.0.0.1:{port}/v1/ws"
        assert await asyncio.to_thread(get_json, address, "/good") == {"a": 1}
        for path, code in (("/bad", "protocol_error"), ("/none", "gateway_unreachable")):
            with pytest.raises(GatewayError) as caught:
                await asyncio.to_thread(get_json, address, path)
            assert caught.value.code == code
    with pytest.raises(GatewayError, match="no gateway answers"):
        await asyncio.to_thread(get_json, address, "/good")


@pytest.mark.parametrize(
    ("address", "http"),
    [
        ("ws://h:8000/v1/ws", "http://h:8000"),
        ("wss://h", "https://h"),
        ("http://[::1]:1/", "http://[::1]:1"),
    ],
)
def test_the_http_address_has_no_path(address, http):
    assert http_address(address) == http


async def test_a_server_that_speaks_no_http_is_told_without_its_words():
    async def greet(_reader, writer):
        writer.write(b"INFO {}\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(GatewayError) as caught:
            await asyncio.to_thread(get_json, address, "/v1/status")
    assert caught.value.message == f"no gateway answers at {address}: what is there speaks no HTTP"
