import json

from streams import Numbered

from ledgerflux.core.loading import Loading
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.wire import gateway_frames


def test_a_large_book_goes_out_part_by_part():
    stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    for batch in Numbered().snapshot([(str(price), "1") for price in range(1, 3001)], []).take():
        stream.apply(batch, 1)
    loading, parts = Loading(stream.snapshot(), "resync", 7), []
    while not loading.complete:
        parts.append(json.loads(loading.next_part(gateway_frames)))
    assert [(part["part"], part["parts"], len(part["bids"])) for part in parts] == [
        (1, 2, 1500),
        (2, 2, 1500),
    ]
    assert {(part["reason"], part["prev_seq"]) for part in parts} == {("resync", 7)}
