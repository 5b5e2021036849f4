from ledgerflux.core.throttling import Skipping, Throttled


def test_what_is_left_out_is_told_when_it_begins_and_when_it_ends():
    skipping = Skipping()
    assert skipping.settle() is None
    assert skipping.skip() == Throttled("output", "skipping", 0)
    assert skipping.skip(4) is None
    assert skipping.settle() == Throttled("output", "ended", 5)
    assert skipping.settle() is None
    assert skipping.skip() is not None
