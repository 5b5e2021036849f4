from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.book import Book
from ledgerflux.core.checksum import book_checksum
from ledgerflux.core.top_view import TopView

change = st.tuples(
    st.sampled_from(["buy", "sell"]),
    st.sampled_from(["1", "1.0", "2", "3", "3.00", "4", "5", "6"]),
    st.sampled_from(["0", "0.0", "1", "2", "2.0"]),
)


def book_of(bids=(), asks=()) -> Book:
    book = Book()
    book.replace(bids, asks)
    return book


def view_of(depth, bids=(), asks=()):
    book = book_of(bids, asks)
    return book, TopView(book, depth)


def update(book, view, *changes):
    book.apply(changes)
    return view.update(changes)


@given(st.lists(st.lists(change, max_size=4), max_size=20), st.integers(1, 3), st.booleans())
def test_who_applies_every_change_has_the_best_levels(updates, depth, at_once):
    book, view = view_of(depth, [("3", "1"), ("2", "1"), ("1", "1")], [("4", "1")])
    mirror = book_of(*view.levels())
    for changes in updates:
        book.apply(changes)
        mirror.apply(view.update(changes) if at_once else [])
        assert view.checksum() == book_checksum(mirror.bids(), mirror.asks())
    if not at_once:
        mirror.apply(view.refresh())
    assert view.levels() == (book.bids(depth), book.asks(depth))
    assert (mirror.bids(), mirror.asks()) == view.levels()
    assert view.checksum() == book_checksum(mirror.bids(), mirror.asks())


def test_what_is_too_deep_to_be_seen_is_not_told():
    book, view = view_of(2, [("9", "1"), ("8", "1"), ("7", "1")])
    before = view.checksum()
    assert update(book, view, ("buy", "7", "0"), ("buy", "6", "3")) == []
    assert view.checksum() == before


def test_a_level_that_is_pushed_out_is_told_as_removed_and_comes_back():
    book, view = view_of(1, [("8", "1")])
    assert update(book, view, ("buy", "9", "2")) == [("buy", "8", "0"), ("buy", "9", "2")]
    assert update(book, view, ("buy", "9", "0")) == [("buy", "9", "0"), ("buy", "8", "1")]


def test_a_size_that_is_set_again_is_no_change():
    book, view = view_of(2, [("8", "1")])
    assert update(book, view, ("buy", "8", "2"), ("buy", "8", "1")) == []
    assert update(book, view, ("buy", "8", "2"), ("buy", "8", "3")) == [("buy", "8", "3")]


def test_another_text_of_the_same_price_takes_its_place():
    book, view = view_of(2, [("8", "1")])
    assert update(book, view, ("buy", "8.0", "1")) == [("buy", "8", "0"), ("buy", "8.0", "1")]
