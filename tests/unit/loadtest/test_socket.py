import asyncio

import pytest
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from ledgerflux.errors import GatewayError
from ledgerflux.loadtest.reading import Reader
from ledgerflux.loadtest.socket import ABNORMAL, LoadSocket


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.aborted = False

    def write(self, data):
        self.written += data

    def close(self):
        pass

    def abort(self):
        self.aborted = True


class Rig:
    """A socket whose upgrade was asked for, and the answer of a server."""

    def __init__(self):
        self.seqs = []
        self.transport = Transport()
        self.socket = LoadSocket("ws://here/v1/ws", Reader(planned=True), self._take)
        self.socket.connection_made(self.transport)
        server = ServerProtocol()
        server.receive_data(self.transport.written)
        [request] = server.events_received()
        server.send_response(server.accept(request))
        self.answer = b"".join(server.data_to_send())
        self.transport.written = b""

    def _take(self, piece, now_ns):
        assert now_ns > 0
        self.seqs += [told.seq for told in piece.told]


def frame(opcode, payload):
    return Frame(opcode, payload).serialize(mask=False, extensions=[])


def pong(seq):
    return frame(Opcode.TEXT, b'{"type":"pong","seq":%d}' % seq)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
async def test_the_answer_and_what_follows_may_come_in_any_pieces(share):
    for place in range(1, len(Rig().answer + pong(1) + pong(2))):
        rig = Rig()
        sent = rig.answer + pong(1) + pong(2)
        middle = place + int(share * (len(sent) - place))
        for chunk in (sent[:place], sent[place:middle], sent[middle:]):
            rig.socket.data_received(chunk)
        assert rig.socket.opened.done()
        assert rig.seqs == [1, 2]
        assert rig.socket.received_bytes == len(sent)


async def test_what_is_no_text_is_the_librarys():
    rig = Rig()
    rig.socket.data_received(rig.answer + frame(Opcode.PING, b"hello") + pong(1))
    assert rig.transport.written[0] == 0x8A
    rig.socket.data_received(frame(Opcode.CLOSE, b"\x0f\xa0slow"))
    rig.socket.connection_lost(None)
    assert rig.seqs == [1]
    assert rig.socket.ended.result() == 4000


async def test_an_answer_that_is_none_opens_nothing():
    rig = Rig()
    rig.socket.data_received(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" + pong(1))
    rig.socket.connection_lost(None)
    assert rig.transport.aborted
    assert rig.seqs == []
    with pytest.raises(GatewayError, match="503"):
        rig.socket.opened.result()
    assert rig.socket.ended.result() == ABNORMAL
