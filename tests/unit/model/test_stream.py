import typing

import msgspec
import pytest

from ledgerflux.model.stream import (
    BookState,
    ChannelName,
    EventType,
    Gap,
    Level2Snapshot,
    Level2Update,
    Made,
    StatusEvent,
    StreamEvent,
    TickerEvent,
    TradeEvent,
)

AT = "2026-08-09T05:23:42.223540862Z"

WRITTEN = [
    (
        Level2Update(7, None, AT, [("buy", "64699.50", "0.00000000")]),
        (
            f'{{"seq":7,"ts_exchange":null,"ts_receive":"{AT}",'
            '"changes":[["buy","64699.50","0.00000000"]]}'
        ),
    ),
    (
        Level2Update(7, AT, AT, [], src_seq=0),
        f'{{"seq":7,"ts_exchange":"{AT}","ts_receive":"{AT}","changes":[],"src_seq":0}}',
    ),
    (
        Level2Snapshot(1, None, AT, "subscribe", [("1.50", "2")], [], src_seq=4),
        (
            f'{{"seq":1,"ts_exchange":null,"ts_receive":"{AT}","reason":"subscribe",'
            '"bids":[["1.50","2"]],"asks":[],"src_seq":4}'
        ),
    ),
    (
        Gap(3, AT, "upstream", "suspect"),
        f'{{"seq":3,"ts_receive":"{AT}","cause":"upstream","state":"suspect"}}',
    ),
    (
        Gap(3, AT, "upstream", "live", "why", missing=2, from_id=5, to_id=6),
        (
            f'{{"seq":3,"ts_receive":"{AT}","cause":"upstream","state":"live","detail":"why",'
            '"missing":2,"from_id":5,"to_id":6}'
        ),
    ),
    (
        TradeEvent(1, 2**53, "1.50", "2", "buy", "SELL", None, AT),
        (
            '{"seq":1,"trade_id":9007199254740992,"price":"1.50","size":"2","side":"buy",'
            f'"raw_side":"SELL","ts_exchange":null,"ts_receive":"{AT}"}}'
        ),
    ),
    (
        TickerEvent(1, None, AT, None, None, "1.5", "2", None, None, derived=True),
        (
            f'{{"seq":1,"ts_exchange":null,"ts_receive":"{AT}","price":null,"size":null,'
            '"bid":"1.5","bid_size":"2","ask":null,"ask_size":null,"derived":true}'
        ),
    ),
    (
        StatusEvent(1, "live", "snapshot", AT),
        f'{{"seq":1,"state":"live","reason":"snapshot","ts_receive":"{AT}"}}',
    ),
]


@pytest.mark.parametrize(("event", "written"), WRITTEN)
def test_an_event_is_written_in_the_order_of_its_fields(event, written):
    assert msgspec.json.encode(event).decode() == written


@pytest.mark.parametrize(("event", "written"), WRITTEN)
def test_an_event_is_read_back_as_it_was(event, written):
    assert msgspec.json.decode(written, type=type(event)) == event


@pytest.mark.parametrize("event", [event for event, _ in WRITTEN])
def test_an_event_can_not_be_changed(event):
    with pytest.raises(AttributeError):
        event.seq = 9


def test_every_kind_of_event_has_a_written_example():
    assert {type(event) for event, _ in WRITTEN} == set(typing.get_args(StreamEvent))


def test_the_words_of_the_streams_are_those_of_the_design():
    told = {"level2", "trades", "ticker", "status"}
    assert set(typing.get_args(ChannelName)) == told | {"candles"}
    assert set(typing.get_args(BookState)) == {
        "init", "syncing", "live", "suspect", "resyncing", "stale", "halted",
    }  # fmt: skip
    assert set(typing.get_args(EventType)) == {
        "update", "snapshot", "gap", "trade", "ticker", "status",
    }  # fmt: skip


def test_the_first_four_fields_of_what_was_made_name_its_run_of_events():
    event = StatusEvent(1, "live", "snapshot", AT)
    made = Made("BTC-USD", "status", "status", "r1", event)
    assert made[:4] == ("BTC-USD", "status", "status", "r1")
    assert made.event is event
