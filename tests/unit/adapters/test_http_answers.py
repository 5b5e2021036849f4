"""Which answer a request gets, without a socket; with one: tests/contract/test_listener.py."""

import json

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from ledgerflux.adapters.http_answers import Answers
from ledgerflux.ports import Response

ANSWERS = Answers(
    {
        "/exact": lambda _: Response(200, "text/plain", b"exact"),
        "/below/*": lambda asked: Response(200, "text/plain", asked.query["x"].encode()),
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
