from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.book import Book
from ledgerflux.core.checksum import book_checksum
from ledgerflux.core.full_view import FullView

change = st.tuples(
    st.sampled_from(["buy", "sell"]),
    st.sampled_from(["1", "1.0", "2", "3"]),
    st.sampled_from(["0", "1", "2"]),
)


@given(st.lists(st.lists(change, max_size=4), max_size=10))
def test_the_net_of_all_changes_makes_the_same_book(updates):
    book, mirror = Book(), Book()
    book.replace([("1", "1")], [("3", "1")])
    view = FullView(book)
    mirror.replace(*view.levels())
    before = view.levels()
    for changes in updates:
        book.apply(changes)
        assert view.update(changes) == []
    assert view.levels() == before, "nothing is told before it is asked for"
    mirror.apply(view.refresh())
    assert (mirror.bids(), mirror.asks()) == (book.bids(), book.asks()) == view.levels()
    assert view.checksum() == book_checksum(book.bids(), book.asks())
    assert view.refresh() == []


def test_a_level_that_changed_twice_is_told_once():
    book = Book()
    view = FullView(book)
    for size in ("1", "2", "3"):
        view.update([("buy", "5", size)])
    assert view.refresh() == [("buy", "5", "3")]
