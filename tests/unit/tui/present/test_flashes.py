from ledgerflux_tui.present.flashes import Flashes


def test_sizes_before_a_message_are_shown_twice():
    flashes = Flashes()
    assert flashes.before("BTC-USD", 1, [("1", "5")]) == {}
    assert flashes.before("BTC-USD", 2, [("1", "6")]) == {"1": "5"}
    assert flashes.before("BTC-USD", 2, [("1", "6")]) == {"1": "5"}
    assert flashes.before("BTC-USD", 2, [("1", "6")]) is None
    assert flashes.before("BTC-USD", 3, [("1", "7")]) == {"1": "6"}


def test_another_product_has_no_sizes_before():
    flashes = Flashes()
    flashes.before("BTC-USD", 1, [("1", "5")])
    assert flashes.before("ETH-USD", 1, [("1", "6")]) == {}
