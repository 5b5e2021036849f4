from ledgerflux.core.frame import Frame
from ledgerflux.core.replay_ring import ReplayRing
from ledgerflux.core.snapshot import Position

TRADES, BOOK = ("trades", "BTC-USD"), ("level2", "BTC-USD")


def at(seq, epoch="e"):
    return Position(epoch, seq)


def frame(before, after, size=10, epoch="e"):
    return Frame(at(before, epoch), at(after, epoch), b"x" * size)


def kept(ring, whole, place):
    found = []
    while (one := ring.next(whole, place)) is not None:
        found.append(one)
        place = one.after
    return found


def test_what_was_added_is_replayed_from_any_message_on():
    ring = ReplayRing()
    frames = [frame(0, 2), frame(2, 3), frame(3, 7)]
    for one in frames:
        ring.add(TRADES, one, 1)
    assert kept(ring, TRADES, at(2)) == frames[1:]
    assert [ring.size_after(TRADES, at(seq)) for seq in (0, 2, 3, 7)] == [30, 20, 10, 0]
    assert [ring.size_after(TRADES, at(seq)) for seq in (1, 8)] == [None, None]
    assert ring.size_after(TRADES, at(2, "other")) is None
    assert ring.next(TRADES, at(2, "other")) is None
    assert (ring.head(TRADES), ring.size_bytes) == (at(7), 30)


def test_of_a_stream_that_has_not_begun_nothing_is_known():
    ring = ReplayRing()
    assert (ring.head(TRADES), ring.next(TRADES, at(0))) == (None, None)
    assert ring.size_after(TRADES, at(0)) is None
    ring.begin(TRADES, at(4))
    assert (ring.head(TRADES), ring.size_after(TRADES, at(4))) == (at(4), 0)
    assert ring.next(TRADES, at(4)) is None


def test_what_does_not_continue_begins_anew():
    ring = ReplayRing()
    ring.add(TRADES, frame(0, 1), 1)
    ring.add(TRADES, frame(2, 3), 1)
    assert ring.size_after(TRADES, at(0)) is None
    assert (ring.size_after(TRADES, at(2)), ring.size_bytes) == (10, 10)
    ring.add(TRADES, frame(0, 1, epoch="f"), 1)
    assert (ring.head(TRADES), ring.size_bytes) == (at(1, "f"), 10)


def test_the_oldest_of_a_stream_goes_where_it_has_too_much():
    ring = ReplayRing(stream_bytes_max=25)
    for seq in range(4):
        ring.add(TRADES, frame(seq, seq + 1), 1)
    assert ring.size_after(TRADES, at(1)) is None
    assert (ring.size_after(TRADES, at(2)), ring.size_bytes) == (20, 20)
    ring.add(TRADES, frame(4, 5, size=100), 1)
    assert (ring.size_bytes, ring.size_after(TRADES, at(4)), ring.head(TRADES)) == (0, None, at(5))


def test_the_oldest_of_all_goes_where_all_have_too_much():
    ring = ReplayRing(bytes_max=25)
    ring.add(TRADES, frame(0, 1), 1)
    ring.add(BOOK, frame(0, 1), 1)
    ring.add(BOOK, frame(1, 2), 1)
    assert (ring.size_after(TRADES, at(0)), ring.size_after(BOOK, at(0))) == (None, 20)
    assert (ring.size_after(TRADES, at(1)), ring.size_bytes) == (0, 20)


def test_what_is_too_old_goes():
    ring = ReplayRing(keep_ns=100)
    ring.add(TRADES, frame(0, 1), 1)
    ring.add(BOOK, frame(0, 1), 100)
    assert ring.size_after(TRADES, at(0)) == 10
    ring.add(BOOK, frame(1, 2), 102)
    assert (ring.size_after(TRADES, at(0)), ring.size_after(BOOK, at(0))) == (None, 20)


def test_what_is_forgotten_leaves_nothing():
    ring = ReplayRing()
    ring.add(TRADES, frame(0, 1), 1)
    ring.add(BOOK, frame(0, 1), 1)
    ring.forget(TRADES)
    ring.forget(TRADES)
    assert (ring.head(TRADES), ring.size_bytes) == (None, 10)
    ring.clear()
    assert (ring.head(BOOK), ring.size_bytes) == (None, 0)


def test_a_message_is_in_it_as_long_as_it_is_kept():
    ring = ReplayRing(stream_bytes_max=10)
    one, two = frame(0, 1), frame(1, 2)
    ring.add(TRADES, one, 1)
    assert ring.has(TRADES, one)
    assert not ring.has(TRADES, one._replace(before=None))
    ring.add(TRADES, two, 1)
    assert (ring.has(TRADES, one), ring.has(TRADES, two), ring.awaits) == (False, True, False)
