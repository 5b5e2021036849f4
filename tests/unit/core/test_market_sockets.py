import pytest
from market_frames import (
    SERVER,
    beat,
    both,
    client,
    lines_of,
    market_of,
    numbers,
    sent,
    snapshot,
    trades,
    update,
)

from ledgerflux.core import market_socket
from ledgerflux.core.dialect import Request
from ledgerflux.core.market_socket import MOVED, Goodbye
from ledgerflux.core.market_sockets import SLOW_AFTER_NS, Sockets
from ledgerflux.core.market_source import Item


def item(frame, step=1):
    return Item(0, frame, SERVER.route(frame), SERVER.digits(frame), step)


@pytest.fixture
def sockets():
    return Sockets(SERVER)


def listener(sockets, *products, channel="level2"):
    socket = sockets[sockets.add()]
    socket.apply(Request("subscribe", ((channel, products),)))
    sockets.subscribed()
    return socket


def got(sockets, socket):
    frames = sockets.take(socket.number)
    assert sockets.take(socket.number) == []
    return frames


def delivered(sockets, *items, position=0, now_ns=0):
    touched = set()
    for each in items:
        sockets.deliver(each, position, touched, now_ns)
    return touched


def test_sockets_are_numbered_from_1_and_known_by_number(sockets):
    assert (len(sockets), [*sockets], sockets.made_total) == (0, [], 0)
    assert [sockets.add(), sockets.add()] == [1, 2]
    assert sockets.remove(1).number == 1
    assert sockets.add() == 3
    assert [socket.number for socket in sockets] == [2, 3]
    assert (len(sockets), sockets.made_total) == (2, 3)


def test_what_is_held_is_what_those_hold_that_stay(sockets):
    one, two = listener(sockets, "A-B"), listener(sockets, "C-D")
    assert sockets.held == {("level2", "A-B"), ("level2", "C-D")}
    assert sockets.leaving == []
    sockets.dismiss([one], MOVED, 0, 0)
    assert sockets.held == {("level2", "C-D")}
    assert sockets.leaving == [one]
    sockets.remove(two.number)
    assert sockets.held == frozenset()


def test_holders_of_products_or_of_anything(sockets):
    one, two = listener(sockets, "A-B"), listener(sockets, "C-D")
    sockets.add()
    assert sockets.holders(frozenset({"A-B"})) == [one]
    assert sockets.holders(frozenset()) == [one, two]
    assert sockets.holders(frozenset({"E-F"})) == []


def test_frames_go_to_those_who_hold_their_channel_and_product():
    lines = lines_of(
        snapshot(0), snapshot(1, "C-D"), trades(2), beat(3), b"{broken", b'{"channel":"new"}'
    )
    market = market_of(lines)
    books = client(market, "level2", "A-B", "C-D")
    one_book = client(market, "level2", "C-D")
    traded = client(market, "market_trades", "A-B")
    beats = client(market, "heartbeats")
    silent = market.connect()
    market.advance(0)
    assert sent(market, books)[1:] == [snapshot(1), snapshot(2, "C-D"), b"{broken"]
    assert sent(market, one_book)[1:] == [snapshot(1, "C-D"), b"{broken"]
    assert sent(market, traded)[1:] == [trades(1), b"{broken"]
    assert sent(market, beats)[1:] == [beat(1), b"{broken"]
    assert sent(market, silent) == []


def test_a_frame_of_two_products_is_cut_down_for_who_asked_for_one(sockets):
    whole, part = listener(sockets, "A-B", "C-D"), listener(sockets, "C-D")
    assert delivered(sockets, item(both(0))) == {1, 2}
    assert got(sockets, whole) == [both(0)]
    assert got(sockets, part) == [update(0, "C-D", "3")]


def test_a_hole_of_the_source_is_one_for_those_too_who_do_not_get_its_frame(sockets):
    one, other = listener(sockets, "A-B"), listener(sockets, "C-D")
    delivered(sockets, item(update(0)), item(update(0, "C-D")))
    delivered(sockets, item(update(5), step=3), item(update(6)), item(update(7, "C-D")))
    assert numbers(got(sockets, one)) == [0, 3, 4]
    assert numbers(got(sockets, other)) == [0, 3]


def test_an_answer_of_our_own_is_numbered_with_the_rest(sockets):
    one = listener(sockets, "A-B")
    sockets.say(one, beat(9), 0, 0)
    delivered(sockets, item(update(7)))
    assert numbers(got(sockets, one)) == [0, 1]


def test_one_that_has_too_much_makes_them_full_until_it_took_enough(sockets, monkeypatch):
    monkeypatch.setattr(market_socket, "FRAMES_MAX", 1)
    monkeypatch.setattr(market_socket, "BATCH_FRAMES_MAX", 1)
    one, other = listener(sockets, "A-B"), listener(sockets, "C-D")
    delivered(sockets, item(update(0)))
    assert not sockets.full
    delivered(sockets, item(update(1)), item(update(2)), item(update(0, "C-D")))
    assert sockets.full
    assert sockets.frames_waiting == 4
    sockets.take(other.number)
    sockets.take(one.number)
    assert sockets.full
    sockets.take(one.number)
    assert not sockets.full


@pytest.mark.parametrize("end", ["removed", "abandoned"])
def test_a_full_one_that_goes_holds_nothing_back(sockets, monkeypatch, end):
    monkeypatch.setattr(market_socket, "FRAMES_MAX", 0)
    one = listener(sockets, "A-B")
    delivered(sockets, item(update(0)))
    assert (sockets.full, sockets.waiting) == (True, True)
    if end == "removed":
        sockets.remove(one.number)
    else:
        assert sockets.abandon() == {("level2", "A-B")}
        assert sockets.leaving == [one]
    assert (sockets.full, sockets.waiting, sockets.held) == (False, False, frozenset())
    assert delivered(sockets, item(update(1))) == set()


def test_the_end_is_the_last_that_is_sent(sockets):
    one = listener(sockets, "A-B")
    assert sockets.dismiss([one], MOVED, 0, 0) == {1}
    assert delivered(sockets, item(update(0))) == set()
    assert got(sockets, one) == [Goodbye(1001, "the market went on elsewhere")]


def test_what_is_settled_stands_before_the_oldest_that_was_not_sent(sockets):
    one, other = listener(sockets, "A-B"), listener(sockets, "C-D")
    assert sockets.settled(7) == 7
    delivered(sockets, item(update(0)), position=3)
    delivered(sockets, item(update(0, "C-D")), position=5)
    assert sockets.settled(7) == 3
    got(sockets, one)
    assert sockets.settled(7) == 5
    sockets.take(other.number)
    assert sockets.settled(7) == 5
    sockets.take(other.number)
    assert sockets.settled(7) == 7
    assert not sockets.waiting


def test_those_are_behind_whose_oldest_frame_waits_more_than_10_s(sockets):
    late, quick = listener(sockets, "A-B"), listener(sockets, "A-B")
    delivered(sockets, item(update(0)), now_ns=5)
    got(sockets, quick)
    assert sockets.behind(5 + SLOW_AFTER_NS) == []
    assert sockets.behind(6 + SLOW_AFTER_NS) == [late.number]
