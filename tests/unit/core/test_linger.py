"""When waiting rows are written."""

import pytest

from ledgerflux.core.linger import ROW_BYTES, Linger, weight


@pytest.fixture
def linger():
    return Linger(rows_max=10, linger_ns=200, idle_ns=1000)


def test_nothing_pending_waits_for_nothing(linger):
    assert linger.wait_ns(5) is None
    assert not linger.full


def test_rows_wait_for_others_from_the_first_on(linger):
    linger.add(1, 100)
    linger.add(1, 250)
    assert linger.wait_ns(250) == 50
    assert linger.wait_ns(300) == linger.wait_ns(999) == 0


def test_a_position_without_rows_waits_longer_until_rows_come(linger):
    linger.add(0, 100)
    assert linger.wait_ns(100) == 1000
    linger.add(3, 400)
    assert linger.wait_ns(400) == 200


def test_rows_that_came_late_do_not_delay_an_old_position(linger):
    linger.add(0, 0)
    linger.add(3, 950)
    assert linger.wait_ns(950) == 50


def test_enough_rows_are_written_at_once(linger):
    linger.add(9, 0)
    assert not linger.full
    linger.add(1, 0)
    assert linger.full
    assert linger.wait_ns(0) == 0


def test_what_is_being_written_counts_no_more(linger):
    linger.add(10, 0)
    linger.clear()
    assert not linger.full
    assert linger.wait_ns(0) is None
    linger.add(1, 500)
    assert linger.wait_ns(500) == 200


def test_a_book_weighs_what_it_takes():
    assert weight(b"") == 1
    assert weight(bytes(10 * ROW_BYTES)) == 11
