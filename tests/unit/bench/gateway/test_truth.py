import json

import pytest

from ledgerflux.bench.gateway.messages import (
    FIRST_SEQ,
    NARROW,
    PRODUCTS,
    VENUE,
    WIDE,
    snapshots,
    updates,
)
from ledgerflux.bench.gateway.truth import Truth, checksum, sides
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.wire import gateway_frames

TIME_NS = 1_800_000_000_000_000_000


@pytest.fixture(params=[NARROW, WIDE])
def told(request):
    """Return changes, and the messages of a gateway of one product."""
    changes = request.param
    stream = ProductStream(VENUE, PRODUCTS[3], integrity="none", integrity_rule="none")
    stream.apply(snapshots(TIME_NS)[3], TIME_NS)
    made = []
    for seq in range(FIRST_SEQ, FIRST_SEQ + 3):
        if seq > FIRST_SEQ:
            batch = updates([seq] * 4, changes, TIME_NS)[3]
            stream.apply(batch, TIME_NS)
            made.append(gateway_frames.data(stream, batch, stream.checksum()))
        snapshot = stream.snapshot()
        made += [
            gateway_frames.part(snapshot, part + 1, "subscribe", None)
            for part in range(snapshot.parts)
        ]
    return changes, made


def test_what_a_gateway_tells_of_what_was_written_is_right(told):
    changes, made = told
    truth = Truth(changes)
    for text in (*made, b'{"type":"heartbeat"}'):
        truth.judge(text)
    assert (truth.judged, truth.wrong) == (len(made), 0)


@pytest.mark.parametrize("name", ["checksum", "bids", "data", "prev_seq"])
def test_anything_else_is_wrong(told, name):
    changes, made = told
    truth = Truth(changes)
    for text in made:
        message = json.loads(text)
        if not message.get(name):
            continue
        if name == "checksum":
            message[name] += 1
        elif name == "bids":
            message[name][0][1] = "1"
        elif name == "prev_seq":
            message[name] -= 1
        else:
            message[name][0]["changes"][0][2] = "1"
        before = truth.wrong
        truth.judge(json.dumps(message).encode())
        assert truth.wrong == before + 1
    assert truth.wrong


def test_books_and_checksums_are_made_anew():
    stream = ProductStream(VENUE, PRODUCTS[3], integrity="none", integrity_rule="none")
    stream.apply(snapshots(TIME_NS)[3], TIME_NS)
    for seq in range(FIRST_SEQ, FIRST_SEQ + 3):
        if seq > FIRST_SEQ:
            stream.apply(updates([seq] * 4, NARROW, TIME_NS)[3], TIME_NS)
        assert stream.checksum() == checksum(3, seq, NARROW)
        bids, asks = sides(3, seq, NARROW)
        assert (len(bids), len(asks)) == (200, 200)
