import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.snapshot import LEVELS_PER_PART, Position, Snapshot, Standing

STANDING = Standing("live", "none", "none", None, None, 0)
WIDEST = ("9" * 24 + "." + "9" * 24, "9" * 24 + "." + "9" * 24)


def make(bids, asks):
    return Snapshot("v", "BTC-USD", Position("e", 1), STANDING, bids, asks)


def test_an_empty_book_is_one_empty_part():
    snapshot = make([], [])
    assert snapshot.parts == 1
    assert snapshot.levels(1) == (b"[]", b"[]")


def test_a_part_of_the_widest_levels_stays_below_256_kib():
    snapshot = make([WIDEST] * LEVELS_PER_PART * 2, [WIDEST] * 3)
    assert snapshot.parts == 3
    assert max(sum(map(len, snapshot.levels(part))) for part in (1, 2, 3)) < 255 * 1024


def test_the_text_of_a_part_is_made_once():
    snapshot = make([("1", "1")], [])
    assert snapshot.levels(1) is snapshot.levels(1)


@given(st.integers(0, 9000), st.integers(0, 9000))
def test_the_parts_put_together_are_the_book(bid_count, ask_count):
    bids = [(str(n), "1") for n in range(bid_count)]
    asks = [(str(n), "2") for n in range(ask_count)]
    snapshot = make(bids, asks)
    got_bids, got_asks = [], []
    for part in range(1, snapshot.parts + 1):
        part_bids, part_asks = map(msgspec.json.decode, snapshot.levels(part))
        assert len(part_bids) + len(part_asks) <= LEVELS_PER_PART + 1
        got_bids += map(tuple, part_bids)
        got_asks += map(tuple, part_asks)
    assert (got_bids, got_asks) == (bids, asks)
    whole = [msgspec.json.decode(side, type=list[tuple[str, str]]) for side in snapshot.sides()]
    assert whole == [bids, asks]
