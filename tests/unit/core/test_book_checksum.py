import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core import book_checksum
from ledgerflux.core.book import Book
from ledgerflux.core.book_checksum import BookChecksum
from ledgerflux.core.checksum import book_checksum as checksum_of

price = st.one_of(
    st.integers(1, 60).map(str), st.integers(1, 60).map("{}.0".format), st.just("30.5")
)
size = st.sampled_from(["0", "0.0", "1", "2", "2.0"])
change = st.tuples(st.sampled_from(["buy", "sell"]), price, size)
levels = st.dictionaries(st.integers(1, 60).map(str), st.sampled_from(["1", "3"])).map(
    lambda found: list(found.items())
)


def book_of(bids=(), asks=()) -> Book:
    book = Book()
    book.replace(bids, asks)
    return book


def ladder(count):
    return [(str(100 + step), "1") for step in range(count)]


@given(levels, levels, st.lists(st.tuples(st.lists(change, max_size=6), st.booleans())))
def test_it_is_that_of_the_book_whatever_changes_and_whenever_it_is_asked_for(bids, asks, updates):
    book = book_of(bids, asks)
    checksum = BookChecksum(book)
    for changes, asked in [*updates, ([], True)]:
        book.apply(changes)
        checksum.update(changes)
        if asked:
            assert checksum.value() == checksum_of(book.bids(), book.asks())


@pytest.mark.parametrize("count", [1, 9, 10, 29, 30, 31, 200])
def test_a_side_that_is_eaten_up_from_its_best_is_followed_to_the_end(count):
    book = book_of(asks=ladder(count))
    checksum = BookChecksum(book)
    for price, _ in ladder(count):
        assert checksum.value() == checksum_of([], book.asks())
        gone = [("sell", price, "0")]
        book.apply(gone)
        checksum.update(gone)
    assert checksum.value() == checksum_of([], []) == 0


def test_a_side_that_grows_at_its_best_is_followed():
    book = book_of()
    checksum = BookChecksum(book)
    for price, size in reversed(ladder(200)):
        book.apply(new := [("sell", price, size)])
        checksum.update(new)
        assert checksum.value() == checksum_of([], book.asks())


def eat(book, checksum, prices):
    for price in prices:
        book.apply(gone := [("sell", price, "0")])
        checksum.update(gone)
        assert checksum.value() == checksum_of([], book.asks())


def test_levels_that_were_pushed_out_come_back():
    book = book_of(asks=[("900", "1"), ("901", "1")])
    checksum = BookChecksum(book)
    checksum.value()
    for new in ladder(60):
        book.apply(came := [("sell", *new)])
        checksum.update(came)
    eat(book, checksum, [price for price, _ in ladder(60)])


def test_the_last_level_that_is_known_is_followed_too():
    book = book_of(asks=ladder(60))
    checksum = BookChecksum(book)
    checksum.value()
    last = ladder(book_checksum._TAKEN)[-1][0]
    book.apply(changed := [("sell", last, "7")])
    checksum.update(changed)
    eat(book, checksum, [price for price, _ in ladder(25)])


def test_the_book_is_asked_seldom(monkeypatch):
    book = book_of(asks=ladder(200))
    asked = []
    monkeypatch.setattr(Book, "asks", lambda self, depth: asked.append(depth) or ladder(depth))
    checksum = BookChecksum(book)
    for place in range(book_checksum._TAKEN - book_checksum.LEVELS):
        checksum.value()
        checksum.update([("sell", str(129 - place), "0")])
    checksum.value()
    assert asked == [book_checksum._TAKEN]


def test_what_is_too_deep_to_count_is_passed_over():
    book = book_of(asks=ladder(200))
    checksum = BookChecksum(book)
    before = checksum.value()
    book.apply(deep := [("sell", "250", "7"), ("sell", "251", "0")])
    checksum.update(deep)
    assert checksum.value() == before
