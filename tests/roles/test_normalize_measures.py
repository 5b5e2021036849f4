from collections import Counter

import pytest

from ledgerflux.core.partition_normalizer import PartitionNormalizer
from ledgerflux.model.events import BookSnapshot, BookUpdate, Parsed, Trade
from ledgerflux.roles.normalize_measures import REASONS, STATES, measures_of

S = 1_000_000_000


class Part:
    """A partition with one product, asked for and known."""

    def __init__(self):
        self.machine = PartitionNormalizer()
        self.inherited = Counter()
        self.machine.open("run", "c1", ["BTC-USD"], ["level2", "market_trades"], S)

    def frame(self, sequence, *events):
        self.machine.frame(Parsed(sequence=sequence, events=events), 7 * S)
        self.machine.take()


def snapshot(bids=(("100", "1"),), asks=(("101.5", "2"), ("102", "1"))):
    return BookSnapshot("BTC-USD", list(bids), list(asks), None)


@pytest.fixture
def part():
    return Part()


def told(*parts):
    samples = measures_of(2, 4, parts, [])
    return {(sample.name, *sample.values): sample.value for sample in samples}


def test_a_live_book_is_told_with_its_prices(part):
    part.frame(0, snapshot())
    part.frame(1, Trade("BTC-USD", 5, "100.25", "0.5", "buy", "BUY", None))
    values = told(part)
    prices = [values["market_price", "BTC-USD", side] for side in ("bid", "ask", "last")]
    assert prices == [100.0, 101.5, 100.25]
    own = ("2", "BTC-USD")
    assert values["normalize_book_levels", *own, "bid"] == 1
    assert values["normalize_book_levels", *own, "ask"] == 2
    assert values["normalize_book_spread_ratio", *own] == pytest.approx(1.5 / 100.75)
    assert values["normalize_book_crossed", *own] == 0
    assert values["normalize_book_last_update_timestamp_seconds", *own] == 7.0
    assert values["normalize_last_sequence", *own] == 1
    states = {state: values["normalize_book_state", *own, state] for state in STATES}
    assert states == dict.fromkeys(STATES, 0) | {"live": 1}


def test_a_book_without_levels_has_no_price_but_a_state(part):
    values = told(part)
    assert values["normalize_book_state", "2", "BTC-USD", "syncing"] == 1
    assert not [key for key in values if key[0] == "market_price"]
    assert ("normalize_book_last_update_timestamp_seconds", "2", "BTC-USD") not in values


def test_a_crossed_book_is_told(part):
    part.frame(0, snapshot())
    part.frame(1, BookUpdate("BTC-USD", [("buy", "103", "1")], None))
    values = told(part)
    assert values["normalize_book_crossed", "2", "BTC-USD"] == 1
    assert values["normalize_book_state", "2", "BTC-USD", "suspect"] == 1
    assert values["normalize_rejected_total", "2", "book"] == 1


def test_every_reason_is_zero_before_anything_happened(part):
    values = told(part)
    assert [values["normalize_rejected_total", "2", reason] for reason in REASONS] == [0] * 5
    assert values["normalize_validated_total", "2"] == 0
    assert values["normalize_shards_configured",] == 4
    assert values["normalize_shard_products", "2"] == 1


def test_frames_are_validated_rejected_or_missing(part):
    part.frame(0, snapshot())
    part.frame(1, snapshot())
    part.frame(4, snapshot())
    part.frame(4, snapshot())
    part.machine.refused("not JSON", None, 8 * S)
    part.machine.lost("overflow", 3, 9 * S)
    values = told(part)
    assert values["normalize_validated_total", "2"] == 3
    assert values["normalize_rejected_total", "2", "repeated"] == 1
    assert values["normalize_rejected_total", "2", "unreadable"] == 1
    assert values["normalize_missing_total", "2"] == 2 + 3


def test_another_run_of_the_source_takes_nothing_back(part):
    part.frame(0, snapshot())
    part.machine.lost("overflow", 3, 9 * S)
    part.machine.open("other run", "c2", ["BTC-USD"], ["level2"], 10 * S)
    part.frame(0, snapshot())
    values = told(part)
    assert values["normalize_validated_total", "2"] == 2
    assert values["normalize_missing_total", "2"] == 3


def test_what_others_counted_before_is_no_work_of_this_process(part):
    part.frame(0, snapshot())
    part.inherited = Counter(part.machine.counts)
    part.frame(1, snapshot())
    assert told(part)["normalize_validated_total", "2"] == 1
