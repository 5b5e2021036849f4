"""What clients and gateways say, as JSON Schema and AsyncAPI, made from the models."""

import json
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from ledgerflux.wire import gateway_control, gateway_messages
from ledgerflux.wire.gateway_documents import (
    BookDocument,
    CandlesDocument,
    ProblemDocument,
    TradesDocument,
)
from ledgerflux.wire.gateway_requests import METHODS, RequestId
from ledgerflux.wire.status import Status

DIALECT = GenerateJsonSchema.schema_dialect
Schema = dict[str, Any]

CONTROL: tuple[type[BaseModel], ...] = (
    gateway_control.Welcome,
    gateway_control.Subscribed,
    gateway_control.Unsubscribed,
    gateway_control.Subscriptions,
    gateway_control.Requested,
    gateway_control.Authenticated,
    gateway_control.Controlled,
    gateway_control.Pong,
    gateway_control.ErrorMessage,
    gateway_control.ThrottledMessage,
    gateway_control.Goodbye,
)
DATA: tuple[type[BaseModel], ...] = (
    gateway_messages.Level2Snapshot,
    gateway_messages.Level2Update,
    gateway_messages.Trades,
    gateway_messages.Ticker,
    gateway_messages.ProductStatus,
    gateway_messages.Candles,
    gateway_messages.Gap,
    gateway_messages.Heartbeat,
    gateway_messages.SystemStatus,
)
DOCUMENTS: tuple[type[BaseModel], ...] = (
    BookDocument,
    TradesDocument,
    CandlesDocument,
    ProblemDocument,
    Status,
)


def messages() -> Schema:
    """Return the schema of one message of a gateway; each kind stands in `$defs` by its name."""
    return _one_of("One message of a gateway, `lfx.v1`", (*CONTROL, *DATA))


def documents() -> Schema:
    """Return the schema of one document of a gateway's HTTP."""
    return _one_of("One document of a gateway over HTTP", DOCUMENTS)


def requests() -> Schema:
    """Return the schema of one request.

    What it refuses is refused; what it takes may be refused yet: `docs/protocol.md` says when.
    """
    found = _one_of("One request of a client, `lfx.v1`", tuple(METHODS.values()))
    defs = found["$defs"]
    defs["RequestId"] = TypeAdapter(RequestId).json_schema()
    asked = {_request_name(method): _request(method, defs) for method in METHODS}
    found["oneOf"] = [{"$ref": f"#/$defs/{name}"} for name in asked]
    return found | {"$defs": defs | asked}


def asyncapi() -> Schema:
    """Return the AsyncAPI 3 document of a gateway's WebSocket."""
    told = [kind.__name__ for kind in (*CONTROL, *DATA)]
    asked = [_request_name(method) for method in METHODS]
    made = _components("messages.json", messages(), told)
    made |= _components("requests.json", requests(), asked)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "LedgerFlux gateway",
            "version": "lfx.v1",
            "description": "Books, trades, tickers and states; docs/protocol.md has the rule.",
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "127.0.0.1:8000", "protocol": "ws"}},
        "channels": {
            "client": {
                "address": "/v1/ws",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in made},
            }
        },
        "operations": {
            "asked": _operation("receive", asked),
            "tell": _operation("send", told),
        },
        "components": {"messages": made},
    }


def as_text(document: Schema) -> str:
    """Return `document` as it stands in a file."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _one_of(title: str, kinds: tuple[type[BaseModel], ...]) -> Schema:
    places, made = models_json_schema([(kind, "validation") for kind in kinds])
    refs = [places[kind, "validation"] for kind in kinds]
    defs = json.loads(json.dumps(made["$defs"]), object_hook=_closed)
    return {"$schema": DIALECT, "title": title, "oneOf": refs, "$defs": defs}


def _closed(made: Schema) -> Schema:
    """Return one object of a schema without a field's title; a map takes no other keys."""
    kept = {key: value for key, value in made.items() if not _is_title(key, value)}
    return kept | ({"additionalProperties": False} if "patternProperties" in kept else {})


def _is_title(key: str, value: object) -> bool:
    return key == "title" and isinstance(value, str)


def _request_name(method: str) -> str:
    return f"{method.capitalize()}Request"


def _request(method: str, defs: Schema) -> Schema:
    params = METHODS[method].__name__
    needed = ["method", "params"] if defs[params].get("required") else ["method"]
    return {
        "type": "object",
        "description": f"The request `{method}`.",
        "properties": {
            "method": {"const": method},
            "params": {"$ref": f"#/$defs/{params}"},
            "req_id": {"$ref": "#/$defs/RequestId"},
        },
        "required": needed,
        "additionalProperties": False,
    }


def _components(file: str, schema: Schema, names: list[str]) -> Schema:
    return {name: _component(name, file, schema["$defs"][name]["description"]) for name in names}


def _component(name: str, file: str, description: str) -> Schema:
    said, _, _ = description.partition("\n")
    return {"name": name, "summary": said, "payload": {"$ref": f"{file}#/$defs/{name}"}}


def _operation(action: str, names: list[str]) -> Schema:
    refs = [{"$ref": f"#/channels/client/messages/{name}"} for name in names]
    return {"action": action, "channel": {"$ref": "#/channels/client"}, "messages": refs}
