import json

import msgspec

from ledgerflux.bench.gateway.messages import (
    CHECKSUM,
    FIRST_SEQ,
    NARROW,
    PARTITION,
    PRODUCTS,
    PRODUCTS_COUNT,
    VENUE,
    WIDE,
    snapshots,
    templates,
    updates,
)
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.sharding import partition_of
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.gateway_messages import check

TIME_NS = 1_800_000_000_000_000_000


def streams():
    return {
        name: ProductStream(VENUE, name, integrity="none", integrity_rule="none")
        for name in PRODUCTS
    }


def test_the_products_are_of_one_partition():
    assert len(set(PRODUCTS)) == PRODUCTS_COUNT
    assert {partition_of(name) for name in PRODUCTS} == {PARTITION}


def test_books_and_updates_are_what_a_gateway_serves():
    for changes in (NARROW, WIDE):
        held = streams()
        for batch in snapshots(TIME_NS):
            held[batch.product].apply(batch, TIME_NS)
        made = updates([FIRST_SEQ + 1] * PRODUCTS_COUNT, changes, TIME_NS)
        for batch in made:
            held[batch.product].apply(batch, TIME_NS)
        assert [len(json.loads(batch.body)[0]["changes"]) for batch in made] == [changes] * 10
        book = held[PRODUCTS[0]].book
        assert len(book.bids()) == len(book.asks()) == 200


def test_others_send_what_ours_sends_byte_for_byte():
    made = json.loads(templates(NARROW, TIME_NS))
    for message in made:
        message |= {"prev_seq": FIRST_SEQ, "seq": FIRST_SEQ + 1}
        message["data"][0]["seq"] = FIRST_SEQ + 1
    ours = []
    for batch in updates([FIRST_SEQ + 1] * PRODUCTS_COUNT, NARROW, TIME_NS):
        stream = streams()[batch.product]
        stream.publish_ns = TIME_NS
        ours.append(gateway_frames.data(stream, batch, CHECKSUM))
        check(ours[-1])
    theirs = [json.dumps(message, separators=(",", ":")).encode() for message in made]
    assert theirs == ours == [msgspec.json.encode(message) for message in made]


def test_only_as_many_products_as_there_are_seqs():
    assert [batch.product for batch in updates([7], NARROW, TIME_NS)] == [PRODUCTS[0]]
