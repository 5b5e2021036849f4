import hashlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core import book as module
from ledgerflux.core.book import Book, BookRefused, BookStatistics, book_hash, canonical

ZEROS = ("0", "0.0", "0.000000", "-0", "-0.00")
BAD_PRICES = ("0", "0.00", "-1", "-0.5", "-0", "0.0000000000001", "1e5", "", "NaN", "1,000", " 1")
FULL = ([("10.5", "1"), ("10.25", "0.30")], [("10.75", "2.0"), ("11", "7")])


class SlowBook:
    """What a book is: exact price to the texts that came last."""

    def __init__(self):
        self.sides = {"buy": {}, "sell": {}}
        self.unknown_deletes = 0

    def apply(self, changes):
        for side, price, size in changes:
            levels = self.sides[side]
            if Decimal(size):
                levels[Decimal(price)] = (price, size)
            elif levels.pop(Decimal(price), None) is None:
                self.unknown_deletes += 1

    def bids(self):
        return [level for _, level in sorted(self.sides["buy"].items(), reverse=True)]

    def asks(self):
        return [level for _, level in sorted(self.sides["sell"].items())]

    def crossed(self):
        buy, sell = self.sides["buy"], self.sides["sell"]
        return bool(buy and sell and max(buy) >= min(sell))


def agrees(side):
    """What a side knows of its levels fits together."""
    assert side.gone == list(side.sizes.values()).count("")
    assert sorted(side.texts.values()) == sorted(side.sizes)
    assert sorted(side.heap) == sorted(side.texts)


TEXTS_OF_FEW_PRICES = [
    zeros + f"{whole}" + fraction
    for whole in range(1, 7)
    for zeros in ("", "0")
    for fraction in ("", ".0", ".5", ".50", ".5000")
]
TINY = 10**12

any_prices = st.integers(1, 10**21).map(lambda tick: f"{tick // TINY}.{tick % TINY:012d}")
prices = st.one_of(st.sampled_from(TEXTS_OF_FEW_PRICES), any_prices)
sizes = st.sampled_from([*ZEROS, "1", "1.0", "0.00000001", "20", "7.25", "100000000.5"])
sides = st.sampled_from(["buy", "sell"])
changes = st.lists(st.tuples(sides, prices, sizes), max_size=20)
levels = st.lists(st.tuples(prices, sizes), max_size=10)


def first(listed):
    return listed[0] if listed else None


def same(book, slow):
    assert book.bids() == slow.bids()
    assert book.asks() == slow.asks()
    assert book.best() == (next(iter(slow.bids()), None), next(iter(slow.asks()), None))
    assert book.crossed() == slow.crossed()
    assert book.statistics() == BookStatistics(
        len(slow.bids()), len(slow.asks()), slow.unknown_deletes
    )


@given(st.lists(changes, max_size=4))
def test_any_updates_leave_what_a_plain_dict_would_hold(updates):
    book, slow = Book(), SlowBook()
    for update in updates:
        book.apply(update)
        slow.apply(update)
        same(book, slow)


@given(changes, levels, levels, changes)
def test_a_snapshot_replaces_everything_and_updates_go_on_from_it(before, bids, asks, after):
    book, slow = Book(), SlowBook()
    book.apply(before)
    repeated = book.replace(bids, asks)
    for side, side_levels in (("buy", bids), ("sell", asks)):
        slow.apply([(side, price, size) for price, size in side_levels])
    slow.unknown_deletes = book.statistics().unknown_deletes_total
    same(book, slow)
    distinct = len({Decimal(price) for price, _ in bids}) + len({Decimal(p) for p, _ in asks})
    assert repeated == len(bids) + len(asks) - distinct
    book.apply(after)
    slow.apply(after)
    same(book, slow)


@given(changes)
def test_a_book_made_of_its_own_levels_is_the_same_book(updates):
    book, twin = Book(), Book()
    book.apply(updates)
    assert twin.replace(book.bids(), book.asks()) == 0
    assert (twin.bids(), twin.asks()) == (book.bids(), book.asks())


@given(st.lists(changes, max_size=3), st.integers(0, 40))
def test_a_depth_cuts_the_same_levels_off_the_top_whichever_way_they_are_found(updates, depth):
    walked, swept, sorted_book, plain = Book(), Book(), Book(), SlowBook()
    for update in updates:
        for book in (walked, swept, sorted_book, plain):
            book.apply(update)
        for steps, spare, book in ((0, 16, walked), (0, -depth, swept), (10**9, 16, sorted_book)):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(module, "_SORTED_FOR_A_STEP", steps)
                patch.setattr(module, "_GONE_BETWEEN", spare)
                assert book.bids(depth) == plain.bids()[:depth]
                assert book.asks(depth) == plain.asks()[:depth]
                assert book.best() == (first(plain.bids()), first(plain.asks()))
                agrees(book._bids)
                agrees(book._asks)


def test_levels_stand_best_first_on_both_sides():
    book = Book()
    book.replace(reversed(FULL[0]), reversed(FULL[1]))
    assert (book.bids(), book.asks()) == FULL
    assert book.best() == (("10.5", "1"), ("10.75", "2.0"))


def test_two_texts_of_one_price_are_one_level_with_the_text_that_came_last():
    book = Book()
    book.apply([("buy", "1.5", "1"), ("buy", "1.50", "2")])
    assert book.bids() == [("1.50", "2")]
    book.apply([("buy", "01.500", "0.000000")])
    assert book.bids() == []
    assert book.statistics().unknown_deletes_total == 0


def test_a_delete_of_an_unknown_level_is_counted_and_changes_nothing():
    book = Book()
    book.replace(*FULL)
    book.apply([("sell", "10.5", "0"), ("buy", "3", "0.00")])
    assert (book.bids(), book.asks()) == FULL
    assert book.statistics() == BookStatistics(2, 2, 2)


@pytest.mark.parametrize("zero", ZEROS)
def test_every_way_to_write_zero_removes(zero):
    book = Book()
    book.replace(*FULL)
    book.apply([("buy", "10.5", zero)])
    assert book.best() == (("10.25", "0.30"), ("10.75", "2.0"))
    book.replace([("5", zero)], [])
    assert book.bids() == []


def test_of_a_price_repeated_in_a_snapshot_the_last_counts():
    book = Book()
    assert book.replace([("1", "1"), ("2", "1"), ("1.0", "3"), ("2", "0")], []) == 2
    assert book.bids() == [("1.0", "3")]


def test_an_empty_book_is_a_book():
    book = Book()
    assert book.replace([], []) == 0
    assert book.best() == (None, None)
    assert not book.crossed()


@pytest.mark.parametrize(
    ("bid", "ask", "crossed"), [("10", "10.01", False), ("10", "10.00", True), ("11", "10", True)]
)
def test_a_bid_at_or_above_an_ask_is_crossed(bid, ask, crossed):
    book = Book()
    book.apply([("buy", bid, "1"), ("sell", ask, "1")])
    assert book.crossed() is crossed


def test_a_one_sided_book_is_not_crossed():
    book = Book()
    book.apply([("sell", "1", "1")])
    assert not book.crossed()
    assert book.best() == (None, ("1", "1"))


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize(
    ("price", "size"), [*((price, "1") for price in BAD_PRICES), ("5", "-1"), ("5", "-0.01")]
)
def test_a_level_no_book_can_hold_is_refused(side, price, size):
    book = Book()
    book.replace(*FULL)
    with pytest.raises(BookRefused):
        book.replace([(price, size)] if side == "buy" else [("1", "1")], [(price, size)])
    assert (book.bids(), book.asks()) == FULL
    with pytest.raises(BookRefused):
        book.apply([(side, price, size)])
    assert (book.bids(), book.asks()) == FULL


def test_a_delete_at_an_impossible_price_is_refused_as_well():
    with pytest.raises(BookRefused):
        Book().apply([("buy", "0", "0")])


def test_after_a_refusal_the_changes_before_it_are_in():
    book = Book()
    with pytest.raises(BookRefused, match="negative size -2 at 3"):
        book.apply([("buy", "1", "1"), ("buy", "3", "-2"), ("buy", "2", "1")])
    assert book.bids() == [("1", "1")]


def test_what_is_remembered_of_levels_that_left_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "_GONE_SPARE", 3)
    book = Book()
    for price in range(1, 30):
        other = f"{price}.5"
        book.apply([("buy", other, "1"), ("buy", "1", str(price)), ("buy", other, "0")])
        assert book._bids.gone <= len(book._bids) + 3 + 2
        agrees(book._bids)
        assert book.bids() == [("1", str(price))]


def test_a_look_at_the_best_levels_does_not_pass_more_and_more_that_left():
    book, depth = Book(), 10
    book.replace([], [(str(price), "1") for price in range(1, 3000)])
    assert depth * module._SORTED_FOR_A_STEP < 2999
    for price in range(1000):
        other = f"{price % 9 + 1}.{price:04d}5"
        book.apply([("sell", other, "1")])
        book.apply([("sell", other, "0")])
        assert book.asks(depth) == [(str(price), "1") for price in range(1, 11)]
        assert book._asks.gone <= depth + module._GONE_BETWEEN
    agrees(book._asks)


def test_the_canonical_text_has_one_line_a_level_best_first():
    assert canonical(*FULL) == b"bid 10.5 1\nbid 10.25 0.30\nask 10.75 2.0\nask 11 7\n"
    assert canonical([], []) == b""


def test_the_hash_is_the_one_written_down():
    # what `sha256sum` says of the four lines above, and of nothing
    assert book_hash(*FULL) == ("abb31937a9af93bd62a43f955d2a1a8af6c13705a01eaf4070e7ab885594041b")
    assert book_hash([], []) == ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


@given(changes)
def test_the_hash_can_be_made_by_hand(updates):
    book, slow = Book(), SlowBook()
    book.apply(updates)
    slow.apply(updates)
    digest = hashlib.sha256()
    for word, side in (("bid", slow.bids()), ("ask", slow.asks())):
        for price, size in side:
            digest.update(" ".join((word, price, size)).encode("ascii") + b"\x0a")
    assert book_hash(book.bids(), book.asks()) == digest.hexdigest()


def test_another_text_of_the_same_number_is_another_hash():
    assert book_hash([("1.5", "1")], []) != book_hash([("1.50", "1")], [])
    assert book_hash([("1.5", "1")], []) != book_hash([], [("1.5", "1")])
