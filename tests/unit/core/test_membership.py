import pytest

from ledgerflux.core.credentials import WRONG, Grant
from ledgerflux.core.membership import GRACE_S, Ending, Membership
from ledgerflux.core.request_desk import Refusal

S = 1_000_000_000


def member(grant=None, required=True):
    return Membership(required=required, grant=grant, now_ns=0, wait_s=10)


def test_where_no_token_is_wanted_everything_goes_on_as_ever():
    one = member(required=False)
    assert one.refuse("level2", None) is None
    assert one.refuse_all() is None
    assert one.tick(10**6 * S) is None


def test_without_a_token_nothing_is_granted_and_after_a_while_it_ends():
    one = member()
    assert one.refuse("level2", ["BTC-USD"]).code == "auth_required"
    assert one.refuse_all().code == "auth_required"
    assert one.tick(10 * S) is None
    end = one.tick(10 * S + 1)
    assert (end.refusal.code, end.close.code) == ("auth_timeout", 4501)


def test_a_grant_is_held_to():
    one = member(Grant("x", ("BTC-*",)))
    assert one.refuse_all() is None
    assert one.refuse("level2", ["BTC-USD"]) is None
    assert one.refuse("level2", ["ETH-USD"]).code == "forbidden"
    assert one.tick(10**6 * S) is None


def test_a_token_that_is_refused_ends_it():
    one = member()
    end = one.show(WRONG, [])
    assert isinstance(end, Ending)
    assert (end.refusal.code, end.close.code) == ("auth_failed", 4500)


def test_a_token_that_expires_is_told_once_and_another_one_keeps_the_connection():
    one = member(Grant("x", expires_ns=100 * S))
    assert one.tick(100 * S - 1) is None
    told = one.tick(100 * S)
    assert isinstance(told, Refusal)
    assert told.code == "token_expired"
    assert one.tick(101 * S) is None
    assert one.show(Grant("x", expires_ns=200 * S), [("level2", "BTC-USD")]) is None
    assert one.tick(199 * S) is None
    assert one.tick(200 * S).code == "token_expired"
    end = one.tick((200 + GRACE_S) * S)
    assert (end.refusal.code, end.close.code) == ("token_expired", 4003)


@pytest.mark.parametrize("held", [("level2", "ETH-USD"), ("level2", "*"), ("trades", "BTC-USD")])
def test_another_token_for_less_than_what_is_followed_is_refused_and_the_old_one_stays(held):
    one = member(Grant("old"))
    refused = one.show(Grant("new", ("BTC-*",), ("level2",)), [("level2", "BTC-USD"), held])
    assert refused.code == "forbidden"
    assert one.grant.subject == "old"
