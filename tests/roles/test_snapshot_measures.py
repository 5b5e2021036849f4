from ledgerflux.core.timings import Timings
from ledgerflux.core.traded import Traded
from ledgerflux.roles.snapshot_measures import measures_of


def told(**more):
    given = {"store_up": True, "stored_ns": 0, "timings": Timings(), "traded": Traded(), **more}
    return {(sample.name, *sample.values): sample.value for sample in measures_of(**given)}


def test_trades_and_their_volume_are_told_by_product():
    traded = Traded()
    traded.expect(["ETH-USD"])
    traded.add("BTC-USD", "buy", "0.25")
    values = told(traded=traded)
    assert values["market_trades_total", "BTC-USD"] == 1
    assert values["market_trade_volume_total", "BTC-USD", "buy"] == 0.25
    assert values["market_trade_volume_total", "ETH-USD", "sell"] == 0


def test_before_any_write_there_is_no_time_of_one():
    assert ("snapshot_last_success_timestamp_seconds",) not in told()
    assert told(stored_ns=1_500_000_000)["snapshot_last_success_timestamp_seconds",] == 1.5


def test_a_store_that_is_away_is_told():
    assert told()["dependency_up", "postgres"] == 1
    assert told(store_up=False)["dependency_up", "postgres"] == 0
