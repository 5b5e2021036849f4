import json

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from ledgerflux.adapters.ws_deflate import SharedDeflate
from ledgerflux.loadtest.reading import Reader
from ledgerflux.wire.gateway_packing import pack


def update(seq):
    event = {"ts_exchange": "2026-01-02T03:04:05.000000000Z"}
    head = {"channel": "level2", "type": "update", "product_id": "BTC-USD", "epoch": "e"}
    return json.dumps({**head, "prev_seq": seq - 1, "seq": seq, "data": [event]}).replace(" ", "")


BATCH = [update(seq).encode() for seq in range(1, 40)]


def test_an_array_is_read_as_its_messages_and_only_once_for_all_clients():
    sent = SharedDeflate(pack).frames(BATCH)
    reader = Reader(planned=True, compressed=True)
    (piece,), rest = reader.pieces(sent)
    assert [told.seq for told in piece.told] == list(range(1, 40))
    assert len(piece.times_us) == 39
    assert (piece.control, piece.unreadable, rest) == ([], [], b"")
    assert reader.pieces(sent)[0][0] is piece


def test_compressed_messages_are_whole_however_they_arrive():
    sent = b"".join(SharedDeflate(pack).frames(BATCH[at : at + 3]) for at in range(0, 39, 3))
    reader = Reader(planned=True, compressed=True)
    for size in (1, 7, 100, 1000):
        rest, found = b"", []
        for start in range(0, len(sent), size):
            pieces, rest = reader.pieces(rest + sent[start : start + size])
            found += [told.seq for piece in pieces for told in piece.told]
        assert found == list(range(1, 40))


def test_an_array_that_cannot_be_read_is_counted_and_nothing_after_it_is_lost():
    extension = PerMessageDeflate(True, True, 15, 12)
    broken = Frame(Opcode.TEXT, b"[" + BATCH[0] + b",{").serialize(
        mask=False, extensions=[extension]
    )
    reader = Reader(planned=True, compressed=True)
    pieces, _ = reader.pieces(broken + SharedDeflate(pack).frames(BATCH[1:3]))
    assert [code for piece in pieces for code in piece.unreadable] == ["protocol_error"]
    assert [told.seq for piece in pieces for told in piece.told] == [2, 3]
