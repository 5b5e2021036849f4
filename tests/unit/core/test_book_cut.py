import msgspec
import pytest
from streams import ASKS, BIDS, Numbered

from ledgerflux.core.book_cut import DEPTHS, BookDesk, cut
from ledgerflux.core.product_stream import ProductStream


def following(source: Numbered) -> ProductStream:
    stream = ProductStream("v", source.product, integrity="none", integrity_rule="none")
    feed(stream, source)
    return stream


def feed(stream, source):
    for batch in source.take():
        stream.apply(batch, 7)


class Pen:
    """Counts what is written."""

    def __init__(self, size=10) -> None:
        self.size = size
        self.written = []

    def __call__(self, book):
        self.written.append((book.stream.product, book.depth, book.position.seq))
        return bytes(self.size)


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_cut_is_the_best_of_each_side(depth):
    book = cut(following(Numbered().snapshot()), depth)
    levels = DEPTHS[depth]
    assert msgspec.json.decode(book.bids, type=list[tuple[str, str]]) == BIDS[:levels]
    assert msgspec.json.decode(book.asks, type=list[tuple[str, str]]) == ASKS[:levels]
    assert (book.position, book.standing.state) == (("run1", 1), "live")


def test_the_whole_book_is_what_subscribers_are_sent():
    stream = following(Numbered().snapshot())
    kept = stream.snapshot()
    assert cut(stream, "full").standing is kept.standing


def test_a_document_is_made_once_for_each_position_state_and_depth():
    pen, source = Pen(), Numbered().snapshot()
    desk, stream = BookDesk(pen), following(source)
    for _ in range(3):
        assert desk.document(stream, "10") is desk.document(stream, "10")
        desk.document(stream, "full")
    feed(stream, source.update())
    desk.document(stream, "10")
    stream.doubt()
    desk.document(stream, "10")
    assert [row[1:] for row in pen.written] == [("10", 1), ("full", 1), ("10", 2), ("10", 2)]
    assert desk.kept_bytes == 20


def test_another_stream_of_the_same_name_has_its_own_book():
    pen = Pen()
    desk = BookDesk(pen)
    for _ in range(2):
        desk.document(following(Numbered().snapshot()), "1")
    assert len(pen.written) == 2


def test_the_one_longest_unasked_for_goes_when_they_are_too_large():
    pen = Pen(size=40)
    desk = BookDesk(pen, kept_bytes_max=100)
    streams = [following(Numbered(name).snapshot()) for name in ("A-B", "C-D", "E-F")]
    for number in (0, 1, 0, 2, 0, 1):
        desk.document(streams[number], "1")
    assert [name for name, _, _ in pen.written] == ["A-B", "C-D", "E-F", "C-D"]
    assert desk.kept_bytes == 80


def test_a_document_larger_than_all_room_is_answered_and_not_kept():
    desk = BookDesk(Pen(size=40), kept_bytes_max=30)
    assert len(desk.document(following(Numbered().snapshot()), "1")) == 40
    assert desk.kept_bytes == 0
