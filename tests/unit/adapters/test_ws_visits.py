import base64

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from ledgerflux.adapters.ws_visits import UNREADABLE, bearer_of, visit_of


def headers(*pairs):
    made = Headers()
    for name, value in pairs:
        made[name] = value
    return made


def offered(*names):
    return headers(*(("Sec-WebSocket-Protocol", name) for name in names))


def subprotocol(token):
    return "lfx.bearer." + base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


def test_a_visit_is_what_the_headers_say():
    said = headers(("Host", "a:1"), ("Origin", "http://a:1"), ("Authorization", "Bearer x.y"))
    visit = visit_of(Request("/v1/ws?token=z", said), "10.0.0.1", websocket=True)
    assert visit == ("10.0.0.1", "/v1/ws", True, "a:1", "http://a:1", "x.y")
    assert visit_of(Request("/", headers()), "::1", websocket=False) == (
        "::1", "/", False, None, None, None,
    )  # fmt: skip


def test_what_is_there_twice_is_none_that_anybody_believes():
    said = headers(("Origin", "http://a"), ("Origin", "http://b"))
    assert visit_of(Request("/", said), "::1", websocket=True).origin == "http://a, http://b"
    twice = headers(("Authorization", "Bearer a"), ("Authorization", "Bearer b"))
    assert bearer_of(twice) == "a, Bearer b"


@pytest.mark.parametrize(
    ("said", "token"),
    [
        (headers(), None),
        (headers(("Authorization", "bearer abc")), "abc"),
        (headers(("Authorization", "Basic abc")), UNREADABLE),
        (headers(("Authorization", "")), UNREADABLE),
        (offered("lfx.v1"), None),
        (offered("lfx.v1, " + subprotocol("a.b-c_d?>")), "a.b-c_d?>"),
        (offered("lfx.v1", subprotocol("x")), "x"),
        (offered("lfx.bearer."), UNREADABLE),
        (offered("lfx.bearer.a"), UNREADABLE),
        (offered("lfx.bearer.!!!!"), UNREADABLE),
        (offered("lfx.bearer._w"), UNREADABLE),
    ],
)
def test_a_token_stands_in_a_header_or_a_subprotocol(said, token):
    assert bearer_of(said) == token
