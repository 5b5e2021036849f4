"""Schemas made from the models: every kind once, closed, and each request as it is sent."""

import json
from typing import get_args

from pydantic.fields import FieldInfo

from ledgerflux.wire import gateway_schemas as schemas
from ledgerflux.wire.gateway_messages import ServerMessage
from ledgerflux.wire.gateway_requests import METHODS


def kinds(union):
    """Return the models of a nested union."""
    inner = [part for part in get_args(union) if not isinstance(part, FieldInfo)]
    return [kind for part in inner for kind in kinds(part)] if inner else [union]


def test_every_model_of_a_message_is_published_once():
    assert len({*schemas.CONTROL, *schemas.DATA}) == len(schemas.messages()["oneOf"])
    assert {*schemas.CONTROL, *schemas.DATA} == set(kinds(ServerMessage))


def test_no_object_is_open_but_the_reasons_of_an_error_and_maps():
    found = {**schemas.messages()["$defs"], **schemas.documents()["$defs"]}
    open_ones = [
        name for name, made in found.items()
        if made["type"] == "object" and made["additionalProperties"] is not False
    ]  # fmt: skip
    assert open_ones == ["Problem"]
    streams = found["Subscribed"]["properties"]["streams"]
    assert streams["additionalProperties"] is False
    assert "title" not in streams


def test_a_request_needs_params_where_one_of_them_is_needed():
    defs = schemas.requests()["$defs"]
    needs = {method: defs[f"{method.capitalize()}Request"]["required"] for method in METHODS}
    assert needs["subscribe"] == ["method", "params"]
    assert needs["ping"] == needs["subscriptions"] == ["method"]


def test_asyncapi_says_what_a_gateway_receives_and_sends():
    document = schemas.asyncapi()
    assert document["asyncapi"] == "3.0.0"
    told = document["components"]["messages"]["Pong"]
    assert told["payload"] == {"$ref": "messages.json#/$defs/Pong"}
    assert told["summary"] == "Answer to `ping`."


def test_a_document_is_text_with_an_end():
    assert json.loads(schemas.as_text({"a": "µ"})) == {"a": "µ"}
    assert schemas.as_text({"a": "µ"}) == '{\n "a": "µ"\n}\n'
