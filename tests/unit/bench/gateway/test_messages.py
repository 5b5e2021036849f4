import json
import shutil
import subprocess

import msgspec
import pytest

from ledgerflux.bench.gateway.messages import (
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
from ledgerflux.bench.peer_scripts import ticking
from ledgerflux.bench.peers import SCRIPTS
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.sharding import partition_of
from ledgerflux.model.units import parse_time_ns
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


def test_others_send_what_ours_sends_byte_for_byte(tmp_path):
    path = tmp_path / "made.json"
    path.write_bytes(templates(NARROW, TIME_NS))
    messages = ticking.Messages(path)
    for seq in (FIRST_SEQ + 1, FIRST_SEQ + 2):
        made = messages.next(PRODUCTS_COUNT)
        at_ns = parse_time_ns(made[0]["ts_publish"])
        theirs = [json.dumps(message, separators=(",", ":")).encode() for message in made]
        ours = []
        for batch in updates([seq] * PRODUCTS_COUNT, NARROW, at_ns):
            stream = streams()[batch.product]
            stream.publish_ns = at_ns
            ours.append(gateway_frames.data(stream, batch, made[len(ours)]["checksum"]))
            check(ours[-1])
        assert theirs == ours == [msgspec.json.encode(message) for message in made]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_servers_in_javascript_send_the_same(tmp_path):
    path = tmp_path / "made.json"
    path.write_bytes(templates(NARROW, TIME_NS))
    script = f"""
        require({json.dumps(str(SCRIPTS / "ticking.cjs"))}).obey(0, (messages) =>
            process.stdout.write(JSON.stringify(messages) + "\\n"));
    """
    command = ["node", "-e", script, "script", str(path)]
    done = subprocess.run(
        command, input="10 1 1\n", capture_output=True, text=True, check=True, timeout=30
    )
    [made] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    theirs = ticking.Messages(path).next(PRODUCTS_COUNT)
    for message in (*made, *theirs):
        message["ts_publish"] = message["data"][0]["ts_exchange"] = ""
        message["data"][0]["ts_receive"] = ""
    assert made == json.loads(json.dumps(theirs))


def test_only_as_many_products_as_there_are_seqs():
    assert [batch.product for batch in updates([7], NARROW, TIME_NS)] == [PRODUCTS[0]]
