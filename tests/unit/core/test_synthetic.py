import json
from collections import Counter, defaultdict
from itertools import pairwise
from statistics import fmean, pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import received

from ledgerflux.core.book import Book
from ledgerflux.core.market_clock import END_OF_TIME
from ledgerflux.core.synthetic import SyntheticMarket, _picks
from ledgerflux.model.events import BookUpdate, Heartbeat, Ticker, Trade
from ledgerflux.venues.registry import venue
from ledgerflux.venues.servers import server

NAMES = ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "LTC", "AVAX")
PRODUCTS = tuple(f"{name}-USD" for name in NAMES)
VENUES = ["coinbase-advanced", "coinbase-exchange"]
RECORDED = "coinbase-exchange-l2-ticker-matches-20210417-6p"
WALL_NS = 1_800_000_000_000_000_000
MS = 1_000_000
S = 1_000 * MS


def market_of(name="coinbase-advanced", products=PRODUCTS, **options):
    return SyntheticMarket(products, server(name), wall_ns=WALL_NS, **options)


def taken_at(market):
    """Return the offset of the last frame taken."""
    return market.time_ns() - WALL_NS


def taken(market, count):
    return [market.take(END_OF_TIME) for _ in range(count)]


@pytest.mark.parametrize("name", VENUES)
def test_frames_are_routed_and_make_books_that_never_cross(name):
    market, dialect, client = market_of(name), server(name), venue(name)
    books = {product: Book() for product in PRODUCTS}
    for product, book in books.items():
        book.replace(*market.book(product))
    kinds = Counter()
    trade_ids = {}
    counters = []
    for item in taken(market, 8_000):
        route = dialect.route(item.frame)
        assert (item.route.channels, item.route.products) == (route.channels, route.products)
        assert item.digits == dialect.digits(item.frame)
        assert item.step == 1
        for event in client.parse(item.frame).events:
            kinds[type(event)] += 1
            if isinstance(event, BookUpdate):
                assert 1 <= len(event.changes) <= 4
                books[event.product].apply(event.changes)
                assert not books[event.product].crossed()
            elif isinstance(event, Trade):
                last = trade_ids.get(event.product)
                assert last is None or event.trade_id == last + 1
                trade_ids[event.product] = event.trade_id
            elif isinstance(event, Ticker):
                best = books[event.product].best()
                assert ((event.bid, event.bid_size), (event.ask, event.ask_size)) == best
            elif isinstance(event, Heartbeat):
                counters.append(event.counter)
            else:
                pytest.fail(f"unexpected: {event}")
    for product, book in books.items():
        assert market.book(product) == (book.bids(), book.asks())
        assert min(book.statistics()[:2]) >= 200
    assert kinds[BookUpdate] > 5_000
    assert kinds[Trade] >= kinds[Ticker] > 300
    assert market.book("NO-SUCH") is None
    if name == "coinbase-advanced":
        assert counters == list(range(1, len(counters) + 1))


@pytest.mark.parametrize("name", VENUES)
def test_what_can_be_subscribed_is_what_comes(name):
    market = market_of(name)
    pairs = {
        (channel, product)
        for item in taken(market, 6_000)
        for channel in item.route.channels[:1]
        for product in item.route.products or ("",)
    }
    assert market.pairs == pairs
    assert market.products == PRODUCTS


@pytest.mark.parametrize("rate_per_s", [20.0, 200.0, 5_000.0])
@pytest.mark.parametrize("name", VENUES)
def test_the_rate_is_the_one_asked_for(name, rate_per_s):
    market = market_of(name, rate_per_s=rate_per_s)
    taken(market, 20_000)
    held = market.position / market.due_ns() * S
    assert held == pytest.approx(rate_per_s, rel=0.03)


def test_a_rate_of_less_than_the_heartbeats_still_moves():
    market = market_of("coinbase-exchange", rate_per_s=2.0)
    items = taken(market, 500)
    assert sum("level2" in item.route.channels for item in items) > 20


def test_rates_are_uneven_over_products_and_come_in_bursts():
    market = market_of(rate_per_s=2_000.0)
    items = taken(market, 40_000)
    rates = Counter(item.route.products for item in items if item.route.products)
    assert rates.most_common()[0][0] == ("BTC-USD",)
    assert rates["BTC-USD",] >= 5 * rates["AVAX-USD",]
    slots = Counter(item.offset_ns // 20_000_000 for item in items)
    busiest = slots.most_common(20)[-1][1]
    assert busiest > 2 * 40


def test_time_is_the_markets_and_never_goes_back():
    market = market_of(rate_per_s=500.0)
    offsets = []
    for item in taken(market, 2_000):
        offsets.append(item.offset_ns)
        stamp = json.loads(item.frame)["timestamp"]
        assert venue("coinbase-advanced").parse(item.frame)
        assert (
            stamp
            == server("coinbase-advanced")
            .level2("A", [], WALL_NS + item.offset_ns)[len('{"channel":"l2_data","timestamp":"') :]
            .split(b'"')[0]
            .decode()
        )
    assert offsets == sorted(offsets)


def test_nothing_comes_before_it_is_due():
    market = market_of(rate_per_s=100.0)
    for _ in range(300):
        due_ns = market.due_ns()
        assert market.take(due_ns - 1) is None or market.take(due_ns - 1)
        item = market.take(due_ns)
        assert item is None or item.offset_ns <= due_ns


def test_a_clock_that_starts_later_moves_the_times_and_never_back():
    market = market_of()
    assert market.time_ns() == WALL_NS
    taken(market, 50)
    before_ns = market.time_ns()
    market.begin(WALL_NS + 3_600 * S)
    due_ns = market.due_ns()
    taken(market, 1)
    assert market.time_ns() == WALL_NS + 3_600 * S
    market.begin(WALL_NS)
    assert market.time_ns() > before_ns
    assert market.due_ns() >= due_ns


@pytest.mark.parametrize(
    ("rate_per_s", "frames_total"), [(100.0, 4_000), (5_000.0, 6_000), (50_000.0, 20_000)]
)
@pytest.mark.parametrize("name", VENUES)
def test_gaps_sizes_and_products_are_as_uneven_as_those_of_a_real_market(
    name, rate_per_s, frames_total
):
    market, client = market_of(name, rate_per_s=rate_per_s), venue(name)
    items = taken(market, frames_total)
    gaps = [later.offset_ns - item.offset_ns for item, later in pairwise(items)]
    assert pstdev(gaps) / fmean(gaps) >= 2
    frames = Counter(item.route.products for item in items if item.route.products)
    assert len(frames) == len(PRODUCTS)
    assert max(frames.values()) >= 5 * min(frames.values())
    sizes = defaultdict(list)
    for item in items:
        for event in client.parse(item.frame).events:
            if isinstance(event, BookUpdate):
                sizes[event.product] += [float(size) for _, _, size in event.changes if size != "0"]
    for product in PRODUCTS[:3]:
        ranked = sorted(sizes[product])
        assert ranked[len(ranked) * 99 // 100] >= 20 * ranked[len(ranked) // 2]


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    products=st.lists(st.sampled_from(PRODUCTS), min_size=1, max_size=4, unique=True),
    name=st.sampled_from(VENUES),
)
def test_the_same_seed_and_products_give_the_same_bytes(seed, products, name):
    first, second = (market_of(name, products, seed=seed) for _ in range(2))
    frames = [item.frame for item in taken(first, 300)]
    assert frames == [item.frame for item in taken(second, 300)]
    other = market_of(name, products, seed=seed + 1)
    assert frames != [item.frame for item in taken(other, 300)]


@pytest.mark.parametrize("name", VENUES)
def test_another_process_goes_on_with_the_same_frames(name):
    first = market_of(name, rate_per_s=3_000.0)
    taken(first, 5_000)
    while (saved := first.save()) is None:
        taken(first, 1)
    second = market_of(name, rate_per_s=3_000.0, saved=saved)
    assert (second.position, second.due_ns()) == (first.position, first.due_ns())
    assert second.book("BTC-USD") == first.book("BTC-USD")
    for one, other in zip(taken(first, 3_000), taken(second, 3_000), strict=True):
        assert (one.offset_ns, one.frame) == (other.offset_ns, other.frame)


def test_there_is_nothing_to_save_in_the_middle_of_a_trade():
    market = market_of()
    unsaved = 0
    for _ in range(500):
        taken(market, 1)
        unsaved += market.save() is None
    assert 20 < unsaved < 200


def test_another_process_goes_on_in_the_middle_of_a_flurry():
    first, within = market_of(), 0
    for _ in range(300):
        taken(first, 1)
        if (saved := first.save()) is None or first.due_ns() != taken_at(first):
            continue
        within += 1
        twins = market_of(saved=saved), market_of(saved=saved)
        expected = taken(twins[0], 12)
        first_frames = [item.frame for item in expected]
        assert first_frames == [item.frame for item in taken(twins[1], 12)]
        assert expected[0].frame == taken(first, 1)[0].frame
    assert within > 20


def moments(items):
    """Return how many frames each moment of `items` has."""
    return list(Counter(item.offset_ns for item in items).values())


def dispersion(times_ns, window_ns):
    """Return the variance of the frames in a window to their mean: 1 for independent ones."""
    counts = Counter((time_ns - times_ns[0]) // window_ns for time_ns in times_ns)
    windows = [counts[i] for i in range((times_ns[-1] - times_ns[0]) // window_ns)]
    return pstdev(windows) ** 2 / fmean(windows)


def test_frames_come_together_as_they_do_at_an_exchange():
    items = taken(market_of("coinbase-exchange", rate_per_s=219.0), 20_000)
    ranked = sorted(moments(items))
    assert fmean(ranked) == pytest.approx(2, rel=0.1)
    assert ranked[len(ranked) // 2] == 1
    assert 3 <= ranked[len(ranked) * 9 // 10] <= 5
    assert 8 <= ranked[len(ranked) * 99 // 100] <= 12
    pairs = [pair for pair in pairwise(items) if pair[0].offset_ns == pair[1].offset_ns]
    alike = fmean(one.route.products == other.route.products for one, other in pairs)
    assert alike == pytest.approx(0.56, abs=0.1)


@pytest.mark.parametrize("window_ms", [1, 10, 100, 300])
def test_frames_of_a_time_vary_as_those_of_a_recording(window_ms):
    times_ns = [line["ts"] for line in received(RECORDED)]
    recorded = dispersion(times_ns[30:], window_ms * MS)  # after the answers and books
    made = taken(market_of("coinbase-exchange", PRODUCTS[:6], rate_per_s=219.0), 30_000)
    assert dispersion([item.offset_ns for item in made], window_ms * MS) == pytest.approx(
        recorded, rel=0.2
    )


def test_skipping_is_taking():
    first, second = market_of(), market_of()
    taken(first, 5_000)
    left = 5_000
    while left:
        left = second.skip(left)
    assert first.save() == second.save()
    assert first.take(END_OF_TIME).frame == second.take(END_OF_TIME).frame


@pytest.mark.parametrize("count", [1, 2, 8, 500, 1_024])
def test_every_product_has_a_share(count):
    picks = Counter(_picks(count))
    assert len(picks) == count
    assert sum(picks.values()) >= 4_096
    assert picks[0] == max(picks.values())


def test_a_made_market_has_no_end_and_goes_nowhere():
    source = market_of()
    source.begin(1_000)
    source.skip(10)
    assert source.extent is None
    assert source.place(7) == (10, 7, source.time_ns())
    with pytest.raises(AssertionError):
        source.travel(0)
