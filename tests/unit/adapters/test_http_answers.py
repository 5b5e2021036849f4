"""Which answer a request gets, without a socket; with one: tests/contract/test_listener.py."""

import json

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from ledgerflux.adapters import http_answers
from ledgerflux.adapters.http_answers import LARGE_BYTES, Answers, Unread
from ledgerflux.ports import Response

ANSWERS = Answers(
    {
        "/exact": lambda _: Response(200, "text/plain", b"exact"),
        "/below/*": lambda asked: Response(200, "text/plain", asked.query["x"].encode()),
        "/headed": lambda _: Response(200, "text/html", b"", headers={"X-More": "yes"}),
        "/large": lambda _: Response(200, "text/plain", bytes(LARGE_BYTES)),
        "/below/deeper/*": lambda _: Response(503, "text/plain", b"deeper", 7),
    },
    ["/ws"],
)


def asked(path, *, upgrade=False, refusal=None):
    """Return what is answered, and whether the door was asked for a WebSocket."""
    knocked = []

    def refuse(*, websocket):
        knocked.append(websocket)
        return refusal

    headers = Headers({"Upgrade": "websocket"} if upgrade else {})
    return ANSWERS.answer(Request(path, headers), refuse), knocked


def test_a_websocket_where_there_is_one_is_let_in():
    assert asked("/ws?x=1", upgrade=True) == (None, [True])


def test_routes_answer_by_exact_path_then_by_the_longest_beginning():
    assert asked("/exact")[0].body == b"exact"
    assert asked("/below/a?x=1&x=2")[0].body == b"1"
    answer, knocked = asked("/below/deeper/a")
    assert (answer.status_code, answer.headers["Retry-After"], knocked) == (503, "7", [False])


@pytest.mark.parametrize(
    ("path", "upgrade", "status", "code"),
    [
        ("/nowhere", False, 404, "not_found"),
        ("/exact/more", True, 404, "not_found"),
        ("/ws", False, 426, "upgrade_required"),
        ("//[", False, 400, "bad_request"),
    ],
)
def test_what_has_no_answer_is_told_why(path, upgrade, status, code):
    answer, _ = asked(path, upgrade=upgrade)
    assert (answer.status_code, json.loads(answer.body)["error"]["code"]) == (status, code)
    assert answer.headers["Connection"] == "close"


def test_the_door_has_the_first_word():
    refusal = Response(429, "application/json", b"{}", 3)
    for path, upgrade in (("/ws", True), ("/exact", False), ("/nowhere", False)):
        assert asked(path, upgrade=upgrade, refusal=refusal)[0].status_code == 429


def test_an_answer_may_have_headers_of_its_own_and_a_parameter_may_be_empty():
    assert asked("/headed")[0].headers["X-More"] == "yes"
    assert asked("/below/a?x=")[0].body == b""


def test_what_nobody_has_read_yet_is_bounded_and_small_answers_are_not_held_up(monkeypatch):
    monkeypatch.setattr(http_answers, "UNREAD_BYTES_MAX", 2 * LARGE_BYTES)
    unread, large = Unread(), asked("/large")[0]
    held = [unread.hold(large) for _ in range(3)]
    assert [(answer.status_code, size) for answer, size in held] == [
        (200, LARGE_BYTES),
        (200, LARGE_BYTES),
        (503, 0),
    ]
    assert held[2][0].headers["Retry-After"] == "1"
    error = json.loads(held[2][0].body)["error"]
    assert (error["code"], error["retryable"]) == ("overloaded", True)
    assert unread.hold(asked("/exact")[0])[0].body == b"exact"
    unread.release(LARGE_BYTES)
    assert unread.hold(large)[0] is large
