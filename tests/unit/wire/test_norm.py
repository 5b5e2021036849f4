import contextlib
import itertools
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.errors import LogError
from ledgerflux.model.stream import Level2Snapshot, Level2Update, Made, StatusEvent, TradeEvent
from ledgerflux.wire.norm import Batch, batches, pack, received_ns, unpack

AT = "2026-08-09T05:23:42.223540862Z"


def status(seq, product="BTC-USD", epoch="r1"):
    return Made(product, "status", "status", epoch, StatusEvent(seq, "live", "snapshot", AT))


def trade(seq, product="BTC-USD", epoch="r1"):
    event = TradeEvent(seq, 10 + seq, "1.50", "2", "buy", "BUY", None, AT)
    return Made(product, "trades", "trade", epoch, event)


def update(seq, product="BTC-USD", epoch="r1"):
    event = Level2Update(seq, AT, AT, [("buy", "1.50", "0")])
    return Made(product, "level2", "update", epoch, event)


streams = st.tuples(
    st.sampled_from([status, trade, update]),
    st.sampled_from(["BTC-USD", "ETH-USD"]),
    st.sampled_from(["r1", "r2"]),
)


@st.composite
def events(draw):
    """Events of several streams, mixed, each stream numbered from 1."""
    seqs: dict[tuple, int] = {}
    made = []
    for make, product, epoch in draw(st.lists(streams, max_size=25)):
        key = (make, product, epoch)
        seqs[key] = seqs.get(key, 0) + 1
        made.append(make(seqs[key], product, epoch))
    return made


def test_consecutive_events_of_one_stream_are_one_batch():
    made = [update(1), update(2), trade(1), update(3), update(1, "ETH-USD"), update(1, epoch="r2")]
    found = [(b.product, b.channel, b.type, b.epoch, b.first_seq, b.items) for b in batches(made)]
    assert found == [
        ("BTC-USD", "level2", "update", "r1", 1, 2),
        ("BTC-USD", "trades", "trade", "r1", 1, 1),
        ("BTC-USD", "level2", "update", "r1", 3, 1),
        ("ETH-USD", "level2", "update", "r1", 1, 1),
        ("BTC-USD", "level2", "update", "r2", 1, 1),
    ]


def test_the_bytes_are_the_array_that_clients_get():
    (batch,) = batches([update(7)])
    assert batch.body == (
        b'[{"seq":7,"ts_exchange":"%b","ts_receive":"%b","changes":[["buy","1.50","0"]]}]'
        % (AT.encode(), AT.encode())
    )
    assert batch.last_seq == 7


def test_nothing_made_is_no_batch_and_an_empty_body():
    assert batches([]) == []
    assert pack([]) == b"\n"
    assert unpack(b"\n") == []


@given(events())
def test_batches_hold_every_event_once_in_order(made):
    found = batches(made)
    told = []
    for batch in found:
        items = msgspec.json.decode(batch.body)
        assert len(items) == batch.items
        assert [item["seq"] for item in items] == list(range(batch.first_seq, batch.last_seq + 1))
        told += [(batch.product, batch.channel, batch.epoch, item["seq"]) for item in items]
    assert told == [(m.product, m.channel, m.epoch, m.event.seq) for m in made]
    assert all(one[:4] != two[:4] for one, two in itertools.pairwise(found))


@given(events())
def test_a_body_gives_back_its_batches(made):
    found = batches(made)
    assert unpack(pack(found)) == found


def test_the_index_tells_what_to_skip_without_parsing():
    body = pack(batches([update(1), update(2), trade(5)]))
    index, _, rest = body.partition(b"\n\n")
    lines = index.decode().splitlines()
    sizes = [int(line.split(" ")[4]) for line in lines]
    assert lines == [
        f"BTC-USD level2 update 2 {sizes[0]} 1 r1",
        f"BTC-USD trades trade 1 {sizes[1]} 5 r1",
    ]
    assert json.loads(rest[: sizes[0]])[1]["seq"] == 2
    assert json.loads(rest[sizes[0] :])[0]["trade_id"] == 15


def test_a_body_may_hold_empty_lines():
    batch = Batch("BTC-USD", "status", "status", "r1", 1, 1, b"[\n\n{}\n\n]")
    assert unpack(pack([batch, batch])) == [batch, batch]


@given(events().filter(bool), st.data())
def test_a_body_cut_anywhere_is_refused(made, data):
    body = pack(batches(made))
    with pytest.raises(LogError):
        unpack(body[: data.draw(st.integers(0, len(body) - 1))])


@given(events(), st.binary(min_size=1, max_size=9))
def test_bytes_that_no_index_line_names_are_refused(made, extra):
    with pytest.raises(LogError, match="no index line names"):
        unpack(pack(batches(made)) + extra)


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"", "no index"),
        (b"BTC-USD level2 update 1 2 1 r1\n", "no index"),
        (b"BTC-USD level2 update 1 2 1\n\n[]", "can't be read"),
        (b"BTC-USD level2 update 1 2 1 r1 x\n\n[]", "can't be read"),
        (b"BTC-USD level2 update 1 two 1 r1\n\n[]", "can't be read"),
        (b"BTC-USD level2 update 1 2 one r1\n\n[]", "can't be read"),
        (b"BTC-USD level2 update 1 -1 1 r1\n\n[]", "cut short"),
        (b"BTC-USD level2 update 1 3 1 r1\n\n[]", "cut short"),
        (b"\xff level2 update 1 2 1 r1\n\n[]", "can't be read"),
    ],
)
def test_an_index_that_is_none_is_refused(body, cause):
    with pytest.raises(LogError, match=cause):
        unpack(body)


@given(st.binary(max_size=80))
def test_no_bytes_do_anything_but_be_read_or_be_refused(body):
    for whole in (body, body + b"\n\n", b"\n" + body):
        with contextlib.suppress(LogError):
            assert all(isinstance(batch, Batch) for batch in unpack(whole))


@pytest.mark.parametrize("make", [status, trade, update])
def test_a_body_tells_when_its_first_frame_was_received(make):
    assert received_ns(batches([make(1), trade(2)])) == 1_786_253_022_223_540_862


def test_a_body_without_a_time_near_its_start_tells_none():
    assert received_ns([]) is None
    body = b'[{"seq":1,"bids":[%b],"ts_receive":"%b"}]' % (b" " * 300, AT.encode())
    far = Batch("BTC-USD", "level2", "snapshot", "r1", 1, 1, body)
    assert received_ns([far]) is None
    assert received_ns([far._replace(body=b'[{"ts_receive":"soon"}]')]) is None
    snapshot = Level2Snapshot(1, AT, AT, "resync", [], [])
    made = batches([Made("BTC-USD", "level2", "snapshot", "r1", snapshot)])
    assert received_ns(made) == received_ns(batches([update(1)]))
