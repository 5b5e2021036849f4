import json

from ledgerflux.core.holdings import Holding, Holdings
from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import Terms
from ledgerflux.wire import gateway_lists as lists
from ledgerflux.wire.gateway_messages import check

NOW_NS = 1_700_000_000_000_000_000
TIMES = (NOW_NS, NOW_NS + 1)
AT = Position("e", 7)
BARS = Terms(interval="5m")


def read(raw: bytes) -> dict:
    check(raw)
    return json.loads(raw)


def test_everything_followed_is_listed_with_its_place():
    held = Holdings(
        (
            Holding("level2", "BTC-USD", None, AT, behind=True, on_slow="snapshot"),
            Holding("trades", "BTC-USD", AT, Position("e", 9), behind=False, on_slow="gap"),
            Holding("candles", "BTC-USD", AT, AT, behind=False, on_slow="snapshot", terms=BARS),
        ),
        (("trades", "*-USD"),),
        (("heartbeats", ("BTC-USD", "ETH-*")), ("system", None)),
    )
    told = read(lists.subscriptions(held, venue="v", request_id=5, times=TIMES))
    book, trades, candles = told["subscriptions"]
    assert (candles["interval"], "interval" in trades) == ("5m", False)
    assert (told["req_id"], told["venue"]) == (5, "v")
    assert (book["place"], book["depth"], book["behind"]) == (None, "full", True)
    assert (book["on_slow"], trades["on_slow"]) == ("snapshot", "gap")
    assert (trades["place"], trades["depth"]) == ({"epoch": "e", "seq": 7}, None)
    assert trades["head"] == {"epoch": "e", "seq": 9}
    assert told["patterns"] == [{"channel": "trades", "pattern": "*-USD"}]
    assert told["beats"][1] == {"channel": "system", "product_ids": None}


def test_the_answer_to_snapshot_names_the_books_that_follow():
    told = read(lists.requested("level2", ["BTC-USD"], request_id="a", times=TIMES))
    assert (told["type"], told["product_ids"]) == ("requested", ["BTC-USD"])
