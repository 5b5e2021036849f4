import pytest
from hypothesis import given
from hypothesis import strategies as st
from normalizing import Client, PlainBook

from ledgerflux.core.product_normalizer import ProductNormalizer
from ledgerflux.model.events import BookSnapshot, BookUpdate, RecentTrades, Ticker, Trade
from ledgerflux.model.stream import Gap, Level2Snapshot, Level2Update, StatusEvent

BTC = "BTC-USD"
AT_NS = 1_786_253_022_000_000_000
AT = "2026-08-09T05:23:42.000000000Z"
BIDS, ASKS = [("10", "1"), ("9.50", "2")], [("11", "1"), ("12", "3")]


class Stream:
    """A product's normalizer, what it made, and a client that checks all of it."""

    def __init__(self, machine=None, *, derive=False, short=True):
        self.made = []
        self.machine = machine or ProductNormalizer(BTC, self.made)
        self.derive = derive
        self.short = short
        self.client = Client()
        self.told = 0

    def open(self, run="r1"):
        self.machine.open(run, AT_NS)
        return self.new()

    def close(self, reason="closed with 1006"):
        self.machine.close(reason, AT_NS)
        return self.new()

    def frame(self, *events, src_seq=None):
        """Bring one frame; return what is made of it, and the problems found."""
        machine, problems = self.machine, []
        if self.short and len(events) == 1 and isinstance(events[0], BookUpdate):
            problem = machine.update_frame(events[0], AT_NS, src_seq, derive_ticker=self.derive)
            return self.new(), [] if problem is None else [problem]
        for event in events:
            match event:
                case BookSnapshot():
                    problems.append(machine.snapshot(event, AT_NS, src_seq))
                case BookUpdate():
                    problems.append(machine.update(event, AT_NS, src_seq))
                case Trade():
                    machine.trade(event, AT_NS)
                case RecentTrades():
                    machine.recent_trades(event, AT_NS)
                case Ticker():
                    machine.ticker(event, AT_NS)
        problems.append(machine.finish_frame(AT_NS, derive_ticker=self.derive))
        return self.new(), [problem for problem in problems if problem is not None]

    def live(self):
        self.open()
        self.frame(snapshot())
        assert self.machine.state == "live"
        return self

    def new(self):
        fresh = self.made[self.told :]
        self.told = len(self.made)
        for item in fresh:
            self.client.take(item)
        assert self.client.state == self.machine.state
        assert self.client.live is (self.machine.state == "live")
        return [item.event for item in fresh]


def snapshot(bids=BIDS, asks=ASKS, exchange_ns=None):
    return BookSnapshot(BTC, list(bids), list(asks), exchange_ns)


def update(*changes, exchange_ns=None):
    return BookUpdate(BTC, list(changes), exchange_ns)


def trade(trade_id):
    return Trade(BTC, trade_id, "10.5", "1", "buy", "BUY", None)


# -- the way to live --------------------------------------------------------------------


def test_a_new_product_is_init_until_its_first_session():
    stream = Stream()
    assert (stream.machine.state, stream.machine.epoch) == ("init", "")
    assert stream.open() == [StatusEvent(1, "syncing", "connected", AT)]
    assert stream.machine.epoch == "r1"


def test_the_first_snapshot_makes_the_book_live():
    stream = Stream()
    stream.open()
    events, problems = stream.frame(snapshot(BIDS[::-1], ASKS[::-1], AT_NS), src_seq=0)
    assert problems == []
    assert events == [
        Level2Snapshot(1, AT, AT, "subscribe", BIDS, ASKS, src_seq=0),
        StatusEvent(2, "live", "snapshot", AT),
    ]
    assert stream.machine.book.bids() == BIDS


def test_an_empty_book_is_a_live_book():
    stream = Stream()
    stream.open()
    events, _ = stream.frame(snapshot([], []))
    assert events[0].bids == events[0].asks == []
    assert stream.machine.state == "live"


def test_updates_before_a_snapshot_are_counted_and_not_published():
    stream = Stream()
    stream.open()
    assert stream.frame(update(("buy", "10", "1"))) == ([], [])
    assert stream.machine.statistics().updates_ignored == 1


def test_an_update_is_published_with_the_venues_texts_and_place():
    stream = Stream().live()
    changes = (("buy", "9.50", "0.000"), ("sell", "13.0", "4"))
    events, problems = stream.frame(update(*changes, exchange_ns=AT_NS), src_seq=9)
    assert events == [Level2Update(2, AT, AT, list(changes), src_seq=9)]
    assert problems == []
    assert stream.machine.book.asks()[-1] == ("13.0", "4")


def test_two_updates_of_one_frame_are_two_events():
    stream = Stream().live()
    events, _ = stream.frame(update(("buy", "9", "1")), update(("buy", "8", "1")))
    assert [event.seq for event in events] == [2, 3]


def test_a_snapshot_of_a_live_book_replaces_it_without_a_change_of_state():
    stream = Stream().live()
    events, _ = stream.frame(snapshot([("5", "1")], []))
    assert events == [Level2Snapshot(2, None, AT, "resync", [("5", "1")], [])]


def test_updates_before_a_snapshot_in_its_frame_are_part_of_it():
    stream = Stream().live()
    events, _ = stream.frame(update(("buy", "9", "1")), snapshot(), update(("buy", "8", "1")))
    assert [type(event) for event in events] == [Level2Snapshot, Level2Update]


# -- leaving live -----------------------------------------------------------------------


def left(events):
    """What was told of leaving live: (gap's seq, cause, detail, state, missing)."""
    gap, status = events
    assert isinstance(gap, Gap)
    assert (status.state, status.reason) == (gap.state, gap.detail)
    return gap.seq, gap.cause, gap.detail, gap.state, gap.missing


def test_a_doubt_of_a_live_book_is_told_as_gap_and_as_status():
    stream = Stream().live()
    stream.machine.doubt("overflow", "frames were lost", AT_NS, missing=3)
    assert left(stream.new()) == (2, "overflow", "frames were lost", "suspect", 3)


def test_a_doubt_of_a_book_that_is_not_live_says_nothing_new():
    stream = Stream()
    stream.open()
    stream.machine.doubt("overflow", "frames were lost", AT_NS)
    assert stream.new() == []


def test_nothing_is_published_between_a_gap_and_the_next_snapshot():
    stream = Stream().live()
    stream.machine.doubt("upstream", "a hole", AT_NS)
    stream.new()
    assert stream.frame(update(("buy", "9", "1"))) == ([], [])
    events, _ = stream.frame(snapshot())
    assert events[0].reason == "resync"
    assert (events[0].seq, stream.machine.state) == (3, "live")


def test_a_crossed_book_is_never_published():
    stream = Stream().live()
    events, problems = stream.frame(update(("buy", "9", "1")), update(("buy", "11.00", "1")))
    assert left(events) == (2, "upstream", "the book is crossed", "suspect", None)
    assert problems == ["the book is crossed"]


def test_a_book_may_be_crossed_within_a_frame():
    stream = Stream().live()
    events, problems = stream.frame(update(("buy", "11.5", "1")), update(("sell", "11", "0")))
    assert len(events) == 2
    assert problems == []


@pytest.mark.parametrize("change", [("buy", "0", "1"), ("buy", "-5", "0"), ("sell", "12", "-1")])
def test_an_impossible_level_takes_the_whole_frame_and_the_proof(change):
    stream = Stream().live()
    events, problems = stream.frame(update(("buy", "9", "1")), update(change))
    assert left(events)[3] == "suspect"
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [(("buy", "0", "1"), "no price of a level: 0"), (("buy", "11", "1"), "the book is crossed")],
)
def test_a_frame_of_one_update_that_can_not_be_takes_the_proof(change, problem):
    stream = Stream().live()
    events, problems = stream.frame(update(change))
    assert left(events) == (2, "upstream", problem, "suspect", None)
    assert problems == [problem]


@pytest.mark.parametrize(
    ("bad", "cause"),
    [
        (snapshot([("0", "1")], []), "no price of a level: 0"),
        (snapshot([("10", "1")], [("10", "1")]), "the venue's snapshot is crossed"),
    ],
)
def test_a_snapshot_that_can_not_be_is_never_published(bad, cause):
    stream = Stream()
    stream.open()
    assert stream.frame(bad) == ([], [cause])
    assert stream.machine.state == "syncing"
    stream.frame(snapshot())
    events, problems = stream.frame(update(("buy", "9", "1")), bad)
    assert left(events) == (2, "upstream", cause, "suspect", None)
    assert problems == [cause]
    assert stream.frame(update(("buy", "9", "1"))) == ([], [])


def test_a_connection_that_ends_makes_the_book_stale():
    stream = Stream().live()
    assert left(stream.close()) == (2, "upstream", "closed with 1006", "stale", None)
    assert stream.open() == [StatusEvent(4, "resyncing", "connected again", AT)]
    events, _ = stream.frame(snapshot())
    assert (events[0].seq, events[0].reason) == (3, "resync")


def test_a_connection_that_ends_before_its_snapshot_is_told_as_status_only():
    stream = Stream()
    stream.open()
    assert stream.close() == [StatusEvent(2, "stale", "closed with 1006", AT)]
    assert stream.close("again") == []


def test_a_session_without_an_end_before_it_breaks_the_book():
    stream = Stream().live()
    told = left(stream.open())
    assert told == (2, "upstream", "the connection was lost", "resyncing", None)
    assert stream.open() == []


def test_a_second_session_while_waiting_for_the_first_snapshot_changes_nothing():
    stream = Stream()
    stream.open()
    assert stream.open() == []
    stream.frame(snapshot())
    stream.machine.doubt("upstream", "a hole", AT_NS)
    stream.new()
    assert stream.open() == [StatusEvent(4, "resyncing", "connected again", AT)]


# -- epochs -----------------------------------------------------------------------------


def test_another_run_is_another_epoch_and_shares_nothing():
    stream = Stream(derive=True).live()
    stream.frame(trade(50))
    stream.close()
    assert stream.open("r2") == [StatusEvent(1, "syncing", "connected", AT)]
    assert stream.machine.book.bids() == []
    events, _ = stream.frame(snapshot(), trade(3))
    assert [(type(event).__name__, event.seq) for event in events] == [
        ("Level2Snapshot", 1),
        ("StatusEvent", 2),
        ("TradeEvent", 1),
        ("TickerEvent", 1),
    ]
    assert stream.machine.statistics().trades_repeated == 0


def test_a_live_book_is_left_in_its_own_epoch_before_the_next_begins():
    stream = Stream().live()
    *told, begun = stream.open("r2")
    assert left(told) == (2, "upstream", "another run of the source began", "stale", None)
    assert [item.epoch for item in stream.made[-3:]] == ["r1", "r1", "r2"]
    assert begun == StatusEvent(1, "syncing", "connected", AT)


# -- trades and ticker ------------------------------------------------------------------


def test_trades_flow_whatever_the_book_is_worth():
    stream = Stream()
    stream.open()
    events, _ = stream.frame(trade(5), trade(5), trade(7))
    assert [event.seq for event in events] == [1, 2, 3]
    assert (events[1].from_id, events[1].to_id, events[1].state) == (6, 6, "syncing")
    assert stream.machine.statistics().trades_repeated == 1


def test_recent_trades_say_where_trades_stand():
    stream = Stream()
    stream.open()
    assert stream.frame(RecentTrades(BTC, [trade(5), trade(4)])) == ([], [])
    events, _ = stream.frame(trade(5), trade(6))
    assert [event.trade_id for event in events] == [6]


def test_the_venues_ticker_is_published_and_none_is_made_beside_it():
    stream = Stream(derive=False).live()
    events, _ = stream.frame(Ticker(BTC, "10.5"), update(("buy", "10.5", "1")))
    assert [(type(event).__name__, getattr(event, "derived", None)) for event in events] == [
        ("TickerEvent", False),
        ("Level2Update", None),
    ]


def tickers(events):
    return [
        (event.price, event.bid, event.ask)
        for event in events
        if type(event).__name__ == "TickerEvent"
    ]


def test_a_ticker_is_made_where_top_or_last_trade_changed():
    stream = Stream(derive=True)
    stream.open()
    stream.frame(RecentTrades(BTC, [trade(4)]))
    assert tickers(stream.frame(snapshot())[0]) == [("10.5", "10", "11")]
    assert tickers(stream.frame(update(("buy", "9", "1")))[0]) == []
    assert tickers(stream.frame(update(("buy", "10", "2")))[0]) == [("10.5", "10", "11")]
    assert tickers(stream.frame(trade(5))[0]) == [("10.5", "10", "11")]
    assert tickers(stream.frame(trade(5))[0]) == []


def test_no_ticker_is_made_of_a_book_that_is_not_live():
    stream = Stream(derive=True)
    stream.open()
    assert tickers(stream.frame(trade(5))[0]) == []
    stream.frame(snapshot())
    events, _ = stream.frame(trade(6), update(("buy", "11", "1")))
    assert tickers(events) == []
    assert stream.machine.state == "suspect"


def test_a_book_that_is_live_again_is_told_with_its_ticker():
    stream = Stream(derive=True).live()
    stream.machine.doubt("upstream", "a hole", AT_NS)
    stream.new()
    stream.frame(trade(9))
    assert tickers(stream.frame(snapshot())[0]) == [("10.5", "10", "11")]


# -- checkpoint and property ------------------------------------------------------------


def test_a_checkpoint_is_not_taken_within_a_frame():
    stream = Stream().live()
    stream.machine.update(update(("buy", "9", "1")), AT_NS, None)
    with pytest.raises(AssertionError):
        stream.machine.checkpoint()


def test_a_fresh_product_can_be_saved_and_restored():
    saved = ProductNormalizer(BTC, []).checkpoint()
    made = []
    restored = ProductNormalizer.restore(saved, made)
    assert restored.checkpoint() == saved
    restored.open("r1", AT_NS)
    assert made[0].event == StatusEvent(1, "syncing", "connected", AT)


_low = st.sampled_from(["1", "2", "2.0", "3.5", "6"])
_high = st.sampled_from(["5", "6", "7.0", "8"])
_size = st.sampled_from(["1", "2.50", "0", "0.0", "-1"])
_changes = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), _low, _size),
        st.tuples(st.just("sell"), _high, _size),
        st.tuples(st.just("sell"), _high, _size),
    ),
    max_size=3,
)
_level_lists = (
    st.lists(st.tuples(_low, st.just("1")), max_size=2),
    st.lists(st.tuples(_high, st.just("1")), max_size=2),
)
_event = st.one_of(
    st.builds(snapshot, *_level_lists),
    _changes.map(lambda changes: update(*changes)),
    _changes.map(lambda changes: update(*changes)),
    st.integers(1, 9).map(trade),
    st.lists(st.integers(1, 9).map(trade), max_size=2).map(lambda ts: RecentTrades(BTC, ts)),
)
_step = st.one_of(
    st.lists(_event, min_size=1, max_size=3),
    st.lists(_event, min_size=1, max_size=3),
    st.lists(_event, min_size=1, max_size=3),
    st.sampled_from(["open", "another run", "close", "doubt"]),
)


def play(stream, steps, runs):
    for step in steps:
        match step:
            case "open":
                stream.open(f"r{runs[0]}")
            case "another run":
                runs[0] += 1
                stream.open(f"r{runs[0]}")
            case "close":
                stream.close()
            case "doubt":
                stream.machine.doubt("upstream", "a hole", AT_NS)
                stream.new()
            case _:
                stream.frame(*step)
        if stream.machine.state == "live":
            book = stream.machine.book
            assert stream.client.book.levels() == (book.bids(), book.asks())
            assert not PlainBook(book.bids(), book.asks()).crossed()


@given(st.lists(_step, max_size=14), st.booleans())
def test_a_frame_of_one_update_is_an_update_and_the_end_of_a_frame(steps, derive):
    short, long = Stream(derive=derive), Stream(derive=derive, short=False)
    for stream in (short, long):
        stream.open("r0")
        play(stream, steps, [0])
    assert short.made == long.made
    assert short.machine.checkpoint() == long.machine.checkpoint()
    assert short.machine.statistics() == long.machine.statistics()


@given(st.lists(_step, max_size=14), st.booleans(), st.integers(0, 14))
def test_whatever_happens_a_client_knows_the_book_and_a_restart_changes_nothing(steps, derive, cut):
    whole, first = Stream(derive=derive), Stream(derive=derive)
    whole.open("r0")
    play(whole, steps, [0])
    first.open("r0")
    runs = [0]
    play(first, steps[:cut], runs)
    second = Stream(derive=derive)
    second.machine = ProductNormalizer.restore(first.machine.checkpoint(), second.made)
    second.client = first.client
    play(second, steps[cut:], runs)
    assert first.made + second.made == whole.made
    assert second.machine.checkpoint() == whole.machine.checkpoint()
