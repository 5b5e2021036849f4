from ledgerflux_cli.close_match import did_you_mean, none_of


def test_what_is_close_is_proposed_and_what_is_far_is_not():
    assert did_you_mean("levle2", ["level2", "trades"]) == ": did you mean level2?"
    assert did_you_mean("btc-usd", ["BTC-USD"]) == ": did you mean BTC-USD?"
    assert did_you_mean("zzz", ["level2", "trades"]) == ""


def test_a_refused_value_is_told_with_all_that_there_is():
    line = none_of("--channel", "trade", ["level2", "trades"])
    assert line == "--channel: 'trade' is none of level2, trades: did you mean trades?"
