import zlib
from random import Random

import pytest

from ledgerflux.adapters import ws_lanes
from ledgerflux.adapters.ws_deflate import SharedDeflate
from ledgerflux.adapters.ws_lanes import Window
from ledgerflux.ports import Batch
from ledgerflux.wire.gateway_packing import pack, unpack
from ledgerflux.wire.socket_frames import COMPRESSED_TEXT, cut

TAIL = b"\x00\x00\xff\xff"


class Told:
    """Whoever is told the same."""


class Client:
    """One that keeps what it was sent."""

    def __init__(self, deflate):
        self._window = Window(deflate._lanes, deflate.frames)
        self._context = zlib.decompressobj(-12)
        self.size = 0

    def get(self, batch):
        """Return the messages of a batch as they come out at the other end."""
        data = self._window.frames(batch)
        self.size = len(data)
        texts = []
        for frame, is_text in cut(data, 0, len(data))[0]:
            text = frame
            if not is_text:
                assert frame[0] == COMPRESSED_TEXT
                head = {126: 4, 127: 10}.get(frame[1], 2)
                text = self._context.decompress(frame[head:] + TAIL)
            texts += unpack(text)
        return texts


def message(seq, size=300):
    numbers = Random(seq)
    text = ",".join(str(numbers.randrange(10**9)) for _ in range(size // 10))
    return b'{"channel":"level2","type":"update","seq":%d,"data":[%b]}' % (seq, text.encode())


SAME = [message(1), message(2)]


@pytest.fixture
def deflate():
    return SharedDeflate(pack)


def test_what_all_were_sent_is_not_sent_again(deflate):
    told, clients = Told(), [Client(deflate) for _ in range(3)]
    first, second = Batch(SAME, told), Batch(SAME, told)
    assert [client.get(first) for client in clients] == [SAME] * 3
    before = clients[0].size
    assert [client.get(second) for client in clients] == [SAME] * 3
    assert {client.size for client in clients} == {clients[0].size}
    assert clients[0].size < before / 4


def test_who_joins_can_read_all_it_gets_and_the_others_too(deflate):
    told, one, other = Told(), Client(deflate), Client(deflate)
    assert one.get(Batch(SAME, told)) == SAME
    whole = one.size
    batch = Batch(SAME, told)
    assert (one.get(batch), other.get(batch)) == (SAME, SAME)
    assert one.size < whole / 4 < other.size
    for expected in (whole, whole / 4):
        batch = Batch(SAME, told)
        assert (one.get(batch), other.get(batch)) == (SAME, SAME)
        assert one.size == other.size <= expected


@pytest.mark.parametrize("between", [Batch([message(7)]), Batch([message(8)], Told())])
def test_who_was_sent_anything_else_begins_anew(deflate, between):
    told, one, other = Told(), Client(deflate), Client(deflate)
    for number in range(6):
        batch = Batch([message(number)], told)
        assert one.get(batch) == other.get(batch) == batch.messages
        if number == 2:
            assert one.get(between) == between.messages


def test_who_missed_a_batch_begins_anew(deflate):
    told, one, other = Told(), Client(deflate), Client(deflate)
    for number in range(6):
        batch = Batch([message(number % 2)], told)
        assert one.get(batch) == batch.messages
        if number != 2:
            assert other.get(batch) == batch.messages


def test_more_lanes_than_there_is_room_for_are_sent_no_history(deflate, monkeypatch):
    monkeypatch.setattr(ws_lanes, "LANES_MAX", 1)
    lanes, client = [Told(), Told()], Client(deflate)
    for told in [*lanes, lanes[1], lanes[0], lanes[0]]:
        assert client.get(Batch(SAME, told)) == SAME
    assert len(deflate._lanes._lanes) == 1
    lanes.clear()
    del told
    assert len(deflate._lanes._lanes) == 0


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_in_between_everybody_reads_what_it_was_sent(deflate, seed):
    draws, clients = Random(seed), [Client(deflate) for _ in range(6)]
    lanes = [Told(), Told()]
    for number in range(300):
        messages = [message(draws.randrange(20)) for _ in range(draws.randrange(1, 4))]
        if draws.random() < 0.1:
            messages.append(message(number, 12_000))
        if draws.random() < 0.2:
            messages.append(b'{"type":"pong","nonce":%d}' % number)
        told = draws.choice([None, *lanes])
        batch = Batch(messages, told)
        them = clients if draws.random() < 0.7 else draws.sample(clients, 3)
        for client in them if told else them[:1]:
            assert client.get(batch) == messages
