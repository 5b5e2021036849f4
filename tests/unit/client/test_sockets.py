import pytest

from ledgerflux.client import sockets
from ledgerflux.client.way import Way

HERE, ELSEWHERE = "ws://127.0.0.1:8000/v1/ws", "wss://gateway.example/v1/ws"


def test_a_connection_is_ended_at_once_where_there_is_one():
    class Transport:
        ended = 0

        def abort(self):
            self.ended += 1

    class Socket:
        transport = Transport()

    sockets.hang_up(None)
    sockets.hang_up(Socket())
    assert Socket.transport.ended == 1


@pytest.mark.parametrize(
    ("url", "asked", "offered"),
    [
        (HERE, None, False),
        (HERE, True, True),
        (ELSEWHERE, None, True),
        (ELSEWHERE, False, False),
    ],
)
async def test_compression_is_asked_for_as_told_or_where_bytes_travel(
    monkeypatch, url, asked, offered
):
    async def connect(_, **options):
        return options

    monkeypatch.setattr(sockets, "connect", connect)
    options = await sockets.open_socket(url, Way(compression=asked))
    assert options["compression"] is None
    assert bool(options["extensions"]) == offered
