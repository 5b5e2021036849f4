from collections import defaultdict

import pytest
from small_recordings import ADVANCED, advanced_frames, write_recording

from ledgerflux.adapters.recording_file import describe, read_lines
from ledgerflux.bench.paced import LEVELS_MAX, write_made, write_recorded
from ledgerflux.core.book import Book
from ledgerflux.core.recorded_items import items_of
from ledgerflux.errors import BadRecording
from ledgerflux.model.events import BookSnapshot, BookUpdate
from ledgerflux.settings import DEFAULT_PRODUCTS
from ledgerflux.venues.registry import venue

STEP_NS = 1_000_000
RATE = 1_000
UPDATES = 16


def played(path):
    """What a venue would send, read: evenly, and no connection leaves a number out."""
    items = list(items_of(read_lines(path), ADVANCED))
    assert [item.offset_ns for item in items] == [n * STEP_NS for n in range(len(items))]
    assert {item.step for item in items} == {1}
    return [venue("coinbase-advanced").parse(item.frame) for item in items]


def looped(tmp_path, frames):
    target = tmp_path / "paced.lfr"
    told = write_recorded(target, write_recording(tmp_path / "day.lfr", frames), RATE)
    return told, target


def events_by_product(path):
    found = defaultdict(list)
    for parsed in played(path):
        for event in parsed.events:
            found[event.product].append(event)
    return found


def test_a_recording_is_looped_evenly_under_every_default_product(tmp_path):
    told, target = looped(tmp_path, advanced_frames(levels=LEVELS_MAX + 10, updates=UPDATES))
    assert described(target) == (DEFAULT_PRODUCTS, told.frames)
    for events in events_by_product(target).values():
        snapshots = [event for event in events if isinstance(event, BookSnapshot)]
        assert snapshots[0] is events[0]
        assert {len(event.bids) for event in snapshots} == {LEVELS_MAX}
        assert sum(isinstance(event, BookUpdate) for event in events) == UPDATES


def described(path):
    survey = describe(path).survey
    return survey.products, survey.frames


def test_no_two_products_are_at_the_same_place_of_the_recording(tmp_path):
    _, target = looped(tmp_path, advanced_frames(updates=UPDATES))
    firsts = {
        next(event.changes[0] for event in events if isinstance(event, BookUpdate))
        for events in events_by_product(target).values()
    }
    assert len(firsts) == len(DEFAULT_PRODUCTS)


def test_each_round_ends_with_the_book_it_began_with(tmp_path):
    _, target = looped(tmp_path, advanced_frames(updates=UPDATES))
    books = set()
    for product, events in events_by_product(target).items():
        if product == DEFAULT_PRODUCTS[0]:
            continue  # It begins where the recording does, and ends where that ends.
        book = Book()
        for event in events:
            if isinstance(event, BookSnapshot):
                book.replace(event.bids, event.asks)
            else:
                book.apply(event.changes)
        assert (book.bids(), book.asks()) == (events[0].bids, events[0].asks)
        books.add(str(book.bids()))
    assert len(books) == len(DEFAULT_PRODUCTS) - 1


def test_a_recording_without_a_snapshot_cant_be_looped(tmp_path):
    with pytest.raises(BadRecording, match="no snapshot"):
        looped(tmp_path, advanced_frames()[1:])


def test_made_frames_are_written_evenly_after_their_books_each_product_on_its_connection(tmp_path):
    target = tmp_path / "made.lfr"
    told = write_made(target, RATE, 6_000)
    assert described(target) == (DEFAULT_PRODUCTS, told.frames)
    assert len(DEFAULT_PRODUCTS) < told.frames <= 6_000 + len(DEFAULT_PRODUCTS)
    assert {parsed.sequence for parsed in played(target)[: len(DEFAULT_PRODUCTS)]} == {0}
    assert all(isinstance(events[0], BookSnapshot) for events in events_by_product(target).values())
    assert told.conditions.endswith("% of books, 1.7 levels each")
