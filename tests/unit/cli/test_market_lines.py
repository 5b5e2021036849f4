import json

import pytest
from streams import Numbered

from ledgerflux.client import Mirror, Missed, Reconnected
from ledgerflux.core.candle_variant import CandleVariant
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import Heads, Missing
from ledgerflux.core.terms import Terms
from ledgerflux.wire import gateway_frames as frames
from ledgerflux.wire.gateway_reading import Follower, read_message
from ledgerflux_cli.market_lines import book_lines, message_lines, reconnected_line


def stream(integrity="none"):
    return ProductStream("v", "BTC-USD", integrity=integrity, integrity_rule=integrity)


def lines_of(raw, mirror=None):
    return message_lines(read_message(raw), mirror)


def document(**changed):
    return {
        "product_id": "BTC-USD",
        "venue": "coinbase-exchange",
        "seq": 7,
        "state": "live",
        "integrity": "none",
        "bids": [["100.5", "1"], ["100", "2.50"]],
        "asks": [["101", "3"]],
        **changed,
    }


def texts(lines):
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def test_a_book_is_a_table_with_the_best_on_top_and_says_that_nothing_proves_it():
    assert texts(book_lines(document())) == [
        "BTC-USD  coinbase-exchange  seq 7  live  unproven",
        "BID SIZE    BID  ASK  ASK SIZE",
        "       1  100.5  101  3",
        "    2.50    100",
    ]


def test_a_book_says_its_proof_and_that_it_is_not_live():
    lines = book_lines(document(state="stale", integrity="sequence", bids=[], asks=[]))
    assert texts(lines)[0] == "BTC-USD  coinbase-exchange  seq 7  stale  proof sequence"
    assert ("stale", "bad") in lines[0]
    assert len(lines) == 2


def test_a_book_with_more_asks_leaves_the_bids_empty():
    assert texts(book_lines(document(bids=[])))[2] == "               101  3"


def test_a_bar_says_what_it_is_not():
    terms = Terms(interval="1m")
    source, made = Numbered(), stream()
    for batch in source.trade("100").trade("7").take():
        made.apply(batch, 1)
    position, events = CandleVariant(made, terms, frames).latest("candles")
    (line,) = lines_of(frames.candles(made, "1m", position, events, 2))
    assert line.endswith(
        "2  2024-01-02T03:04Z  o 100  h 100  l 7  c 7  volume 0.2 in 2  open  NOT WHOLE"
    )
    events = events.replace(b'"closed":false,"whole":false', b'"closed":true,"whole":true')
    (line,) = lines_of(frames.candles(made, "1m", position, events, 2))
    assert line.endswith("in 2")


def snapshot_and_update(integrity="none"):
    source, gateway, follower = Numbered(), stream(integrity), Follower()
    follower.take(
        read_message(frames.subscribed("level2", {"BTC-USD": Position("run1", 0)}, venue="v"))
    )
    [snapshot, _] = source.snapshot().take()
    gateway.apply(snapshot, 1)
    part = frames.part(gateway.snapshot(), 1, "subscribe", None)
    follower.take(read_message(part))
    mirror = follower.mirrors["level2", "BTC-USD"]
    [update] = source.update().take()
    return part, frames.data(gateway, update, gateway.checksum()), mirror


def test_a_snapshot_tells_the_top_and_its_proof():
    part, _, mirror = snapshot_and_update()
    [line] = lines_of(part, mirror)
    assert line.startswith("00:00:00.000 BTC-USD   level2")
    assert line.endswith("whole book (subscribe)  bid 100.5 x 1  ask 101 x 3  live unproven")
    part, _, mirror = snapshot_and_update("sequence")
    assert lines_of(part, mirror)[0].endswith("live proof sequence")


def test_of_a_snapshot_in_parts_only_the_last_is_a_line():
    part, _, mirror = snapshot_and_update()
    first = json.loads(part) | {"part": 1, "parts": 2}
    assert lines_of(json.dumps(first).encode(), mirror) == []


def test_an_update_tells_how_much_changed_and_a_book_that_is_not_live():
    _, update, mirror = snapshot_and_update()
    assert lines_of(update, mirror)[0].endswith("2    1 changed  bid 100.5 x 1  ask 101 x 3")
    mirror.state = "suspect"
    assert lines_of(update, mirror)[0].endswith("ask 101 x 3  suspect")
    assert lines_of(update, Mirror())[0].endswith("bid -  ask -  init")
    assert lines_of(update)[0].endswith("1 changed  ")


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda s: s.trade(), "1  buy  0.1 at 100.75  id 1"),
        (lambda s: s.ticker(), "1  100.75  bid 100  ask 101  derived"),
        (lambda s: s.status("halted"), "1  halted  told"),
    ],
)
def test_trades_tickers_and_states_are_one_line_each(make, line):
    [batch] = make(Numbered()).take()
    [text] = lines_of(frames.data(stream(), batch, None))
    assert text.endswith(line)
    assert "BTC-USD" in text


def test_a_gap_says_what_is_missing_and_why():
    def gap(*fields):
        return lines_of(frames.gap(stream(), Missing(*fields)))[0]

    assert gap("trades", "e", 5, 9, "upstream", "live", "a hole", 3, 7, 9).endswith(
        "GAP 5..9 carry no data: upstream (a hole), trade ids 7..9; the book is live"
    )
    assert gap("level2", "e", 5, 4, "store", "stale").endswith(
        "GAP no update missing: store; the book is stale"
    )


def test_beats_are_lines_too():
    heads = {"BTC-USD": Heads("e", 5, 6, "live", "none")}
    [line] = lines_of(frames.heartbeat("v", heads, 1, 0))
    assert line.endswith("head            5  live")
    [line] = lines_of(frames.system(b'{"state":"degraded","problems":["a","b"]}'))
    assert line == "system degraded: a; b"


def test_what_answers_a_request_is_no_line():
    assert lines_of(frames.subscribed("system", {}, venue="v")) == []
    assert lines_of(frames.unsubscribed("trades", ["BTC-USD"])) == []
    assert lines_of(frames.error("idle", "why")) == []


def test_a_new_connection_tells_what_was_missed():
    missed = Missed("trades", "BTC-USD", "e", 4, 8, "reconnect")
    assert reconnected_line(Reconnected("ws://x", 0, (missed,))).endswith(
        "ws://x; missed: BTC-USD trades 4..8"
    )
    assert reconnected_line(Reconnected("ws://x", 0, ())).endswith("missed: nothing")
