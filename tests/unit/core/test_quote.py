from ledgerflux.core.product_normalizer import ProductNormalizer
from ledgerflux.core.quote import Quote, quote_of
from ledgerflux.model.events import BookSnapshot, Trade


def test_a_quote_has_the_texts_of_the_venue():
    stream = ProductNormalizer("BTC-USD", [])
    assert quote_of(stream) == Quote(None, None, None, 0, 0, False, 0, 0)
    stream.open("run", 1)
    stream.snapshot(BookSnapshot("BTC-USD", [("100.10", "1")], [("101", "2")], None), 5, None)
    stream.trade(Trade("BTC-USD", 7, "100.50", "1", "buy", "BUY", None), 6)
    assert quote_of(stream) == Quote("100.10", "101", "100.50", 1, 1, False, 1, 5)


def test_a_side_without_levels_has_no_price():
    stream = ProductNormalizer("BTC-USD", [])
    stream.open("run", 1)
    stream.snapshot(BookSnapshot("BTC-USD", [], [("101", "2")], None), 5, None)
    assert quote_of(stream)[:2] == (None, "101")
