from decimal import Decimal

from ledgerflux.core.traded import Traded


def test_volumes_are_exact_however_many_are_added():
    traded = Traded()
    for _ in range(10):
        traded.add("BTC-USD", "buy", "0.1")
    traded.add("BTC-USD", "sell", "123456789012345678901234567890.00000001")
    traded.add("BTC-USD", "sell", "0.00000001")
    assert traded.trades == {"BTC-USD": 12}
    assert traded.volumes["BTC-USD", "buy"] == Decimal(1)
    assert traded.volumes["BTC-USD", "sell"] == Decimal("123456789012345678901234567890.00000002")


def test_what_may_come_is_counted_from_zero():
    traded = Traded()
    traded.add("ETH-USD", "buy", "2")
    traded.expect(["BTC-USD", "ETH-USD"])
    assert dict(traded.trades) == {"BTC-USD": 0, "ETH-USD": 1}
    assert traded.volumes == {
        ("BTC-USD", "buy"): 0,
        ("BTC-USD", "sell"): 0,
        ("ETH-USD", "buy"): 2,
        ("ETH-USD", "sell"): 0,
    }


def test_what_another_counted_is_added():
    one, other = Traded(), Traded()
    one.add("BTC-USD", "buy", "1.5")
    other.add("BTC-USD", "buy", "2")
    other.expect(["SOL-USD"])
    one.take(other)
    assert dict(one.trades) == {"BTC-USD": 2, "SOL-USD": 0}
    assert one.volumes["BTC-USD", "buy"] == Decimal("3.5")
