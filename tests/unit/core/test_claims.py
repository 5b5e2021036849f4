import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.claims import LEEWAY_S, TIME_MAX_S, grant_of, is_subject
from ledgerflux.core.credentials import Denied, Grant
from ledgerflux.model.units import NANOS_PER_S, rfc3339

NOW_S = 1_700_000_000
NOW_NS = NOW_S * NANOS_PER_S
WHOLE = {"sub": "desk-1", "exp": NOW_S + 60, "products": ["BTC-*"], "channels": ["level2"]}


def judged(**claims):
    return grant_of({**WHOLE, **claims}, NOW_NS)


def test_a_token_grants_what_it_names_until_it_ends():
    until_ns = (NOW_S + 60) * NANOS_PER_S
    assert judged() == Grant("desk-1", ("BTC-*",), ("level2",), until_ns)
    assert judged(products=["*"], channels=["*"], exp=NOW_S + 60.9).expires_ns == until_ns
    assert grant_of(WHOLE, until_ns - 1).subject == "desk-1"
    over = grant_of(WHOLE, until_ns)
    assert (over.code, over.subject) == ("token_expired", "desk-1")


def test_clocks_may_be_a_little_apart_where_it_begins():
    assert isinstance(judged(nbf=NOW_S + LEEWAY_S), Grant)
    early = judged(nbf=NOW_S + LEEWAY_S + 1)
    assert (early.code, early.subject, "nbf" in early.message) == ("auth_failed", "desk-1", True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "two words"}, {"sub": "ü"},
        {"sub": "x" * 129}, {"sub": "a\nb"}, {"exp": None}, {"exp": "soon"}, {"exp": True},
        {"exp": -1}, {"exp": float("nan")}, {"exp": float("inf")}, {"exp": TIME_MAX_S + 1},
        {"exp": 10**400}, {"nbf": "now"}, {"nbf": None}, {"nbf": [1]},
        {"products": None}, {"products": []}, {"products": "BTC-USD"}, {"products": ["btc"]},
        {"products": ["BTC-USD", 7]}, {"products": ["A" * 65]}, {"products": {"BTC-USD": 1}},
        {"channels": None}, {"channels": []}, {"channels": "*"}, {"channels": ["level3"]},
        {"channels": [["level2"]]},
    ],
)  # fmt: skip
def test_what_is_not_said_rightly_lets_nobody_in(wrong):
    verdict = judged(**wrong)
    assert isinstance(verdict, Denied)
    assert verdict.code == "auth_failed"


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_not_said_is_not_granted(name):
    verdict = grant_of({key: value for key, value in WHOLE.items() if key != name}, NOW_NS)
    assert isinstance(verdict, Denied)


def test_the_latest_end_can_be_told():
    assert rfc3339(judged(exp=TIME_MAX_S).expires_ns).startswith("9999-12-31")


def test_a_holder_has_a_name_that_can_stand_in_a_log():
    assert is_subject("auth0|5f7c8ec7c33c6c004bbafe82")
    assert not is_subject("a\x1b[31m")


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*WHOLE, "nbf", "iat"]), _values), st.integers(0, 2**64))
def test_whatever_is_said_is_judged(claims, now_ns):
    verdict = grant_of({**WHOLE, **claims}, now_ns)
    if isinstance(verdict, Grant):
        assert verdict.expires_ns is not None
        assert verdict.expires_ns > now_ns
        assert verdict.products
        assert verdict.channels
        assert rfc3339(verdict.expires_ns)
