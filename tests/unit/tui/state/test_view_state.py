"""The state that every panel pulls from: bounded, and right about what it was told."""

import pytest
from tui_support import START_NS, a_bar, a_status, a_trade

from ledgerflux.model.stream import TickerEvent
from ledgerflux.model.units import NANOS_PER_S, rfc3339
from ledgerflux_tui.state.books import BOOKS_MAX, Books
from ledgerflux_tui.state.candles import BARS_MAX, Candles
from ledgerflux_tui.state.connection import Connection
from ledgerflux_tui.state.markets import MARKETS_MAX, SAMPLES_MAX, Markets
from ledgerflux_tui.state.shards import HISTORY_MAX, Shards
from ledgerflux_tui.state.tape import TRADES_MAX, Tape
from ledgerflux_tui.state.view_state import ViewState


def ticker(price, bid="1", ask="2"):
    return TickerEvent(1, None, rfc3339(START_NS), price, "1", bid, "1", ask, "1")


def test_rates_are_those_between_two_statuses():
    state = ViewState()
    state.take_status(a_status(events=10), START_NS)
    assert state.markets.of("BTC-USD").rate is None
    state.take_status(a_status(events=40), START_NS + 2 * NANOS_PER_S)
    assert state.markets.of("BTC-USD").rate == 15
    assert state.markets.events_total == 4 * 30


def test_an_epoch_that_begins_anew_has_no_rate_yet():
    markets = Markets()
    head = {"level2": 50, "trades": 0, "state": "live", "integrity": "none"}
    markets.take({"BTC-USD": head}, {}, 0, START_NS)
    markets.take({"BTC-USD": {**head, "level2": 3}}, {"BTC-USD": 2}, 1, START_NS)
    assert markets.of("BTC-USD").rate is None
    assert markets.events_total == 0
    assert markets.of("BTC-USD").shard == 2
    assert markets.of("BTC-USD").integrity == "none"


def test_the_first_product_is_selected_by_itself_and_stays():
    state = ViewState()
    state.take_status(a_status(), START_NS)
    assert state.selected == "ADA-USD"
    state.selected = "SOL-USD"
    state.take_status(a_status(), START_NS)
    assert state.selected == "SOL-USD"


def test_a_frozen_picture_is_changed_by_nobody():
    state = ViewState()
    state.take_status(a_status(events=10), START_NS)
    picture = state.frozen()
    state.take_status(a_status(events=90, gaps=3), START_NS + NANOS_PER_S)
    state.markets.of("BTC-USD").take(ticker("9"), START_NS)
    assert picture.connection.gaps == 0
    assert picture.markets.of("BTC-USD").last is None


@pytest.mark.parametrize("missing", ["heads", "shards", "services", "replay", "gaps"])
def test_a_status_that_lacks_something_is_refused(missing):
    status = a_status()
    del status[missing]
    with pytest.raises(KeyError):
        ViewState().take_status(status, START_NS)


def test_a_price_has_a_direction():
    market = Markets().of("BTC-USD")
    directions = []
    for price in ("10", "11", "11", "9.5", None):
        market.take(ticker(price), START_NS)
        directions.append(market.direction)
    assert directions == [0, 1, 1, -1, -1]
    assert market.last == "9.5"


def test_prices_are_sampled_every_five_seconds_and_bounded():
    markets = Markets()
    for second in range(5 * SAMPLES_MAX + 50):
        markets.of("BTC-USD").take(ticker(str(second + 1)), START_NS)
        markets.take({}, {}, 1, START_NS + second * NANOS_PER_S)
    samples = markets.of("BTC-USD").samples
    assert len(samples) == SAMPLES_MAX
    assert [int(b) - int(a) for a, b in zip(samples, list(samples)[1:], strict=False)] == [5] * 59


def test_more_markets_than_are_kept_are_not_shown():
    markets = Markets()
    for at in range(MARKETS_MAX + 5):
        markets.of(f"P{at}")
    assert len(markets.by_product) == MARKETS_MAX


def test_shards_have_the_process_that_is_them_and_a_bounded_history():
    shards = Shards()
    for second in range(HISTORY_MAX + 10):
        shards.take(a_status(), START_NS + second * NANOS_PER_S)
    assert [row.pid for row in shards.rows] == [104, 105]
    assert len(shards.history[0].rate.values) == HISTORY_MAX
    assert shards.of_product()["ETH-USD"] == 1
    status = a_status(services=[])
    shards.take(status, START_NS)
    assert shards.rows[0].pid == 104, "the shard tells it itself"


def test_the_books_looked_at_longest_ago_are_forgotten():
    books = Books()
    for at in range(BOOKS_MAX + 2):
        books.open(f"P{at}", 25)
    assert books.of("P0") is None
    assert books.of(None) is None
    assert list(books.by_product) == [f"P{at}" for at in range(2, BOOKS_MAX + 2)]
    book = books.open("P3", 50)
    assert (book.depth, book.live) == (50, False)
    book.state, book.told_ns = "live", START_NS
    assert book.live


def test_the_tape_is_bounded_and_forgets_the_product_before():
    tape = Tape()
    tape.begin("BTC-USD")
    tape.take([a_trade(at, "1") for at in range(TRADES_MAX + 5)], START_NS)
    assert (len(tape.trades), tape.trades_total) == (TRADES_MAX, TRADES_MAX + 5)
    assert tape.trades[0].seq == 5
    tape.begin("ETH-USD")
    assert (len(tape.trades), tape.trades_total, tape.told_ns) == (0, 0, None)


def test_a_bar_replaces_the_one_with_its_start_and_the_oldest_go():
    candles = Candles()
    candles.begin("BTC-USD", "1m")
    candles.take([a_bar(at, "1") for at in range(BARS_MAX + 3)], START_NS)
    candles.take([a_bar(BARS_MAX, "7")], START_NS)
    bars = candles.bars()
    assert len(bars) == BARS_MAX
    assert bars[-3].close == "7"
    assert bars[0].start == a_bar(3, "1").start
    candles.begin("BTC-USD", "5m")
    assert candles.bars() == []


def test_a_connection_counts_its_attempts_from_the_loss_on():
    connection = Connection()
    connection.opened("ws://h", START_NS)
    connection.lost("gone", START_NS + 1)
    connection.lost("still gone", START_NS + 2)
    assert (connection.phase, connection.attempt, connection.since_ns) == (
        "lost", 2, START_NS + 1,
    )  # fmt: skip
    connection.opened("ws://h", START_NS + 3)
    assert (connection.phase, connection.attempt, connection.why) == ("open", 0, "")
