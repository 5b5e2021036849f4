from streams import Numbered

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.holdings import Holding, holdings
from ledgerflux.core.limits import Limits
from ledgerflux.core.request_desk import RequestDesk
from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import Terms
from ledgerflux.wire import gateway_frames

LIMITS = Limits(outbox_bytes=1500, outbox_drained_bytes=400)


def entered(fanout: Fanout) -> ClientSession:
    session = ClientSession(gateway_frames, LIMITS, 0, lambda: None)
    fanout.enter(session)
    return session


def served() -> tuple[Fanout, Numbered]:
    fanout = Fanout(gateway_frames, LIMITS, lambda _: None)
    fanout.begin("v", integrity="none", integrity_rule="none")
    fanout.serve(["BTC-USD"])
    return fanout, Numbered()


def test_streams_patterns_and_beats_are_listed():
    fanout, source = served()
    fanout.publish(source.trade().trade().take(), 1)
    session, desk = entered(fanout), RequestDesk(fanout, LIMITS)
    desk.subscribe(session, "trades", ["*-USD"])
    desk.subscribe(session, "heartbeats", ["ETH-*", "BTC-USD"])
    desk.subscribe(session, "system", None)
    held = holdings(session)
    at = Position("run1", 2)
    assert held.streams == (Holding("trades", "BTC-USD", at, at, behind=False, on_slow="gap"),)
    assert held.patterns == (("trades", "*-USD"),)
    assert held.beats == (("heartbeats", ("BTC-USD", "ETH-*")), ("system", None))


def test_how_much_of_a_stream_is_followed_is_listed():
    fanout, source = served()
    fanout.publish(source.snapshot().take(), 1)
    session, desk = entered(fanout), RequestDesk(fanout, LIMITS)
    desk.subscribe(session, "level2", None, terms=Terms(10, "1s"))
    [level2] = holdings(session).streams
    assert level2.terms == Terms(10, "1s")


def test_a_book_not_sent_yet_has_no_place_and_one_left_behind_says_so():
    fanout, source = served()
    session, desk = entered(fanout), RequestDesk(fanout, LIMITS)
    desk.subscribe(session, "level2", None)
    desk.subscribe(session, "trades", None)
    for _ in range(20):
        fanout.publish(source.trade().take(), 1)
    level2, trades = holdings(session).streams
    assert (level2.position, level2.behind) == (None, True)
    assert trades.behind
    assert 0 < trades.position.seq < trades.head.seq == 20


def test_one_of_many_is_told_its_own_place():
    fanout, source = served()
    session, desk = entered(fanout), RequestDesk(fanout, LIMITS)
    desk.subscribe(session, "trades", None)
    fanout.unite(session)
    fanout.publish(source.trade().take(), 1)
    assert session.cohort is not None
    assert holdings(session).streams[0].position == Position("run1", 1)
    assert session.cohort is None
