from ledgerflux.wire.gateway_controlled import replayed, restarted
from ledgerflux.wire.gateway_messages import check
from ledgerflux.wire.replay import ReplayHealth
from ledgerflux.wire.service_order import RestartAnswer

TIMES = (1, 2)


def test_what_was_asked_of_the_exchange_is_answered_with_where_it_is():
    now = ReplayHealth("synthetic:200", "ended", False, None, 1.5, False, 3, 7, 8)
    said = check(replayed("resume", now, request_id=4, times=TIMES))
    assert (said.action, said.req_id, said.service) == ("resume", 4, None)
    assert (said.replay.ended, said.replay.speed, said.replay.held) == (True, "max", 1.5)


def test_a_restart_names_the_process_that_ends():
    said = check(restarted(RestartAnswer("ingest", 7), request_id="a", times=TIMES))
    assert (said.action, said.service, said.pid, said.replay) == ("restart", "ingest", 7, None)
