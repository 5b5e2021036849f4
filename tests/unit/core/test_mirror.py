import pytest

from ledgerflux.core.checksum import book_checksum
from ledgerflux.core.mirror import Mirror, Verdict
from ledgerflux.core.snapshot import Position

A, R, B = Verdict.APPLIED, Verdict.REPEATED, Verdict.BROKEN
ONE = (1, 1)
LEVELS = ([("1", "2")], [("3", "4")])


def at(seq: int, epoch: str = "e") -> Mirror:
    return Mirror(Position(epoch, seq))


@pytest.mark.parametrize(
    ("place", "message", "verdict", "after"),
    [
        (5, ("e", 5, 7), A, 7),
        (5, ("e", 3, 5), R, 5),
        (5, ("e", 3, 6), B, 5),
        (5, ("e", 6, 7), B, 5),
        (5, ("f", 5, 6), B, 5),
    ],
)
def test_data_applies_only_where_it_continues(place, message, verdict, after):
    mirror = at(place)
    assert mirror.data(*message) is verdict
    assert mirror.position == Position("e", after)
    assert mirror.broken == (verdict is B)


@pytest.mark.parametrize(
    ("place", "gap", "verdict", "after"),
    [
        (5, ("e", 6, 9), A, ("e", 9)),
        (5, ("e", 6, 5), A, ("e", 5)),
        (5, ("e", 3, 4), R, ("e", 5)),
        (5, ("e", 7, 9), B, ("e", 5)),
        (5, ("f", 1, 0), A, ("f", 0)),
        (5, ("f", 1, 3), A, ("f", 3)),
        (5, ("f", 2, 3), B, ("e", 5)),
    ],
)
def test_a_gap_applies_only_where_it_begins_after_what_is_known(place, gap, verdict, after):
    mirror = at(place)
    assert mirror.gap(*gap, "stale") is verdict
    assert mirror.position == Position(*after)


def test_before_a_subscription_nothing_can_continue():
    assert Mirror().data("e", 0, 1) is B
    assert Mirror().gap("e", 1, 1, "stale") is B


def test_a_gap_leaves_the_book_not_live():
    mirror = at(0)
    mirror.snapshot(Position("e", 1), 0, "resync", ONE, LEVELS)
    mirror.state = "live"
    assert mirror.live
    mirror.gap("e", 2, 2, "live")
    assert not mirror.live


def test_without_a_connection_no_book_is_live():
    mirror = at(0)
    mirror.snapshot(Position("e", 1), 0, "resync", ONE, LEVELS)
    mirror.state = "live"
    mirror.lose()
    assert (mirror.live, mirror.state) == (False, "stale")


def test_a_subscriptions_snapshot_replaces_from_anywhere():
    mirror = at(50)
    assert mirror.snapshot(Position("f", 9), None, "subscribe", ONE, LEVELS) is A
    assert mirror.position == Position("f", 9)
    assert mirror.book.bids() == [("1", "2")]
    assert mirror.book.asks() == [("3", "4")]


@pytest.mark.parametrize(
    ("place", "seq", "prev_seq", "verdict"),
    [(8, 9, 8, A), (7, 9, 8, B), (9, 9, None, A), (8, 9, None, B)],
)
def test_any_other_snapshot_continues_the_stream(place, seq, prev_seq, verdict):
    mirror = at(place)
    assert mirror.snapshot(Position("e", seq), prev_seq, "resync", ONE, LEVELS) is verdict


def test_a_book_in_parts_is_whole_after_the_last():
    mirror = at(0)
    mirror.state = "live"
    assert mirror.snapshot(Position("e", 1), 0, "resync", (1, 2), ([("2", "1")], [])) is A
    assert not mirror.live
    assert mirror.snapshot(Position("e", 1), 0, "resync", (2, 2), ([("1", "1")], [])) is A
    assert mirror.live
    assert mirror.book.bids() == [("2", "1"), ("1", "1")]


def test_a_gap_ends_an_unfinished_snapshot():
    mirror = at(0)
    mirror.snapshot(Position("e", 1), 0, "resync", (1, 2), LEVELS)
    assert mirror.gap("e", 2, 4, "live") is A
    assert mirror.snapshot(Position("e", 4), None, "slow", ONE, LEVELS) is A


@pytest.mark.parametrize(
    ("place", "part"),
    [(Position("e", 1), (3, 3)), (Position("e", 2), (2, 3)), (Position("e", 1), (1, 1))],
)
def test_parts_out_of_order_are_no_book(place, part):
    mirror = at(0)
    mirror.snapshot(Position("e", 1), 0, "resync", (1, 3), LEVELS)
    assert mirror.snapshot(place, 0, "resync", part, LEVELS) is B


def test_a_later_part_without_a_first_is_no_book():
    assert at(0).snapshot(Position("e", 1), 0, "resync", (2, 2), LEVELS) is B


def test_an_update_within_an_unfinished_snapshot_is_out_of_order():
    mirror = at(0)
    mirror.snapshot(Position("e", 1), 0, "resync", (1, 2), LEVELS)
    assert mirror.update("e", 1, 2, [[("buy", "1", "1")]]) is B


def test_updates_change_the_book_only_where_they_apply():
    mirror = at(1)
    assert mirror.update("e", 1, 2, [[("buy", "1", "1")], [("sell", "2", "1")]]) is A
    assert mirror.update("e", 1, 2, [[("buy", "1", "0")]]) is R
    assert mirror.book.best() == (("1", "1"), ("2", "1"))


def test_levels_that_no_book_can_hold_break_it():
    assert at(1).update("e", 1, 2, [[("buy", "-1", "1")]]) is B
    assert at(1).snapshot(Position("e", 1), None, "slow", ONE, ([("x", "1")], [])) is B


def test_a_broken_stream_stays_so_until_a_snapshot_or_a_new_subscription():
    mirror = at(1)
    assert mirror.data("e", 5, 6) is B
    assert mirror.why
    assert mirror.data("e", 1, 2) is B
    assert mirror.gap("e", 2, 3, "live") is B
    assert mirror.snapshot(Position("e", 9), None, "slow", ONE, LEVELS) is A
    mirror.data("e", 50, 51)
    mirror.begin(Position("e", 20))
    assert mirror.data("e", 20, 21) is A


def whole(mirror: Mirror) -> Mirror:
    mirror.snapshot(Position("e", 5), None, "subscribe", ONE, LEVELS)
    return mirror


def test_a_message_that_is_the_whole_state_applies_from_anywhere():
    mirror = at(5)
    mirror.data("f", 1, 2)
    assert mirror.leap("f", 9) is A
    assert (mirror.position, mirror.broken) == (Position("f", 9), False)


def test_a_book_is_held_to_its_checksum_after_each_update():
    mirror, true = whole(at(5)), [("1", "2")]
    assert mirror.prove(book_checksum(true, LEVELS[1])) is A
    mirror.update("e", 5, 6, [[("buy", "1", "7")], [("buy", "2", "1")]])
    assert mirror.prove(book_checksum([("2", "1"), ("1", "7")], LEVELS[1])) is A
    mirror.snapshot(Position("e", 6), 6, "resync", ONE, ([("8", "1")], []))
    assert mirror.prove(book_checksum([("8", "1")], [])) is A
    assert mirror.prove(1) is B
    assert "checksum" in mirror.why


def test_the_latest_state_replaces_a_book_from_anywhere():
    mirror = whole(at(5))
    assert mirror.snapshot(Position("e", 90), None, "latest", ONE, ([("8", "1")], [])) is A
    assert mirror.book.bids() == [("8", "1")]


def test_a_book_goes_on_where_the_connection_ended():
    mirror = Mirror()
    mirror.snapshot(Position("e", 4), None, "subscribe", (1, 1), ([("1", "1")], []))
    mirror.state = "live"
    assert not mirror.can_go_on(book=True)
    mirror.lose()
    mirror.lose()
    assert mirror.can_go_on(book=True)
    assert not mirror.live
    assert not mirror.go_on(Position("e", 5))
    assert mirror.go_on(Position("e", 4))
    assert mirror.live
    assert mirror.update("e", 4, 5, [[("buy", "1", "2")]]) is Verdict.APPLIED
    assert not mirror.go_on(Position("e", 5))


def test_a_stream_without_a_book_goes_on_and_one_that_was_broken_does_not():
    mirror = Mirror(Position("e", 4))
    mirror.lose()
    assert (mirror.can_go_on(book=False), mirror.can_go_on(book=True)) == (True, False)
    mirror.begin(Position("e", 9))
    assert not mirror.can_go_on(book=False)
    mirror.data("e", 11, 12)
    mirror.lose()
    assert not mirror.can_go_on(book=False)
