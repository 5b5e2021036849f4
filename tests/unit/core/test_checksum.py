from zlib import crc32

from ledgerflux.core.checksum import LEVELS, book_checksum

SIZE = "0.00000500"


def test_the_checksum_is_the_one_that_the_rule_was_published_with():
    asks = [(f"0.0{5005 + 5 * n}"[:7], SIZE) for n in range(10)]
    prices = ("5000", "4995", "4990", "4980", "4975", "4970", "4965", "4960", "4955", "4950")
    bids = [(f"0.0{price}", SIZE) for price in prices]
    assert book_checksum(bids, asks) == 974_947_235


def test_ten_levels_of_a_side_count_and_no_more():
    levels = [(str(n), "1") for n in range(1, 30)]
    assert book_checksum(levels, []) == book_checksum(levels[:LEVELS], [])
    assert book_checksum(levels[:LEVELS], []) != book_checksum(levels[: LEVELS - 1], [])


def test_asks_come_first_and_points_and_zeros_before_a_number_do_not_count():
    assert book_checksum([("0.50", "2.0")], [("1.5", "0.01")]) == crc32(b"1515020")


def test_an_empty_book_has_one_too():
    assert book_checksum([], []) == 0
