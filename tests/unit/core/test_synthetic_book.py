from itertools import cycle

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgerflux.core import synthetic_book
from ledgerflux.core.book import Book
from ledgerflux.core.entropy import Entropy
from ledgerflux.core.synthetic_book import LEVELS_MAX, LEVELS_MIN, SyntheticBook

PRODUCTS = ["BTC-USD", "XRP-USD", "DOGE-USD", "FOO-EUR"]


def book_of(product="BTC-USD", seed="1"):
    entropy = Entropy(seed)
    return SyntheticBook(product, entropy.word), entropy


def mirror_of(book):
    mirror = Book()
    mirror.replace(*book.levels())
    return mirror


def happen(book, entropy):
    """Let one thing happen and return the levels that changed."""
    if entropy.word() % 8:
        changes = book.update()
        assert 1 <= len(changes) <= 4
        return changes
    return book.trade().changes


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_changes_make_the_book_and_it_is_never_crossed(product):
    book, entropy = book_of(product)
    mirror = mirror_of(book)
    for step in range(6_000):
        mirror.apply(happen(book, entropy))
        assert not mirror.crossed()
        held = mirror.statistics()
        assert min(held.bids, held.asks) >= 200
        assert max(held.bids, held.asks) <= LEVELS_MAX + 3
        if step % 500 == 0:
            assert book.levels() == (mirror.bids(), mirror.asks())
    assert book.levels() == (mirror.bids(), mirror.asks())
    assert mirror.statistics().unknown_deletes_total == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.text(max_size=8), product=st.text(max_size=12), steps=st.integers(1, 400))
def test_no_seed_and_no_product_crosses_a_book(seed, product, steps):
    book, entropy = book_of(product, seed)
    mirror = mirror_of(book)
    for _ in range(steps):
        mirror.apply(happen(book, entropy))
        assert not mirror.crossed()


@settings(max_examples=60, deadline=None)
@given(words=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40), trades=st.booleans())
def test_no_chance_at_all_crosses_a_book(words, trades):
    entropy = Entropy("first levels")
    book = SyntheticBook("SOL-USD", entropy.word)
    book._word = cycle(words).__next__
    mirror = mirror_of(book)
    for _ in range(90):
        mirror.apply(book.update())
        if trades:
            mirror.apply(book.trade().changes)
        assert not mirror.crossed()
        assert min(mirror.statistics()[:2]) >= 200


def test_prices_wander_and_come_back():
    book, entropy = book_of("ETH-USD")
    middles = []
    for _ in range(20_000):
        happen(book, entropy)
        bids, asks = book.levels() if len(middles) % 100 == 0 else ([], [])
        middles.append(float(bids[0][0]) + float(asks[0][0]) if bids else None)
    seen = [middle / 2 for middle in middles if middle is not None]
    assert max(seen) - min(seen) > 1
    assert 3_000 < min(seen) < max(seen) < 3_400


def test_trades_have_dense_ids_and_prices_of_the_book():
    book, _ = book_of()
    last_id = None
    sides = set()
    fills_total = 0
    for _ in range(600):
        book.update()
        bids, asks = book.levels()
        traded = book.trade()
        fills_total += len(traded.fills)
        assert 1 <= len(traded.fills) <= 3
        for fill, change in zip(traded.fills, traded.changes, strict=True):
            assert last_id is None or fill.trade_id == last_id + 1
            last_id = fill.trade_id
            sides.add(fill.taker)
            book_side = asks if fill.taker == "buy" else bids
            assert fill.price in [price for price, _ in book_side[:3]]
            assert change[1] == fill.price
            assert change[0] != fill.taker
        assert all(change[2] == "0" for change in traded.changes[:-1])
        assert traded.summary.last == traded.fills[-1]
        assert (traded.summary.bid, traded.summary.ask) == (
            book.levels()[0][0],
            book.levels()[1][0],
        )
        assert float(traded.summary.low_24h) <= float(traded.fills[-1].price)
        assert float(traded.summary.high_24h) >= float(traded.fills[-1].price)
    assert sides == {"buy", "sell"}
    assert 1.2 < fills_total / 600 < 1.6
    assert book.beat.last_trade_id == last_id
    assert book.beat.product == "BTC-USD"
    assert book.beat.sequence >= last_id - 600


def test_a_market_order_does_not_empty_a_side():
    book, _ = book_of("SOL-USD")
    for _ in range(2_000):
        book.trade()
    bids, asks = book.levels()
    assert min(len(bids), len(asks)) > LEVELS_MIN - 10


@pytest.mark.parametrize("product", PRODUCTS)
def test_another_object_goes_on_from_a_state(product):
    first, entropy = book_of(product)
    for _ in range(500):
        happen(first, entropy)
    again = Entropy("1", entropy.place)
    second = SyntheticBook(product, again.word, first.state())
    assert second.levels() == first.levels()
    for _ in range(500):
        assert happen(second, again) == happen(first, entropy)
    assert second.state() == first.state()
    assert second.beat == first.beat


def test_no_bid_is_ever_below_the_smallest_price():
    book, entropy = book_of("ADA-USD")
    low = msgspec.structs.replace(
        book.state(),
        fair=301 << 16,
        bids=[(tick, 5) for tick in range(2, 262)],
        asks=[(-tick, 5) for tick in range(560, 310, -1)],
    )
    book = SyntheticBook("ADA-USD", entropy.word, low)
    mirror = mirror_of(book)
    for _ in range(5_000):
        mirror.apply(happen(book, entropy))  # refuses what is no price
    assert book.levels() == (mirror.bids(), mirror.asks())
    assert min(key for key, _ in book.state().bids) >= 1


def test_a_full_side_loses_its_farthest_level_before_it_grows():
    thin, entropy = book_of("SOL-USD")
    state = thin.state()
    deep = [(key, 100) for key in range(15_000 - 1, 15_000 - 1 - 3 * LEVELS_MAX, -3)]
    book = SyntheticBook("SOL-USD", entropy.word, msgspec.structs.replace(state, bids=deep))
    mirror = mirror_of(book)
    fewest = LEVELS_MAX
    for _ in range(300):
        mirror.apply(book.update())
        assert mirror.statistics().bids <= LEVELS_MAX + 3
        fewest = min(fewest, mirror.statistics().bids)
    assert book.levels() == (mirror.bids(), mirror.asks())
    assert fewest > LEVELS_MAX - 100


def test_texts_are_forgotten_before_they_fill_memory(monkeypatch):
    monkeypatch.setattr(synthetic_book, "_TEXTS_MAX", 10)
    book, entropy = book_of()
    mirror = mirror_of(book)
    for _ in range(300):
        mirror.apply(happen(book, entropy))
    assert book.levels() == (mirror.bids(), mirror.asks())
    assert len(book._bids.prices) <= 10
