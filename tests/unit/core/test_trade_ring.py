import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.snapshot import START, Position
from ledgerflux.core.trade_ring import Found, Gone, Kept, TradeRing, Wanted


def body(seq):
    return b'{"seq":%d}' % seq


def filled(first=1, last=10, **bounds) -> TradeRing:
    """A ring that was given `first` to `last`; every fifth is a gap."""
    ring = TradeRing(**bounds)
    ring.begin(Position("e", first - 1))
    for seq in range(first, last + 1):
        ring.add(Position("e", seq), [body(seq)], gap=seq % 5 == 0)
    return ring


def seqs(found):
    assert [kept.body for kept in found.events] == [
        body(seq) for seq in range(found.from_seq, found.to_seq + 1)
    ]
    return found.from_seq, found.to_seq


def test_before_anything_there_is_nothing():
    ring = TradeRing()
    assert (ring.epoch, ring.oldest_seq, ring.newest_seq) == ("", 1, 0)
    ring.begin(START)
    assert ring.find(Wanted()) == Found(1, [])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), (3, 12)),
        (Wanted(limit=4), (9, 12)),
        (Wanted(from_seq=5), (5, 12)),
        (Wanted(from_seq=5, limit=2), (5, 6)),
        (Wanted(from_seq=5, to_seq=7), (5, 7)),
        (Wanted(to_seq=7), (3, 7)),
        (Wanted(to_seq=7, limit=2), (6, 7)),
        (Wanted(from_seq=12, to_seq=99), (12, 12)),
        (Wanted(from_seq=13), (13, 12)),
        (Wanted(from_seq=50), (50, 49)),
        (Wanted(from_seq=3, epoch="e"), (3, 12)),
    ],
)
def test_a_range_is_what_there_is_of_it_without_a_hole(wanted, expected):
    assert seqs(filled(3, 12).find(wanted)) == expected


@pytest.mark.parametrize(
    "wanted", [Wanted(from_seq=2), Wanted(from_seq=1, to_seq=1), Wanted(to_seq=2)]
)
def test_what_is_older_than_the_ring_is_gone(wanted):
    assert filled(3, 12).find(wanted) == Gone("the oldest seq here is 3")


def test_another_epoch_was_never_here():
    assert filled().find(Wanted(from_seq=1, epoch="other")) == Gone("the epoch is e")


def test_gaps_are_kept_as_such():
    assert filled().find(Wanted(from_seq=5, to_seq=6)).events == [
        Kept(True, body(5)),
        Kept(False, body(6)),
    ]


def test_it_holds_what_is_between_its_ends():
    ring = filled(3, 12)
    assert ring.holds("e", 3)
    assert not ring.holds("e", 2)
    assert not ring.holds("other", 3)


def test_the_oldest_go_when_there_are_too_many_or_they_are_too_large():
    assert filled(1, 10, events_max=4).oldest_seq == 7
    large = filled(1, 9, bytes_max=3 * len(body(1)))
    assert (large.oldest_seq, large.size_bytes) == (7, 3 * len(body(1)))
    nothing = filled(1, 3, bytes_max=1)
    assert (nothing.oldest_seq, nothing.newest_seq, nothing.size_bytes) == (4, 3, 0)


def test_it_goes_on_only_where_it_ends():
    ring = filled()
    ring.begin(Position("e", 10))
    assert ring.oldest_seq == 1
    ring.add(Position("e", 13), [body(13)], gap=False)  # 11 and 12 never came
    assert seqs(ring.find(Wanted())) == (13, 13)
    ring.begin(Position("f", 0))
    assert (ring.epoch, ring.oldest_seq, ring.newest_seq, ring.size_bytes) == ("f", 1, 0, 0)


@given(st.lists(st.integers(1, 5), max_size=40), st.integers(1, 12), st.integers(1, 90))
def test_whatever_comes_it_holds_the_newest_within_its_bounds(sizes, events_max, bytes_max):
    ring, seq = TradeRing(events_max, bytes_max), 0
    ring.begin(Position("e", 0))
    for size in sizes:
        seq += size
        bodies = [body(of) for of in range(seq - size + 1, seq + 1)]
        ring.add(Position("e", seq), bodies, gap=False)
        found = ring.find(Wanted())
        assert seqs(found) == (ring.oldest_seq, seq)
        assert len(found.events) <= events_max
        assert ring.size_bytes == sum(len(kept.body) for kept in found.events) <= bytes_max
