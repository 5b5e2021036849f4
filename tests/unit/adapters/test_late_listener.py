import asyncio

from ledgerflux.adapters.late_listener import LateListener
from ledgerflux.adapters.sockets import is_free
from ledgerflux.adapters.ws_listener import WsListener
from ledgerflux.ports import Response

ROUTES = {"/health": lambda _: Response(200, "text/plain", b"well")}


async def get(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n")
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_the_server_is_loaded_once_when_somebody_knocks():
    loaded = []

    def load(bound):
        loaded.append(bound)
        return WsListener(bound)

    async with LateListener(load).serve("127.0.0.1", 0, ROUTES) as port:
        assert not is_free(port)
        assert loaded == []
        answers = await asyncio.gather(get(port), get(port))
        assert all(answer.endswith(b"well") for answer in answers)
        assert len(loaded) == 1
    assert is_free(port)


async def test_a_port_that_nobody_asked_is_given_back():
    async with LateListener(WsListener).serve("127.0.0.1", 0, ROUTES) as port:
        assert not is_free(port)
    assert is_free(port)
