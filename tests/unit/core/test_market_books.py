import pytest
from market_frames import SERVER, lines_of, parse, snapshot, source_of, update

from ledgerflux.core.dialect import Request
from ledgerflux.core.market_books import Books


def asked(*products, name="level2"):
    return Request("subscribe", ((name, products),))


def at(position):
    source = source_of(lines_of(snapshot(0), update(1, size="2"), snapshot(2, "C-D")))
    assert source.skip(position) == 0
    return source


def sizes(frames):
    return [(event.product, event.bids[0][1]) for frame in frames for event in parse(frame)]


def test_whoever_asks_gets_the_books_that_are_known():
    books = Books(SERVER, at(1))
    assert sizes(books.of(asked("A-B", "C-D"))) == [("A-B", "1")]


@pytest.mark.parametrize("name", ["market_trades", "heartbeats", "new"])
def test_other_channels_have_no_books(name):
    assert [*Books(SERVER, at(1)).of(asked("A-B", name=name))] == []


def test_a_book_is_written_once_for_all_who_ask_at_a_position(monkeypatch):
    source = at(1)
    books = Books(SERVER, source)
    made = []
    original = SERVER.snapshot
    monkeypatch.setattr(SERVER, "snapshot", lambda *a: made.append(a) or original(*a))
    first = [*books.of(asked("A-B"))]
    assert [*books.of(asked("A-B"))] == first
    assert len(made) == 1
    source.skip(2)
    books.forget()
    assert sizes(books.of(asked("A-B", "C-D"))) == [("A-B", "2"), ("C-D", "1")]
    assert len(made) == 3
