import json

import pytest

from ledgerflux.client.streams import Missed, Streams, Wanted
from ledgerflux.errors import IntegrityError
from ledgerflux.wire.gateway_reading import read_message


def subscribed(channel, seq, epoch="e"):
    streams = {"BTC-USD": {"epoch": epoch, "seq": seq}}
    return message(type="subscribed", channel=channel, streams=streams)


def trade(prev_seq, seq):
    return message(
        type="trade",
        channel="trades",
        product_id="BTC-USD",
        epoch="e",
        prev_seq=prev_seq,
        seq=seq,
    )


def gap(from_seq, to_seq, channel="trades", epoch="e"):
    return message(
        type="gap",
        channel=channel,
        product_id="BTC-USD",
        epoch=epoch,
        from_seq=from_seq,
        to_seq=to_seq,
        cause="slow_consumer",
        state="live",
    )


def message(**fields):
    return read_message(json.dumps(fields).encode())


def make(*, strict=False):
    told = []
    return Streams(strict=strict, on_gap=told.append), told


def test_a_request_says_only_what_is_asked_for():
    assert Wanted("trades", ("A-B",)).params(None) == {"channel": "trades", "product_ids": ["A-B"]}
    assert Wanted("level2", None, snapshot=False).params("v") == {
        "channel": "level2",
        "product_ids": ["*"],
        "venue": "v",
        "snapshot": False,
        "depth": "full",
    }
    asked = Wanted("level2", ("A-B",), depth=10, conflate="1s")
    assert asked.params(None) == {
        "channel": "level2",
        "product_ids": ["A-B"],
        "depth": 10,
        "conflate": "1s",
    }
    assert asked.named(None) == {"channel": "level2", "product_ids": ["A-B"]}
    assert Wanted("system", None).params(None) == {"channel": "system"}
    assert Wanted("candles", None, interval="5m").params(None)["interval"] == "5m"
    assert Wanted("level2", None, on_slow="gap").params(None)["on_slow"] == "gap"


def test_one_stream_is_asked_for_as_it_was():
    streams, _ = make()
    streams.add(Wanted("trades", None))
    streams.add(Wanted("level2", ("A-B", "C-D"), depth=10))
    assert streams.again(("level2", "C-D")) == Wanted("level2", ("C-D",), depth=10)
    assert streams.again(("trades", "A-B")) == Wanted("trades", ("A-B",))
    assert streams.again(("ticker", "A-B")) == Wanted("ticker", ("A-B",))


def test_what_is_left_is_not_asked_for_again():
    streams, _ = make()
    streams.add(Wanted("trades", ("A-B", "C-D")))
    streams.add(Wanted("level2", None))
    streams.remove("trades", ["A-B"])
    assert streams.wanted == [Wanted("trades", ("C-D",)), Wanted("level2", None)]
    streams.remove("level2", ["A-B"])
    streams.remove("trades", ["C-D"])
    assert streams.wanted == [Wanted("level2", None)]
    streams.remove("level2", None)
    assert streams.wanted == []


def test_gaps_are_told_as_they_come():
    streams, told = make()
    streams.take(subscribed("trades", 3))
    streams.take(trade(3, 4))
    streams.take(gap(5, 9))
    assert told == [Missed("trades", "BTC-USD", "e", 5, 9, "slow_consumer")]


def test_a_loss_nobody_announced_is_counted_once_until_it_is_mended():
    streams, _ = make()
    streams.take(subscribed("trades", 3))
    streams.take(trade(4, 5))
    streams.take(trade(5, 6))
    assert streams.violations_total == 1
    assert streams.broken == {("trades", "BTC-USD"): False}
    streams.take(subscribed("trades", 6))
    assert streams.broken == {}
    streams.take(trade(6, 7))
    assert streams.violations_total == 1


def test_strict_means_the_first_such_loss_is_an_error():
    streams, _ = make(strict=True)
    streams.take(subscribed("trades", 3))
    with pytest.raises(IntegrityError, match="BTC-USD trades"):
        streams.take(trade(4, 5))


def test_messages_of_no_stream_change_nothing():
    streams, told = make()
    streams.take(message(type="pong"))
    assert (streams.books, told) == ({}, [])


def test_what_passed_between_two_connections_is_told():
    streams, told = make()
    for channel in ("trades", "ticker", "status"):
        streams.take(subscribed(channel, 3))
    streams.lost()
    streams.take(subscribed("trades", 8))
    streams.take(subscribed("ticker", 3))
    streams.take(subscribed("status", 2))
    missed = Missed("trades", "BTC-USD", "e", 4, 8, "reconnect")
    assert streams.resumed() == (missed,)
    assert told == [missed]
    assert streams.resumed() == ()


def test_another_epoch_between_two_connections_is_told():
    streams, told = make()
    streams.take(subscribed("trades", 3))
    streams.lost()
    streams.take(subscribed("trades", 0, epoch="f"))
    assert told == [Missed("trades", "BTC-USD", "f", 1, 0, "epoch")]


def test_a_second_loss_counts_from_where_the_first_one_was():
    streams, _ = make()
    streams.take(subscribed("trades", 3))
    streams.lost()
    streams.lost()
    streams.take(subscribed("trades", 5))
    assert [missed.from_seq for missed in streams.resumed()] == [4]


def test_what_an_unfinished_try_found_missing_is_told_with_the_next():
    streams, _ = make()
    streams.take(subscribed("trades", 3))
    streams.take(subscribed("ticker", 3))
    streams.lost()
    streams.take(subscribed("trades", 5))
    streams.lost()
    streams.take(subscribed("trades", 5))
    streams.take(subscribed("ticker", 4))
    assert [(missed.channel, missed.to_seq) for missed in streams.resumed()] == [
        ("trades", 5),
        ("ticker", 4),
    ]


def test_patterns_are_left_by_name_and_leave_the_ids_they_match():
    streams = Streams(strict=False, on_gap=None)
    streams.add(Wanted("trades", ("BTC-USD", "*-EUR", "ETH-USD")))
    streams.add(Wanted("ticker", ("BTC-*",)))
    streams.remove("trades", ["BTC-*", "*-EUR"])
    assert streams.wanted == [Wanted("trades", ("ETH-USD",)), Wanted("ticker", ("BTC-*",))]
    streams.remove("trades", ["*"])
    assert streams.wanted == [Wanted("ticker", ("BTC-*",))]


def test_books_are_the_level2_streams_and_none_is_live_without_a_connection():
    streams, _ = make()
    streams.take(subscribed("level2", 0))
    streams.take(subscribed("trades", 0))
    snapshot = message(
        type="snapshot",
        channel="level2",
        product_id="BTC-USD",
        epoch="e",
        seq=1,
        reason="subscribe",
        state="live",
        bids=[["1", "1"]],
    )
    streams.take(snapshot)
    assert list(streams.books) == ["BTC-USD"]
    assert streams.books["BTC-USD"].live
    streams.lost()
    assert not streams.books["BTC-USD"].live


def test_a_stream_that_was_never_at_a_place_is_no_loss():
    streams, told = make()
    streams.take(trade(4, 5))
    streams.lost()
    streams.take(subscribed("trades", 9))
    assert told == []


def test_without_a_listener_gaps_are_followed_all_the_same():
    streams = Streams(strict=False, on_gap=None)
    streams.take(subscribed("trades", 3))
    streams.take(gap(4, 5))
    streams.take(trade(5, 6))
    assert streams.violations_total == 0


def test_a_new_connection_is_asked_to_go_on_where_the_old_one_ended():
    streams, told = make()
    wanted = Wanted("trades", None)
    streams.add(wanted)
    streams.take(subscribed("trades", 4))
    assert "resume" not in streams.anew(wanted, None)
    streams.lost()
    params = streams.anew(wanted, None)
    assert params["resume"] == {"BTC-USD": {"epoch": "e", "seq": 4}}
    assert "resume" not in streams.anew(Wanted("ticker", None), None)
    streams.take(
        message(
            type="subscribed",
            channel="trades",
            streams={"BTC-USD": {"epoch": "e", "seq": 4}},
            recovered={"BTC-USD": True},
            via={"BTC-USD": "replay"},
        )
    )
    streams.take(trade(4, 5))
    assert (streams.resumed(), told, streams.violations_total) == ((), [], 0)
