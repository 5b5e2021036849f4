import json

import pytest
from streams import Numbered

from ledgerflux.core.candle_variant import CandleVariant
from ledgerflux.core.frame import Frame
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.replay_ring import ReplayRing
from ledgerflux.core.snapshot import Position
from ledgerflux.core.subscription import Subscription
from ledgerflux.core.terms import Terms
from ledgerflux.wire import gateway_frames


@pytest.fixture
def source() -> Numbered:
    return Numbered()


@pytest.fixture
def stream(source: Numbered) -> ProductStream:
    made = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    feed(made, source.snapshot().trade().ticker())
    return made


def feed(stream: ProductStream, source: Numbered) -> None:
    for batch in source.take():
        stream.apply(batch, 1)


def advance(subscription: Subscription):
    return [json.loads(message) for message in subscription.advance(gateway_frames)]


def frame(before: int, after: int, payload: bytes = b"{}") -> Frame:
    return Frame(Position("run1", before), Position("run1", after), payload)


def test_a_first_snapshot_has_no_gap_before_it(stream):
    subscription = Subscription(stream, "level2", None)
    subscription.fall_behind("slow_consumer", "subscribe")
    assert subscription.behind
    assert advance(subscription) == []
    [part] = advance(subscription)
    assert (part["type"], part["seq"], part["reason"]) == ("snapshot", 1, "subscribe")
    assert subscription.live
    assert subscription.position == Position("run1", 1)


@pytest.mark.parametrize(("cause", "reason"), [("store", "resync"), ("slow_consumer", "slow")])
def test_the_first_book_is_told_as_such_whatever_came_before_it(stream, cause, reason):
    subscription = Subscription(stream, "level2", None)
    subscription.fall_behind("slow_consumer", "subscribe")
    subscription.fall_behind(cause, reason)
    [first] = [*advance(subscription), *advance(subscription)]
    assert (first["type"], first["reason"]) == ("snapshot", "subscribe")
    subscription.fall_behind(cause, reason)
    [again] = [*advance(subscription), *advance(subscription)]
    assert (again["type"], again["reason"]) == ("snapshot", reason)


def test_behind_means_a_gap_up_to_the_snapshot_that_follows(stream, source):
    subscription = Subscription(stream, "level2", Position("run1", 1))
    subscription.fall_behind("slow_consumer", "slow")
    feed(stream, source.update().update())
    [gap] = advance(subscription)
    assert (gap["from_seq"], gap["to_seq"], gap["cause"]) == (2, 3, "slow_consumer")
    [part] = advance(subscription)
    assert (part["seq"], part["prev_seq"], part["reason"]) == (3, None, "slow")


def test_what_follows_a_snapshot_waits_for_its_last_part(stream):
    subscription = Subscription(stream, "level2", Position("run1", 0))
    assert subscription.load(stream.snapshot(), "resync", 0)
    subscription.wait(frame(1, 2, b'{"after":1}'))
    subscription.wait(frame(2, 3, b'{"after":2}'))
    assert subscription.waiting_bytes == 22
    assert advance(subscription)[0]["prev_seq"] == 0
    assert not subscription.live
    assert advance(subscription) == [{"after": 1}]
    assert not subscription.live
    assert advance(subscription) == [{"after": 2}]
    assert subscription.live
    assert subscription.waiting_bytes == 0
    assert subscription.position == Position("run1", 3)


def test_at_most_two_snapshots_wait(stream):
    subscription = Subscription(stream, "level2", Position("run1", 0))
    loads = [subscription.load(stream.snapshot(), "resync", 0) for _ in range(3)]
    assert loads == [True, True, False]


def test_snapshots_given_up_three_times_in_a_row_are_hopeless(stream):
    subscription = Subscription(stream, "level2", Position("run1", 0))
    for _ in range(3):
        assert not subscription.hopeless
        subscription.load(stream.snapshot(), "resync", 0)
        subscription.fall_behind("slow_consumer", "slow")
    assert subscription.hopeless
    while not subscription.live:
        advance(subscription)
    assert not subscription.hopeless


def test_trades_get_a_gap_and_go_on(stream, source):
    subscription = Subscription(stream, "trades", Position("run1", 1))
    subscription.fall_behind("slow_consumer", "slow")
    feed(stream, source.trade().trade())
    [gap] = advance(subscription)
    assert (gap["from_seq"], gap["to_seq"], gap["next"]) == (2, 3, "live")
    assert subscription.live
    assert subscription.hand_out(frame(3, 4)) == b"{}"


def test_trades_that_missed_nothing_get_nothing(stream):
    subscription = Subscription(stream, "trades", Position("run1", 1))
    subscription.fall_behind("slow_consumer", "slow")
    assert advance(subscription) == []
    assert subscription.live


def test_a_ticker_gets_the_latest_value_after_a_gap_up_to_it(stream, source):
    subscription = Subscription(stream, "ticker", Position("run1", 1))
    subscription.fall_behind("slow_consumer", "slow")
    feed(stream, source.ticker("7").ticker("8").ticker("9"))
    gap, latest = advance(subscription)
    assert (gap["from_seq"], gap["to_seq"]) == (2, 3)
    assert (latest["prev_seq"], latest["seq"], latest["data"][0]["price"]) == (3, 4, "9")
    assert subscription.position == Position("run1", 4)


def test_a_ticker_nobody_has_seen_is_a_gap_only(source):
    stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    subscription = Subscription(stream, "ticker", Position("run0", 5))
    subscription.fall_behind("store", "resync")
    [gap] = advance(subscription)
    assert (gap["epoch"], gap["from_seq"], gap["to_seq"], gap["cause"]) == ("", 1, 0, "epoch")


def test_nothing_new_still_tells_the_state(stream):
    subscription = Subscription(stream, "status", Position("run1", 1))
    subscription.fall_behind("store", "resync")
    [gap] = advance(subscription)
    assert (gap["from_seq"], gap["to_seq"], gap["state"]) == (2, 1, "live")
    assert subscription.position == Position("run1", 1)


def test_a_status_without_any_event_is_told_at_seq_zero():
    stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    subscription = Subscription(stream, "status", Position("", 0))
    subscription.fall_behind("slow_consumer", "subscribe")
    [status] = advance(subscription)
    assert (status["prev_seq"], status["seq"], status["data"][0]["state"]) == (0, 0, "init")


def test_another_epoch_is_a_gap_of_that_epoch(stream, source):
    subscription = Subscription(stream, "trades", Position("run1", 1))
    subscription.fall_behind("slow_consumer", "slow")
    feed(stream, source.begin("run2").trade())
    [gap] = advance(subscription)
    assert (gap["epoch"], gap["from_seq"], gap["to_seq"]) == ("run2", 1, 1)
    assert gap["cause"] == "epoch"


def test_a_frame_from_anywhere_moves_the_place(stream):
    subscription = Subscription(stream, "trades", Position("run1", 1))
    subscription.hand_out(Frame(None, Position("run2", 0), b""))
    assert subscription.position == Position("run2", 0)


def test_a_frame_that_does_not_continue_the_stream_is_a_bug(stream):
    subscription = Subscription(stream, "trades", Position("run1", 1))
    with pytest.raises(AssertionError):
        subscription.hand_out(frame(2, 3))


def test_a_large_book_goes_out_part_by_part(source):
    stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    feed(stream, source.snapshot([(str(price), "1") for price in range(1, 3001)], []))
    subscription = Subscription(stream, "level2", None)
    subscription.fall_behind("slow_consumer", "subscribe")
    advance(subscription)
    parts = []
    while not subscription.live:
        parts += advance(subscription)
    assert [(part["part"], part["parts"], len(part["bids"])) for part in parts] == [
        (1, 2, 1500),
        (2, 2, 1500),
    ]


def test_a_client_names_a_stream_and_those_who_share_it_name_how_much_of_it(stream):
    subscription = Subscription(stream, "level2", None, Terms(10, "1s"))
    assert subscription.whole == ("level2", "BTC-USD")
    assert subscription.key == ("level2", "BTC-USD", Terms(10, "1s"))


def test_a_book_asked_for_again_comes_after_what_waits(stream, source):
    subscription = Subscription(stream, "level2", Position("run1", 1))
    subscription.renew()
    assert not subscription.live
    feed(stream, source.update())
    subscription.wait(frame(1, 2))
    subscription.renew()
    subscription.renew()
    told = []
    while not subscription.live:
        told += advance(subscription)
    assert [(m.get("reason"), m.get("seq")) for m in told] == [
        ("requested", 1), (None, None), ("requested", 2),
    ]  # fmt: skip


def test_one_that_is_behind_gets_its_book_anyway(stream):
    subscription = Subscription(stream, "level2", Position("run1", 0))
    subscription.fall_behind("slow_consumer", "slow")
    subscription.renew()
    assert [message["type"] for message in advance(subscription)] == ["gap"]
    assert [message["reason"] for message in advance(subscription)] == ["slow"]
    assert subscription.live


def told_types(subscription):
    told = []
    while not subscription.live:
        told += advance(subscription)
    return [(message["type"], message.get("next") or message.get("reason")) for message in told]


def behind_in(stream, source, channel="level2", *, at=1, reason="slow"):
    subscription = Subscription(stream, channel, Position("run1", at), on_slow="gap")
    feed(stream, source.update())
    subscription.fall_behind("slow_consumer", reason)
    return subscription


def test_a_gap_alone_is_enough_for_who_asked_for_it(stream, source):
    subscription = behind_in(stream, source)
    assert subscription.skips
    assert told_types(subscription) == [("gap", "live")]
    assert (subscription.position, subscription.skips) == (Position("run1", 2), False)


def test_a_gap_alone_is_not_enough_for_a_new_epoch(stream, source):
    subscription = behind_in(stream, source)
    feed(stream, source.begin("run2").snapshot())
    assert told_types(subscription) == [("gap", "snapshot"), ("snapshot", "slow")]


def test_a_gap_alone_is_not_enough_where_a_book_was_on_its_way_or_is_asked_for(stream, source):
    subscription = Subscription(stream, "level2", Position("run1", 0), on_slow="gap")
    subscription.load(stream.snapshot(), "resync", 0)
    subscription.wait(frame(1, 2))
    assert subscription.fall_behind("slow_consumer", "slow") == 1
    assert told_types(subscription) == [("gap", "snapshot"), ("snapshot", "slow")]
    subscription = behind_in(stream, source)
    subscription.renew()
    assert told_types(subscription) == [("gap", "snapshot"), ("snapshot", "slow")]


def test_what_the_gateway_itself_lost_comes_with_the_state(stream, source):
    subscription = behind_in(stream, source, reason="resync")
    assert not subscription.skips
    assert told_types(subscription) == [("gap", "snapshot"), ("snapshot", "resync")]


@pytest.mark.parametrize(
    ("channel", "asked", "granted"),
    [("trades", None, "gap"), ("level2", None, "snapshot"), ("status", "disconnect", "disconnect")],
)
def test_what_happens_to_the_slow_fits_the_channel(stream, channel, asked, granted):
    subscription = Subscription(stream, channel, Position("run1", 1), on_slow=asked)
    assert (subscription.on_slow, subscription.name) == (granted, f"{channel} of BTC-USD")


def replaying(stream, *frames, size=1 << 20):
    ring = ReplayRing(size, size)
    for one in frames:
        ring.add(("trades", "BTC-USD"), one, 1)
    subscription = Subscription(stream, "trades", Position("run1", 0))
    subscription.fall_behind("slow_consumer", "slow")
    subscription.go_on(Position("run1", 0), ring)
    return subscription, ring


def test_a_replay_is_handed_out_message_by_message_to_its_head(stream):
    first, second = frame(0, 1, b'{"n":1}'), frame(1, 3, b'{"n":2}')
    subscription, _ = replaying(stream, first, second)
    assert (subscription.behind, subscription.live, subscription.replaying) == (False, False, True)
    assert subscription.has_in_replay(second)
    assert not subscription.has_in_replay(frame(1, 3))
    assert not subscription.has_in_replay(second._replace(before=None))
    assert advance(subscription) == [{"n": 1}]
    assert subscription.replaying
    assert advance(subscription) == [{"n": 2}]
    assert subscription.live
    assert not subscription.has_in_replay(second)


def test_a_replay_from_the_head_is_over_at_once(stream):
    subscription, ring = replaying(stream)
    ring.begin(("trades", "BTC-USD"), Position("run1", 0))
    assert advance(subscription) == []
    assert subscription.live


def test_a_replay_that_goes_faster_than_it_is_read_ends_in_a_gap(stream):
    subscription, ring = replaying(stream, frame(0, 1))
    ring.begin(("trades", "BTC-USD"), Position("run1", 1))
    assert advance(subscription) == []
    assert subscription.behind
    assert [message["type"] for message in advance(subscription)] == ["gap"]


def test_who_left_goes_on_with_no_replay(stream):
    subscription, ring = replaying(stream, frame(0, 1))
    subscription.leave()
    assert not subscription.replaying
    assert not subscription.goes_on_with(ring)


def test_the_rest_of_a_replay_may_wait(stream):
    subscription, ring = replaying(stream, frame(0, 1), frame(1, 2))
    assert subscription.gather() is None
    assert (subscription.waiting_bytes, subscription.replaying) == (4, False)
    subscription, ring = replaying(stream, frame(0, 1))
    ring.begin(("trades", "BTC-USD"), Position("run1", 1))
    assert subscription.gather() == ("slow_consumer", "slow")


def test_what_a_frame_is_to_a_client_that_was_further_elsewhere(stream):
    subscription = Subscription(stream, "trades", Position("run1", 3))
    assert subscription.is_further
    assert subscription.meets(frame(1, 3)) == "known"
    assert subscription.meets(frame(3, 4)) == "here"
    assert subscription.meets(frame(2, 4)) == "other"
    assert subscription.meets(frame(1, 1)) == "known"
    assert subscription.meets(frame(1, 3)._replace(before=None)) == "known"
    other = Position("run2", 0)
    assert subscription.meets(Frame(None, other, b"")) == "here"
    assert subscription.meets(Frame(other, Position("run2", 1), b"")) == "other"
    book = Subscription(stream, "level2", Position("run1", 3))
    assert book.meets(frame(1, 1)) == "other"
    book.position = None
    assert not book.is_further


def bars_of(stream):
    terms = Terms(interval="1m")
    variant = CandleVariant(stream, terms, gateway_frames)
    return variant, Subscription(variant, "candles", variant.position("candles"), terms)


def test_candles_begin_with_the_bars_known_beside_the_seqs(stream):
    _, subscription = bars_of(stream)
    subscription.fall_behind("slow_consumer", "subscribe")
    [message] = advance(subscription)
    assert (message["type"], message["prev_seq"], message["seq"]) == ("candle", 1, 1)
    assert [bar["trades"] for bar in message["data"]] == [1]
    assert subscription.live


def test_candles_that_were_not_read_are_a_gap_and_the_bars_as_they_are(stream, source):
    variant, subscription = bars_of(stream)
    subscription.fall_behind("slow_consumer", "slow")
    feed(stream, source.trade().trade())
    variant.tick()
    gap, message = advance(subscription)
    assert (gap["type"], gap["from_seq"], gap["to_seq"]) == ("gap", 2, 3)
    assert (message["prev_seq"], message["seq"], message["data"][0]["trades"]) == (3, 3, 3)


def test_candles_of_which_there_are_none_begin_with_what_comes(source):
    nothing = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    _, subscription = bars_of(nothing)
    subscription.fall_behind("slow_consumer", "subscribe")
    assert advance(subscription) == []


def test_it_goes_on_with_the_replay_it_was_given_and_awaits_what_that_awaits(stream):
    subscription, ring = replaying(stream, frame(0, 1))
    assert subscription.goes_on_with(ring)
    assert not subscription.goes_on_with(ReplayRing())
    assert not subscription.awaits
    advance(subscription)
    assert not subscription.awaits


def test_up_to_its_place_nothing_is_left_out_but_while_a_book_is_on_its_way(stream):
    trades = Subscription(stream, "trades", Position("run1", 1))
    assert trades.whole_up_to_here
    trades.fall_behind("slow_consumer", "slow")
    assert trades.whole_up_to_here
    assert replaying(stream, frame(0, 1))[0].whole_up_to_here
    book = Subscription(stream, "level2", Position("run1", 1))
    book.load(stream.snapshot(), "requested", None)
    assert not book.whole_up_to_here
    book.fall_behind("slow_consumer", "slow")
    assert not book.whole_up_to_here
