"""Each message's bytes, and that they are what `gateway_messages` describes."""

import json

import pytest
from streams import TIME, Numbered

from ledgerflux.core.limits import Limits
from ledgerflux.core.parting import Goodbye
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.request_desk import Refusal
from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import Heads, Missing
from ledgerflux.core.terms import Terms
from ledgerflux.core.throttling import Throttled
from ledgerflux.wire import gateway_frames as frames
from ledgerflux.wire.gateway_messages import check
from ledgerflux.wire.replay_status import NO_REPLAY
from ledgerflux.wire.status import Counts, Status

EPOCH = "run 1"


@pytest.fixture
def stream() -> ProductStream:
    return ProductStream(
        "coinbase-exchange", "BTC-USD", integrity="sequence", integrity_rule="sequence:connection"
    )


def read(message: bytes) -> dict:
    check(message)
    return json.loads(message)


ENVELOPE = {"venue": "coinbase-exchange", "product_id": "BTC-USD", "epoch": "run1"}


def test_a_batch_becomes_one_message_with_its_events_unparsed(stream):
    source = Numbered()
    [_, _, batch] = source.snapshot().update().update().take()
    stream.publish_ns = 1_700_000_000_123_456_789
    message = frames.data(stream, batch, 7)
    assert batch.body in message
    assert read(message) == {
        "channel": "level2",
        "type": "update",
        **ENVELOPE,
        "prev_seq": 1,
        "seq": 3,
        "ts_publish": "2023-11-14T22:13:20.123456789Z",
        "checksum": 7,
        "data": json.loads(batch.body),
    }


def test_every_kind_of_event_is_as_described(stream):
    source = Numbered().trade().ticker().status("halted").update()
    for batch in source.take():
        checksum = 0 if batch.channel == "level2" else None
        assert read(frames.data(stream, batch, checksum))["channel"] == batch.channel


def test_the_latest_ticker_is_a_message_of_one_event(stream):
    source = Numbered()
    for batch in source.ticker("1").ticker("2").take():
        stream.apply(batch, 0)
    position, event = stream.latest("ticker")
    message = read(frames.latest(stream, "ticker", position, event, 1))
    assert (message["prev_seq"], message["seq"], len(message["data"])) == (1, 2, 1)


def test_a_ticker_that_applies_from_anywhere_follows_nothing(stream):
    for batch in Numbered().ticker("1").take():
        stream.apply(batch, 0)
    position, event = stream.latest("ticker")
    assert read(frames.latest(stream, "ticker", position, event, None))["prev_seq"] is None


def test_a_variant_tells_what_changed_and_what_it_left_out(stream):
    element = {"ts_exchange": None, "ts_receive": TIME, "changes": [("buy", "1", "2")]}
    before, after = Position("run1", 4), Position("run1", 9)
    message = read(frames.changes(stream, before, after, [element], 2**32 - 1))
    assert (message["prev_seq"], message["seq"], message["checksum"]) == (4, 9, 2**32 - 1)
    assert message["data"] == [{**element, "changes": [["buy", "1", "2"]]}]


def test_a_state_without_events_stands_at_seq_zero(stream):
    position, event = stream.latest("status")
    message = read(frames.latest(stream, "status", position, event, 0))
    assert (message["prev_seq"], message["seq"]) == (0, 0)


def test_a_gap_says_all_that_is_known(stream):
    missing = Missing("trades", "run1", 5, 9, "upstream", "live", 'a "hole"', 3, 70, 72)
    assert read(frames.gap(stream, missing)) == {
        "channel": "trades",
        "type": "gap",
        **ENVELOPE,
        "from_seq": 5,
        "to_seq": 9,
        "cause": "upstream",
        "next": "live",
        "detail": 'a "hole"',
        "state": "live",
        "missing": 3,
        "from_id": 70,
        "to_id": 72,
        "ts_publish": "1970-01-01T00:00:00.000000000Z",
    }


def test_a_gap_of_trades_that_are_kept_says_where(stream):
    for batch in Numbered().trade().trade().take():
        stream.apply(batch, 0)
    message = read(frames.gap(stream, Missing("trades", "run1", 1, 2, "slow_consumer", "live")))
    assert message["backfill"] == "/v1/products/BTC-USD/trades?epoch=run1&from_seq=1&to_seq=2"


def test_after_a_gap_of_the_book_a_snapshot_comes(stream):
    gap = frames.gap(stream, Missing("level2", "run1", 1, 0, "epoch", "init"))
    assert read(gap)["next"] == "snapshot"


def test_a_part_of_a_snapshot_says_what_proves_the_book(stream):
    source = Numbered()
    for batch in source.snapshot().take():
        stream.apply(batch, 1)
    message = read(frames.part(stream.snapshot(), 1, "resync", 0))
    bids, asks = message.pop("bids"), message.pop("asks")
    assert (bids[0], asks[0]) == (["100.5", "1"], ["101", "3"])
    assert message == {
        "channel": "level2",
        "type": "snapshot",
        **ENVELOPE,
        "prev_seq": 0,
        "seq": 1,
        "depth": "full",
        "checksum": stream.checksum(),
        "part": 1,
        "parts": 1,
        "state": "live",
        "integrity": "sequence",
        "integrity_rule": "sequence:connection",
        "reason": "resync",
        "ts_exchange": TIME,
        "ts_receive": TIME,
        "ts_publish": "1970-01-01T00:00:00.000000001Z",
    }


def test_an_epoch_with_any_characters_stays_valid_json(stream):
    message = frames.gap(stream, Missing("level2", 'q"\\', 1, 0, "epoch", "init"))
    assert read(message)["epoch"] == 'q"\\'


def test_a_heartbeat_tells_where_each_product_stands():
    message = read(frames.heartbeat("v", {"BTC-USD": Heads("e", 5, 6, "live", "none")}, 7, 0))
    assert message["counter"] == 7
    assert message["heads"] == {
        "BTC-USD": {"epoch": "e", "level2": 5, "trades": 6, "state": "live", "integrity": "none"}
    }


def test_the_welcome_tells_the_limits():
    welcome = frames.welcome(
        connection_id="c-1",
        server="ledgerflux/0",
        now_ns=0,
        venue="v",
        source="synthetic:200",
        system="degraded",
        limits=Limits()._asdict(),
    )
    told = read(welcome)
    assert told["limits"]["message_bytes_max"] == 16384
    assert (told["system"], told["ping_interval_ms"]) == ("degraded", 20_000)


def test_answers_carry_the_request_and_its_times():
    granted = frames.subscribed(
        "level2",
        {"BTC-USD": Position("e", 5)},
        venue="v",
        warnings=["odd"],
        request_id="q",
        times=(0, 1),
    )
    message = read(granted)
    assert message["req_id"] == "q"
    assert message["streams"] == {"BTC-USD": {"epoch": "e", "seq": 5}}
    assert (message["product_ids"], message["pattern"], message["depth"]) == (
        ["BTC-USD"],
        None,
        "full",
    )
    assert message["time_out"] == "1970-01-01T00:00:00.000000001Z"
    assert read(frames.pong(4, "n", (0, 1)))["nonce"] == "n"


def test_notices_answer_nothing():
    streams = {"BTC-USD": Position("e", 5)}
    joined = read(frames.subscribed("trades", streams, venue="v", patterns=["*-USD"]))
    assert (joined["req_id"], joined["time_in"], joined["pattern"]) == (None, None, "*-USD")
    several = read(frames.subscribed("trades", streams, venue="v", patterns=["*-USD", "B*"]))
    assert (several["pattern"], several["patterns"]) == (None, ["*-USD", "B*"])
    assert joined["depth"] is None
    gone = read(frames.unsubscribed("trades", ["BTC-USD"]))
    assert (gone["req_id"], gone["product_ids"]) == (None, ["BTC-USD"])


def test_a_subscription_to_beats_names_its_products():
    message = read(frames.subscribed("heartbeats", {}, venue="v", product_ids=["BTC-USD"]))
    assert message["product_ids"] == ["BTC-USD"]


def test_a_refusal_says_whether_and_when_to_try_again():
    message = read(frames.refused(Refusal("throttled", "wait", (), 250), 9))
    assert (message["retryable"], message["retry_after_ms"], message["req_id"]) == (True, 250, 9)
    message = read(frames.refused(Refusal("unknown_product", "no", ("X",)), None))
    assert (message["retryable"], message["product_ids"]) == (False, ["X"])
    assert read(frames.error("idle", "why"))["req_id"] is None


def test_the_state_of_the_stack_is_forwarded_as_it_is():
    status = Status(
        state="healthy",
        source="synthetic:1",
        durability="process",
        services=[],
        shards=[],
        stages=[],
        end_to_end=None,
        counts=Counts(exchange_sent=1, raw_frames=1, raw_gap_frames=0, norm_events=2, dlq=0),
        gaps=0,
        disk_bytes=5,
        clients=2,
        gateways=[],
        heads={},
        replay=NO_REPLAY,
        problems=[],
    )
    message = frames.system(status.to_json())
    assert check(message).data == status
    assert read(message)["data"]["schema"] == "lf.status/1"


def test_a_goodbye_says_whether_to_come_back_and_when():
    told = read(frames.goodbye(Goodbye(1012, "restart", True, 1730)))
    assert (told["code"], told["reconnect"], told["reconnect_after_ms"]) == (1012, True, 1730)
    assert read(frames.goodbye(Goodbye(4505, "idle", False, None)))["reconnect_after_ms"] is None


def test_a_warning_says_what_is_refused_or_left_out():
    told = read(frames.throttled(Throttled("requests", "refusing", 10, 100, 10)))
    assert (told["mode"], told["retry_after_ms"], told["refusals_left"]) == ("refusing", 100, 10)
    assert read(frames.throttled(Throttled("output", "ended", 7)))["dropped"] == 7


def test_bars_are_spliced_unparsed_and_their_subscription_names_the_interval(stream):
    for batch in Numbered().trade().take():
        stream.apply(batch, 1_700_000_000_000_000_000)
    [bar] = stream.candles.line("1h").newest_events()
    raw = json.dumps(
        {name: getattr(bar, name) for name in bar.__struct_fields__}, separators=(",", ":")
    ).encode()
    message = read(frames.candles(stream, "1h", Position(EPOCH, 7), raw, 5))
    assert (message["channel"], message["type"], message["interval"]) == ("candles", "candle", "1h")
    assert (message["prev_seq"], message["seq"], message["epoch"]) == (5, 7, EPOCH)
    assert [told["vwap"] for told in message["data"]] == ["100.75"]
    terms = Terms(interval="1h")
    granted = read(frames.subscribed("candles", {}, venue="v", terms=terms, on_slow="snapshot"))
    assert (granted["interval"], granted["depth"]) == ("1h", None)
