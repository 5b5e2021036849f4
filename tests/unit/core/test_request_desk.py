import pytest

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.limits import Limits
from ledgerflux.core.request_desk import Refusal, RequestDesk
from ledgerflux.core.snapshot import START
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.wire import gateway_frames

LIMITS = Limits(subscriptions_max=3, patterns_max=2)


@pytest.fixture
def fanout() -> Fanout:
    made = Fanout(gateway_frames, LIMITS, lambda _: None)
    made.begin("v", integrity="none", integrity_rule="none")
    made.serve(["BTC-USD", "ETH-USD"])
    return made


@pytest.fixture
def session(fanout: Fanout) -> ClientSession:
    made = ClientSession(gateway_frames, LIMITS, 0, lambda: None)
    fanout.enter(made)
    return made


@pytest.fixture
def desk(fanout: Fanout) -> RequestDesk:
    return RequestDesk(fanout, LIMITS)


def test_products_asked_for_are_followed_once_each(desk, session):
    granted = desk.subscribe(session, "level2", ["ETH-USD", "ETH-USD", "BTC-USD"])
    assert granted == {"ETH-USD": START, "BTC-USD": START}
    assert session.used == 2


def test_all_products_are_those_served_and_those_to_come(desk, session, fanout):
    assert list(desk.subscribe(session, "trades", None)) == ["BTC-USD", "ETH-USD"]
    fanout.serve(["BTC-USD", "ETH-USD", "SOL-USD"])
    assert ("trades", "SOL-USD") in session.subscriptions


def test_patterns_and_ids_stand_together_and_each_product_is_followed_once(desk, session, fanout):
    fanout.serve(["BTC-USD", "ETH-USD", "ETH-EUR"])
    granted = desk.subscribe(session, "trades", ["ETH-EUR", "*-USD", "BTC-*", "BTC-*"])
    assert list(granted) == ["ETH-EUR", "BTC-USD", "ETH-USD"]
    assert list(session.patterns) == [("trades", "*-USD"), ("trades", "BTC-*")]


def test_a_pattern_that_matches_nothing_waits_for_products(desk, session, fanout):
    assert desk.warnings(session, "trades", ["SOL-*"]) == ['no product matches "SOL-*" yet']
    assert desk.subscribe(session, "trades", ["SOL-*"]) == {}
    assert session.tick(11 * NANOS_PER_S) is None
    fanout.serve(["SOL-USD"])
    assert ("trades", "SOL-USD") in session.subscriptions


def test_what_a_pattern_matches_and_is_followed_stays_as_it_is(desk, session):
    desk.subscribe(session, "trades", ["BTC-USD"])
    assert desk.warnings(session, "trades", None) == ["BTC-USD is subscribed already"]
    assert list(desk.subscribe(session, "trades", None)) == ["ETH-USD"]
    assert desk.warnings(session, "system", None) == []


def test_a_pattern_counts_what_it_matches(desk, session, fanout):
    fanout.serve([f"A{number}-USD" for number in range(4)])
    assert code(desk.subscribe(session, "trades", ["*-USD"])) == "limit_subscriptions"
    assert not session.patterns
    assert len(desk.subscribe(session, "trades", ["A1-*"])) == 1


def test_patterns_are_bounded_too(desk, session):
    many = [f"X{number}-*" for number in range(3)]
    assert code(desk.subscribe(session, "heartbeats", many)) == "limit_subscriptions"
    assert desk.subscribe(session, "trades", many[:2]) == {}
    assert code(desk.subscribe(session, "ticker", many[:1])) == "limit_subscriptions"


def test_a_pattern_is_left_by_its_name_with_what_it_matches(desk, session, fanout):
    desk.subscribe(session, "trades", ["*-USD", "ETH-*"])
    assert desk.unsubscribe(session, "trades", ["*-USD"]) == ["BTC-USD", "ETH-USD"]
    assert list(session.patterns) == [("trades", "ETH-*")]
    fanout.serve(["BTC-USD", "ETH-USD", "ETH-EUR"])
    assert list(session.subscriptions) == [("trades", "ETH-EUR")]
    assert code(desk.unsubscribe(session, "trades", ["BTC-*"])) == "not_subscribed"
    assert desk.unsubscribe(session, "trades", None) == ["ETH-EUR"]
    assert not session.patterns


def test_what_happens_to_the_slow_is_asked_for_or_fits_the_channel(desk, session, fanout):
    desk.subscribe(session, "trades", ["BTC-USD"], on_slow="disconnect")
    desk.subscribe(session, "level2", ["SOL-*"], on_slow="gap")
    desk.subscribe(session, "ticker", ["SOL-*"])
    fanout.serve(["BTC-USD", "SOL-USD"])
    assert {key: held.on_slow for key, held in session.subscriptions.items()} == {
        ("trades", "BTC-USD"): "disconnect",
        ("level2", "SOL-USD"): "gap",
        ("ticker", "SOL-USD"): "snapshot",
    }
    assert desk.on_slow("trades", None) == "gap"
    assert desk.on_slow("heartbeats", None) is None


def code(answer) -> str:
    assert isinstance(answer, Refusal)
    return answer.code


def test_one_unknown_product_refuses_all_and_names_those_known(desk, session):
    answer = desk.subscribe(session, "trades", ["BTC-USD", "XXX-USD"])
    assert answer == Refusal(
        "unknown_product", "no product XXX-USD; served: BTC-USD, ETH-USD", ("XXX-USD",)
    )
    assert session.used == 0
    assert code(desk.subscribe(session, "heartbeats", ["XXX-USD"])) == "unknown_product"


def test_with_nothing_served_the_answer_says_so(desk, session, fanout):
    fanout.serve([])
    assert "none yet" in desk.subscribe(session, "trades", ["BTC-USD"]).message


def test_what_is_subscribed_is_refused_by_name(desk, session):
    desk.subscribe(session, "trades", ["BTC-USD"])
    answer = desk.subscribe(session, "trades", ["BTC-USD", "ETH-USD"])
    assert (code(answer), answer.product_ids) == ("already_subscribed", ("BTC-USD",))
    assert session.used == 1


def test_all_of_a_channel_can_be_asked_for_once(desk, session, fanout):
    fanout.serve([])
    desk.subscribe(session, "trades", None)
    assert code(desk.subscribe(session, "trades", None)) == "already_subscribed"


def test_more_than_the_limit_is_refused_whole(desk, session):
    desk.subscribe(session, "trades", None)
    assert code(desk.subscribe(session, "ticker", None)) == "limit_subscriptions"
    assert session.used == 2


def test_beats_are_for_some_products_or_all(desk, session, fanout):
    assert desk.subscribe(session, "heartbeats", ["BTC-USD"]) == {}
    assert desk.subscribe(session, "system", None) == {}
    assert fanout.beat_sets("heartbeats") == {frozenset(["BTC-USD"])}
    assert fanout.beat_sets("system") == {None}
    assert code(desk.subscribe(session, "system", None)) == "already_subscribed"
    assert desk.unsubscribe(session, "system", None) == []
    assert code(desk.unsubscribe(session, "system", None)) == "not_subscribed"


def test_leaving_some_keeps_the_others(desk, session):
    desk.subscribe(session, "trades", None)
    assert desk.unsubscribe(session, "trades", ["BTC-USD", "BTC-USD"]) == ["BTC-USD"]
    assert list(session.subscriptions) == [("trades", "ETH-USD")]


def test_leaving_one_of_all_can_be_taken_back(desk, session, fanout):
    desk.subscribe(session, "trades", None)
    desk.unsubscribe(session, "trades", ["BTC-USD"])
    assert list(desk.subscribe(session, "trades", ["BTC-USD"])) == ["BTC-USD"]
    fanout.serve(["BTC-USD", "ETH-USD", "SOL-USD"])
    assert ("trades", "SOL-USD") in session.subscriptions


def test_before_a_venue_is_known_a_client_is_asked_to_come_back():
    fanout = Fanout(gateway_frames, LIMITS, lambda _: None)
    session = ClientSession(gateway_frames, LIMITS, 0, lambda: None)
    fanout.enter(session)
    answer = RequestDesk(fanout, LIMITS).subscribe(session, "heartbeats", None)
    assert (code(answer), answer.retry_after_ms) == ("not_ready", 250)


def test_leaving_all_leaves_those_to_come_too(desk, session, fanout):
    fanout.serve([])
    desk.subscribe(session, "trades", None)
    assert desk.unsubscribe(session, "trades", None) == []
    fanout.serve(["BTC-USD"])
    assert session.used == 0
    assert code(desk.unsubscribe(session, "trades", None)) == "not_subscribed"


def test_leaving_what_was_not_subscribed_leaves_nothing(desk, session):
    desk.subscribe(session, "trades", ["BTC-USD"])
    answer = desk.unsubscribe(session, "trades", ["BTC-USD", "ETH-USD"])
    assert (code(answer), answer.product_ids) == ("not_subscribed", ("ETH-USD",))
    assert session.used == 1
