"""docs/protocol.md says what the code does: examples, codes, limits, parameters."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic.fields import FieldInfo

from ledgerflux.core import parting
from ledgerflux.core.limits import Limits
from ledgerflux.wire import gateway_documents, gateway_frames, gateway_requests
from ledgerflux.wire.gateway_control import Code
from ledgerflux.wire.gateway_messages import ServerMessage, State, SystemStatus, check

PAGE = (Path(__file__).parents[2] / "docs/protocol.md").read_text(encoding="utf-8")


def blocks(kind):
    return re.findall(rf"```json {kind}\n(.*?)```", PAGE, re.DOTALL)


def table(header):
    """Return the cells of the table that begins with `header`, row by row."""
    rows = PAGE.split(f"| {header} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def names(cell):
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("text", blocks("request"))
def test_each_request_on_the_page_is_one(text):
    assert isinstance(gateway_requests.parse_request(text), gateway_requests.GatewayRequest)


@pytest.mark.parametrize("text", blocks("message"))
def test_each_message_on_the_page_is_one_a_gateway_may_send(text):
    check(json.dumps(json.loads(text)))


@pytest.mark.parametrize(
    "name", ["BookDocument", "TradesDocument", "CandlesDocument", "ProblemDocument"]
)
def test_each_document_on_the_page_is_as_described(name):
    (text,) = blocks(name)
    getattr(gateway_documents, name).model_validate_json(text)


def test_every_code_of_http_is_in_the_table():
    told = {code for row in table("HTTP") for code in names(row[1])}
    assert told == set(get_args(gateway_documents.HttpCode))


def test_every_kind_of_message_has_an_example():
    shown = {type(check(json.dumps(json.loads(text)))) for text in blocks("message")}
    assert shown == set(kinds(ServerMessage)) - {SystemStatus}  # a whole status document


def kinds(union):
    """Return the models of a nested union."""
    inner = [part for part in get_args(union) if not isinstance(part, FieldInfo)]
    return [kind for part in inner for kind in kinds(part)] if inner else [union]


def test_the_welcome_shows_the_limits_in_force():
    (welcome,) = (m for m in map(json.loads, blocks("message")) if m["type"] == "welcome")
    assert welcome["limits"] == Limits()._asdict()


def test_every_error_code_is_in_the_table_with_its_retryability():
    told = {code: row[2] == "later" for row in table("code") for code in names(row[0])}
    assert told == {code: code in gateway_frames.RETRYABLE for code in get_args(Code)}


def test_every_close_code_is_in_the_table():
    told = {int(row[0]) for row in table("close code")}
    assert told == {*parting.CODES, 1009}


def test_who_is_asked_to_come_back_is_told_so_on_the_page():
    told = {int(row[0]): row[2].startswith("yes") for row in table("close code")}
    for code in parting.CODES:
        assert parting.goodbye(parting.Close(code, ""), 0.5, 10).reconnect == told[code], code


def test_every_parameter_is_in_the_table():
    told = {name for row in table("parameter") for name in names(row[0])}
    models = gateway_requests.METHODS.values()
    assert told == {name for model in models for name in model.model_fields}


def test_every_method_is_in_the_tables():
    methods = set(gateway_requests.METHODS)
    assert {json.loads(text)["method"] for text in blocks("request")} == methods
    (row,) = (row for row in table("code") if row[0] == "`unknown_method`")
    assert set(re.split(r",? ", row[1].removeprefix("none of "))) == methods


def test_every_state_of_a_book_is_in_the_table():
    told = {name for row in table("state of a book") for name in names(row[0])}
    assert told == set(get_args(State))
