import json

import pytest
from market_frames import (
    MS,
    SERVER,
    S,
    beat,
    both,
    client,
    close,
    kinds,
    lines_of,
    market_of,
    numbers,
    parse,
    sent,
    snapshot,
    source_of,
    subscribe,
    trades,
    update,
)

from ledgerflux.core import market as market_module
from ledgerflux.core import market_socket
from ledgerflux.core.market import Market
from ledgerflux.core.market_socket import FRAMES_MAX, RECORDED_CLOSE, Goodbye
from ledgerflux.core.market_source import Closing, Item
from ledgerflux.model.recording import RecordedLine


def test_a_subscriber_gets_everything_after_its_acknowledgement():
    market = market_of(lines_of(snapshot(0), update(1), update(2)))
    socket = client(market)
    assert market.advance(0) == {socket}
    frames = sent(market, socket)
    assert kinds(frames) == ["subscriptions", "l2_data", "l2_data", "l2_data"]
    assert numbers(frames) == [0, 1, 2, 3]
    assert [SERVER.split(frame, ["A-B"]) for frame in frames[1:]] == [
        snapshot(1),
        update(2),
        update(3),
    ]
    assert market.state == "ended"
    assert market.when_ns(0) is None


def test_the_market_waits_for_every_product_and_channel_of_the_source():
    market = market_of(lines_of(snapshot(0), trades(1), beat(2)), speed=1.0)
    socket = client(market)
    assert market.state == "waiting"
    subscribe(market, socket, "market_trades", "A-B")
    assert market.advance(S) == set()
    other = client(market, "heartbeats", now_ns=S)
    assert market.advance(S) == {socket}
    assert market.state == "running"
    assert market.when_ns(S) == S + MS
    assert market.advance(S + 2 * MS) == {socket, other}


def test_the_market_does_not_wait_longer_than_5_s_from_the_first_subscription():
    market = market_of(lines_of(snapshot(0), trades(1)), speed=1.0)
    assert market.when_ns(0) is None
    socket = client(market, now_ns=3 * S)
    client(market, now_ns=6 * S)
    assert market.when_ns(4 * S) == 8 * S
    assert market.advance(8 * S - 1) == set()
    assert socket in market.advance(8 * S)


def test_a_socket_that_asks_for_nothing_starts_no_wait():
    market = market_of(lines_of(snapshot(0)))
    socket = market.connect()
    market.receive(socket, "nonsense", 0)
    market.disconnect(socket, 0)
    assert market.when_ns(0) is None


def test_a_paused_market_stands_until_it_is_started():
    market = market_of(lines_of(snapshot(0)), paused=True)
    socket = client(market)
    assert market.state == "paused"
    assert market.advance(60 * S) == set()
    assert market.when_ns(60 * S) is None
    market.resume()
    assert market.state == "waiting"
    assert market.advance(60 * S) == {socket}


def test_speed_divides_the_recorded_times():
    market = market_of(lines_of(snapshot(0), update(1), gap_ms=1_000), speed=4.0)
    socket = client(market)
    assert market.advance(0) == {socket}
    assert market.when_ns(0) == S // 4
    assert market.advance(S // 4 - MS) == set()
    assert market.advance(S // 4) == {socket}


def test_a_newcomer_gets_the_book_at_the_position_then_what_follows(monkeypatch):
    monkeypatch.setattr(market_module, "ITEMS_PER_CALL_MAX", 1)
    market = market_of(lines_of(snapshot(0), update(1), update(2, size="7"), update(3)))
    client(market)
    for _ in range(3):
        market.advance(0)
    late = client(market)
    frames = sent(market, late)
    assert kinds(frames) == ["subscriptions", "l2_data"]
    [event] = parse(frames[1])
    assert event.bids == [("9", "7")]
    market.advance(0)
    assert sent(market, late) == [update(2)]


def test_there_is_no_own_snapshot_while_the_book_is_not_known():
    market = market_of(lines_of(update(0), snapshot(1)), speed=1.0)
    first = client(market)
    market.advance(0)
    assert kinds(sent(market, first)) == ["subscriptions", "l2_data"]
    second = client(market)
    assert kinds(sent(market, second)) == ["subscriptions"]


@pytest.mark.parametrize("leave_first", [False, True])
def test_subscribing_in_place_again_gives_a_fresh_book(leave_first):
    market = market_of(lines_of(snapshot(0), update(1)))
    socket = client(market)
    market.advance(0)
    sent(market, socket)
    if leave_first:
        subscribe(market, socket, "level2", "A-B", verb="unsubscribe")
        [left] = sent(market, socket)
        assert json.loads(left)["events"] == [{"subscriptions": {}}]
    subscribe(market, socket, "level2", "A-B")
    frames = sent(market, socket)
    assert kinds(frames) == ["subscriptions", "l2_data"]
    assert numbers(frames) == ([4, 5] if leave_first else [3, 4])


def test_who_left_gets_nothing_more():
    market = market_of(lines_of(snapshot(0), update(1)), speed=1.0)
    socket = client(market)
    market.advance(0)
    subscribe(market, socket, "level2", "A-B", verb="unsubscribe")
    assert market.advance(MS) == set()


def test_a_frame_of_two_products_is_cut_down_for_who_asked_for_one():
    market = market_of(lines_of(snapshot(0), snapshot(1, "C-D"), both(2)))
    whole = client(market, "level2", "C-D", "A-B")
    part = client(market, "level2", "C-D")
    market.advance(0)
    assert sent(market, whole)[-1] == both(3)
    assert sent(market, part)[-1] == update(2, "C-D", "3")


def test_errors_are_answered_and_change_nothing():
    market = market_of(lines_of(snapshot(0)))
    socket = market.connect()
    subscribe(market, socket, "level2", "X-Y")
    [answer] = sent(market, socket)
    assert json.loads(answer)["type"] == "error"
    assert market.advance(60 * S) == set()


def test_a_recorded_close_ends_the_sockets_and_waits_for_them():
    lines = [
        *lines_of(snapshot(0), update(1)),
        close(ts=10 * MS),
        RecordedLine(20 * MS, "c-2", None, snapshot(0)),
    ]
    market = market_of(lines, speed=1.0)
    socket = client(market)
    idle = market.connect()
    assert market.advance(0) == {socket}
    assert market.advance(10 * MS) == {socket}
    assert sent(market, socket)[-1] == RECORDED_CLOSE
    subscribe(market, socket, "level2", "A-B")
    assert sent(market, socket) == []
    assert market.when_ns(10 * MS) is None
    market.disconnect(socket, S)
    assert market.when_ns(S) == 11 * S
    back = client(market, now_ns=2 * S)
    assert kinds(sent(market, back)) == ["subscriptions", "l2_data"]
    assert market.advance(2 * S) == set()
    assert market.when_ns(2 * S) == 2 * S + 10 * MS
    assert market.advance(2 * S + 10 * MS) == {back}
    assert sent(market, back) == [snapshot(2)]
    assert sent(market, idle) == []
    assert market.state == "ended"


def test_after_a_recorded_close_the_market_waits_10_s_at_most():
    lines = [*lines_of(snapshot(0)), close(), *lines_of(snapshot(0))]
    market = market_of(lines, speed=1.0)
    socket, other = client(market), client(market)
    market.advance(0)
    market.advance(2 * MS)
    market.disconnect(socket, S)
    assert market.when_ns(S) is None
    market.disconnect(other, 3 * S)
    assert market.advance(13 * S - 1) == set()
    market.advance(13 * S)
    assert market.state == "ended"


def test_a_close_ends_only_sockets_that_its_connection_served():
    lines = [
        RecordedLine(0, "c-1", None, snapshot(0, "A-B")),
        RecordedLine(0, "c-2", None, snapshot(0, "C-D")),
        RecordedLine(0, "c-3", None, snapshot(0, "E-F")),
        close("c-2", 1),
        close("c-3", 1),
        RecordedLine(2, "c-1", None, update(1, "A-B")),
    ]
    market = market_of(lines)
    first, second = client(market, "level2", "A-B"), client(market, "level2", "C-D")
    market.advance(6 * S)
    assert sent(market, second)[-1] == RECORDED_CLOSE
    assert market.advance(6 * S) == set()
    market.disconnect(second, 6 * S)
    client(market, "level2", "C-D", now_ns=7 * S)
    market.advance(7 * S)
    market.advance(7 * S)
    assert sent(market, first)[-1] == update(2, "A-B")


def test_a_socket_on_its_way_out_gets_nothing_more():
    lines = [
        RecordedLine(0, "c-1", None, snapshot(0, "A-B")),
        close("c-1", 1),
        RecordedLine(2, "c-2", None, snapshot(0, "A-B")),
        RecordedLine(2, "c-2", None, update(1, "A-B")),
    ]
    market = market_of(lines)
    leaving = client(market)
    market.advance(0)
    back = client(market)
    market.advance(0)
    assert sent(market, leaving)[-1] == RECORDED_CLOSE
    assert sent(market, back)[-1] == update(3)


def test_a_close_when_nobody_listens_holds_nothing_up():
    lines = [*lines_of(snapshot(0)), close(), *lines_of(snapshot(0))]
    market = market_of(lines, speed=1.0)
    market.disconnect(client(market), 0)
    for now_ns in (9 * S, 10 * S, 10 * S):
        market.advance(now_ns)
    assert market.state == "ended"


def test_at_speed_max_a_lost_subscriber_is_waited_for(monkeypatch):
    monkeypatch.setattr(market_module, "ITEMS_PER_CALL_MAX", 1)
    market = market_of(lines_of(snapshot(0), update(1), update(2)))
    socket, same = client(market), client(market)
    market.advance(0)
    market.disconnect(socket, 0)
    assert market.state == "running"
    market.disconnect(same, S)
    assert market.state == "waiting"
    assert market.advance(2 * S) == set()
    back = client(market, now_ns=3 * S)
    assert market.advance(3 * S) == {back}
    assert market.position == 2
    market.disconnect(back, 4 * S)
    market.advance(14 * S)
    assert market.state == "ended"


def test_at_a_pace_the_market_goes_on_without_subscribers():
    market = market_of(lines_of(snapshot(0), update(1)), speed=1.0)
    socket = client(market)
    market.advance(0)
    market.disconnect(socket, 0)
    assert market.state == "running"
    market.advance(MS)
    assert market.state == "ended"


def test_the_market_never_runs_away_from_its_slowest_socket():
    lines = lines_of(snapshot(0), *(update(n) for n in range(1, FRAMES_MAX + 300)))
    market = market_of(lines)
    slow, quick = client(market), client(market)
    while market.advance(0):
        sent(market, quick)
    assert market.when_ns(0) is None
    assert market.statistics(0).frames_waiting == FRAMES_MAX + 1
    assert market.position == FRAMES_MAX
    market.take(slow)
    assert market.when_ns(0) == 0
    while market.advance(0):
        sent(market, slow)
        sent(market, quick)
    assert market.state == "ended"
    assert market.slow(10**18) == []


def test_a_socket_is_full_until_enough_was_taken(monkeypatch):
    monkeypatch.setattr(market_socket, "BYTES_MAX", 300)
    monkeypatch.setattr(market_socket, "BATCH_BYTES_MAX", 1)
    market = market_of(lines_of(*(update(n) for n in range(9))))
    socket = client(market)
    assert not market.full(socket)
    market.advance(0)
    assert market.position < 9
    for _ in range(3):
        subscribe(market, socket, "level2", "A-B")
    while market.full(socket):
        assert market.blocked
        assert market.when_ns(0) is None
        assert len(market.take(socket)) == 1
    assert not market.blocked
    assert market.when_ns(0) == 0


def test_who_is_behind_by_10_s_at_a_pace_is_named():
    market = market_of(lines_of(snapshot(0), update(1), gap_ms=20_000), speed=1.0)
    slow, quick = client(market), client(market)
    market.advance(0)
    sent(market, quick)
    assert market.slow(10 * S) == []
    assert market.slow(10 * S + 1) == [slow]
    market.disconnect(slow, 10 * S + 1)
    assert market.slow(20 * S) == []


def test_the_market_has_ended_when_everything_is_sent():
    market = market_of(lines_of(snapshot(0)))
    socket = client(market)
    market.advance(0)
    assert market.state == "running"
    assert market.take(socket)
    assert market.state == "running"
    assert market.take(socket) == []
    assert market.state == "ended"
    late = client(market)
    assert len(sent(market, late)) == 2
    assert market.state == "ended"


def test_what_is_settled_can_not_be_lost_by_a_restart(monkeypatch):
    monkeypatch.setattr(market_module, "ITEMS_PER_CALL_MAX", 1)
    market = market_of(lines_of(snapshot(0), update(1), update(2)))
    first, second = client(market), client(market)
    assert market.settled == 0
    sent(market, first)
    sent(market, second)
    market.advance(0)
    assert market.position == 1
    assert market.settled == 0
    sent(market, first)
    assert market.settled == 0
    market.take(second)
    market.advance(0)
    assert market.settled == 0
    market.take(second)
    assert market.settled == 1
    sent(market, first)
    sent(market, second)
    assert market.settled == 2


def test_a_market_goes_on_from_the_position_of_its_source():
    source = source_of(lines_of(snapshot(0), update(1, size="5"), update(2), gap_ms=1_000))
    assert source.skip(2) == 0
    market = Market(SERVER, source, speed=1.0)
    socket = client(market)
    assert market.advance(0) == {socket}
    frames = sent(market, socket)
    assert parse(frames[1])[0].bids == [("9", "5")]
    assert frames[2] == update(2)
    assert market.state == "ended"


def test_statistics_tell_how_late_the_market_is():
    market = market_of(lines_of(snapshot(0), update(1)), speed=1.0)
    assert market.statistics(0) == ("waiting", 0, 0, 0)
    client(market)
    assert market.statistics(S).late_ns == 0
    market.advance(S)
    assert market.statistics(S) == ("running", 1, 2, 0)
    assert market.statistics(S + 4 * MS).late_ns == 3 * MS


def test_the_source_learns_what_the_wall_clock_shows_when_the_clock_starts(monkeypatch):
    source = source_of(lines_of(snapshot(0)))
    begun = []
    monkeypatch.setattr(source, "begin", begun.append)
    market = Market(SERVER, source, speed=1.0, wall_offset_ns=1_000_000)
    client(market, now_ns=5)
    market.advance(7)
    market.advance(8)
    assert begun == [1_000_007]


@pytest.mark.parametrize("message", [Item, Closing, Goodbye])
def test_values_of_the_market_can_not_be_changed(message):
    made = {
        Item: Item(0, b"", SERVER.route(b"")),
        Closing: Closing(0, frozenset()),
        Goodbye: RECORDED_CLOSE,
    }[message]
    with pytest.raises(AttributeError):
        made.offset_ns = 1


# -- control -------------------------------------------------------------------------------


def paced(*, gap_ms=1000, count=6, **options):
    frames = [snapshot(0), *(update(n, size=str(n + 1)) for n in range(1, count))]
    return market_of(lines_of(*frames, gap_ms=gap_ms), speed=1.0, **options)


def book_sizes(frames):
    kept = [frame for frame in frames if b"l2_data" in frame]
    return [json.loads(frame)["events"][0]["updates"][0]["new_quantity"] for frame in kept]


def test_a_pause_stands_where_the_market_is_and_goes_on_from_there():
    market = paced()
    socket = client(market)
    market.advance(0)
    market.pause(1_500 * MS)
    assert (market.state, market.paused, market.when_ns(1_500 * MS)) == ("paused", True, None)
    assert market.advance(9 * S) == set()
    assert market.place(9 * S).offset_ns == S
    market.resume()
    market.advance(10 * S)
    assert market.state == "running"
    assert book_sizes(sent(market, socket)) == ["1", "2"]
    assert market.when_ns(10 * S) == 11 * S


def test_another_speed_changes_when_things_come():
    market = paced()
    client(market)
    market.advance(0)
    market.advance(S)
    market.pace(10.0, S)
    assert market.speed == 10.0
    assert 0 <= S + 100 * MS - market.when_ns(S) <= 1
    market.pace(None, S)
    assert market.when_ns(S) == S


def test_steps_let_single_items_out_of_a_paused_market():
    market = paced(paused=True)
    socket = market.connect()
    market.step(2)
    assert market.when_ns(0) is None
    subscribe(market, socket, "level2", "A-B")
    assert market.when_ns(0) == 0
    market.advance(0)
    market.advance(0)
    assert market.advance(0) == set()
    assert book_sizes(sent(market, socket)) == ["1", "2"]
    assert (market.state, market.place(0).offset_ns) == ("paused", S)
    market.resume()
    market.advance(S)
    market.advance(2 * S)
    assert book_sizes(sent(market, socket)) == ["3"]


def test_steps_end_with_the_market_and_are_forgotten_when_it_goes_on():
    market = paced(count=2, paused=True)
    client(market)
    market.step(10**9)
    for _ in range(4):
        market.advance(0)
    assert market.when_ns(0) is None
    market.step(5)
    market.resume()
    market.pause(0)
    assert market.when_ns(0) is None


def test_a_step_over_a_recorded_close_closes_and_waits_for_those_who_left():
    lines = [*lines_of(snapshot(0)), close(), *lines_of(snapshot(0, size="7"))]
    market = market_of(lines, speed=1.0, paused=True)
    socket = client(market)
    market.step(3)
    for _ in range(3):
        market.advance(0)
    assert sent(market, socket)[-1] == RECORDED_CLOSE
    market.disconnect(socket, 0)
    assert market.advance(0) == set()
    again = client(market)
    assert market.advance(0) == {again}
    assert book_sizes(sent(market, again)) == ["1", "7"]


def moved(market, offset_ns, now_ns=0):
    market.leave(now_ns)
    market.leave(now_ns)
    assert (market.state, market.when_ns(now_ns), market.advance(now_ns)) == (
        "seeking",
        None,
        set(),
    )
    while not market._source.travel(offset_ns):
        pass
    market.arrive(now_ns)


def test_who_was_there_before_a_move_hears_nothing_more_and_who_comes_gets_the_book_there():
    market = paced()
    socket = client(market)
    market.advance(0)
    market.advance(4 * S)
    market.leave(4 * S)
    newcomer = market.connect()
    assert market.full(newcomer)
    left_at = market.settled
    assert market._source.travel(2 * S)
    assert market.settled == left_at
    market.arrive(4 * S)
    assert not market.full(newcomer)
    subscribe(market, socket, "trades", "A-B", now_ns=4 * S)
    assert sent(market, socket) == []
    assert (market.state, market.settled) == ("waiting", 2)
    market.disconnect(socket, 4 * S)
    subscribe(market, newcomer, "level2", "A-B", now_ns=5 * S)
    market.advance(5 * S)
    market.advance(6 * S)
    assert book_sizes(sent(market, newcomer)) == ["2", "3", "4"]


def test_who_does_not_leave_after_a_move_is_closed_and_waited_for():
    market = paced()
    socket = client(market)
    market.advance(0)
    moved(market, 3 * S, S)
    assert market.when_ns(S) == 4 * S
    assert market.advance(4 * S - 1) == set()
    assert market.advance(4 * S) == {socket}
    assert sent(market, socket) == [market_module.MOVED]
    market.disconnect(socket, 4 * S)
    assert market.when_ns(4 * S) == 14 * S
    market.advance(14 * S)
    assert market.state == "running"


def test_a_move_without_anybody_there_waits_as_before():
    market = paced()
    moved(market, 3 * S)
    assert market.state == "waiting"
    assert market.advance(3 * S) == set()
    socket = client(market, now_ns=4 * S)
    market.advance(4 * S)
    assert book_sizes(sent(market, socket)) == ["3", "4"]


def test_after_all_have_left_a_move_waits_for_them_and_not_for_ever():
    market = paced()
    socket = client(market)
    market.advance(0)
    market.leave(S)
    market.disconnect(socket, S)
    assert market._source.travel(0)
    market.arrive(S)
    assert market.when_ns(S) == 11 * S


def test_a_market_that_has_ended_can_be_played_again():
    market = paced(count=2)
    socket = client(market)
    market.advance(0)
    market.advance(S)
    sent(market, socket)
    assert market.state == "ended"
    moved(market, 0, 2 * S)
    market.disconnect(socket, 2 * S)
    again = client(market, now_ns=2 * S)
    market.advance(2 * S)
    assert book_sizes(sent(market, again)) == ["1"]


def test_a_paused_market_stays_paused_where_it_is_moved_to():
    market = paced()
    socket = client(market)
    market.advance(0)
    market.pause(S)
    moved(market, 4 * S, S)
    market.disconnect(socket, S)
    again = client(market, now_ns=S)
    market.advance(S)
    assert (market.state, market.place(S)) == ("paused", (4, 4 * S, 4 * S))
    assert book_sizes(sent(market, again)) == ["4"]


def test_a_full_socket_holds_nothing_back_after_a_move(monkeypatch):
    monkeypatch.setattr(market_socket, "FRAMES_MAX", 1)
    market = paced(gap_ms=0)
    socket = client(market)
    market.advance(0)
    assert market.blocked
    moved(market, 0)
    assert not market.blocked
    assert market.settled == 0
    assert sent(market, socket) == []
