import pytest
from streams import Numbered

from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.terms import Terms
from ledgerflux.core.variants import Variants
from ledgerflux.wire import gateway_frames


@pytest.fixture
def stream():
    made = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    for batch in Numbered().snapshot().take():
        made.apply(batch, 1)
    return made


@pytest.fixture
def variants():
    return Variants(gateway_frames)


def test_everybody_who_asks_for_the_same_shares_it(variants, stream):
    terms = Terms(10, "100ms")
    variant = variants.follow(stream, "level2", terms)
    assert variants.follow(stream, "level2", terms) is variant
    assert variants.follow(stream, "level2", Terms(1)) is not variant
    assert len(variants.of("level2", "BTC-USD")) == 2
    assert stream.watchers == variants.of("level2", "BTC-USD")
    assert variants.of("ticker", "BTC-USD") == []


def test_what_nobody_follows_is_not_kept(variants, stream):
    for terms in (Terms(1), Terms(10)):
        variants.follow(stream, "level2", terms)
    variants.leave(stream, ("level2", "BTC-USD", Terms(1)))
    assert [variant.terms for variant in variants.of("level2", "BTC-USD")] == [Terms(10)]
    variants.leave(stream, ("level2", "BTC-USD", Terms(10)))
    assert (stream.watchers, variants.of("level2", "BTC-USD")) == ([], [])


def test_only_a_book_takes_part_in_updates(variants, stream):
    variants.follow(stream, "ticker", Terms("full", "1s"))
    assert stream.watchers == []
    variants.leave(stream, ("ticker", "BTC-USD", Terms("full", "1s")))
    assert variants.of("ticker", "BTC-USD") == []


def test_those_are_due_whose_time_came(variants, stream):
    variants.follow(stream, "level2", Terms(1))
    assert not variants.on_grid
    fast = variants.follow(stream, "level2", Terms(1, "50ms"))
    slow = variants.follow(stream, "ticker", Terms("full", "1s"))
    variants.follow(stream, "level2", Terms(1, "latest"))
    assert variants.on_grid
    assert list(variants.due(20, 20)) == []
    assert list(variants.due(20, 21)) == [fast]
    assert list(variants.due(39, 40)) == [fast, slow]
    assert list(variants.due(38, 45)) == [fast, slow]
