from itertools import pairwise

from ledgerflux.core.frame import Frame
from ledgerflux.core.replay_ring import ReplayRing
from ledgerflux.core.snapshot import Position


def test_a_replay_goes_from_the_place_of_one_frame_to_the_next():
    ring, whole = ReplayRing(), ("trades", "BTC-USD")
    places = [Position("run1", seq) for seq in range(3)]
    ring.begin(whole, places[0])
    for before, after in pairwise(places):
        ring.add(whole, Frame(before, after, b"{}"), 1)
    frame, at = ring.next(whole, places[0]), places[0]
    while frame is not None:
        assert (frame.before, frame.newest) == (at, False)
        at = frame.after
        frame = ring.next(whole, at)
    assert at == ring.head(whole)
