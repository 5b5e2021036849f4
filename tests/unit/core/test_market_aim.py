from ledgerflux.core import market_aim
from ledgerflux.core.dialect import Request, Route
from ledgerflux.core.market_aim import Aim
from ledgerflux.core.market_socket import Socket

BOTH = Route(("level2",), ("A", "B"))
BEAT = Route(("heartbeats",))


def socket(number, *names):
    made = Socket(number, lambda name: name, set())
    made.apply(Request("subscribe", names))
    return made


def test_a_frame_reaches_those_who_asked_cut_down_to_what_they_asked_for():
    one, both = socket(1, ("level2", ("A",))), socket(2, ("level2", ("A", "B")))
    beats, gone = socket(3, ("heartbeats", ())), socket(4, ("level2", ("A",)))
    gone.abandon()
    aim = Aim({1: one, 2: both, 3: beats, 4: gone})
    assert aim.targets(BOTH) == [(one, frozenset({"A"})), (both, None)]
    assert aim.targets(BEAT) == [(beats, None)]


def test_what_was_worked_out_stands_until_it_is_forgotten(monkeypatch):
    monkeypatch.setattr(market_aim, "ROUTES_MAX", 1)
    sockets = {}
    aim = Aim(sockets)
    first = aim.targets(BOTH)
    sockets[1] = socket(1, ("level2", ("A",)))
    assert aim.targets(BOTH) is first
    assert aim.targets(BEAT) == []
    assert len(aim.targets(BOTH)) == 1
    sockets[2] = socket(2, ("level2", ("A",)))
    aim.forget()
    assert len(aim.targets(BOTH)) == 2
