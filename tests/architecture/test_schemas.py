"""The published schemas against what is said: a kept run, one made now, and messages spoilt."""

import copy
import json
from functools import cache

import pytest
from jsonschema import Draft202012Validator
from pages import DOCS
from pydantic import BaseModel, ValidationError
from transcripts import kept, run

from ledgerflux.wire import gateway_documents, gateway_requests
from ledgerflux.wire.gateway_messages import check
from ledgerflux.wire.status import Status

FILES = {"<": "messages", ">": "requests", "=": "documents"}


@cache
def published(name):
    schema = json.loads((DOCS / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return schema


@cache
def validator(name):
    return Draft202012Validator(published(name))


def fits(mark, value):
    return validator(FILES[mark]).is_valid(value)


def kind(mark, value):
    """Return the name of the one schema that `value` fits."""
    schema = published(FILES[mark])
    names = [ref["$ref"].rpartition("/")[2] for ref in schema["oneOf"]]
    found = [
        name
        for name in names
        if validator(FILES[mark]).evolve(schema={**schema, "oneOf": [{"$ref": f"#/$defs/{name}"}]})
        .is_valid(value)
    ]  # fmt: skip
    assert len(found) == 1, (found, value)
    return found[0]


def every_kind():
    files = {mark: published(file)["oneOf"] for mark, file in FILES.items()}
    return {(mark, ref["$ref"].rpartition("/")[2]) for mark, refs in files.items() for ref in refs}


def modelled(mark, value) -> bool:
    """Say whether the models take `value` too."""
    text = json.dumps(value)
    if mark == ">":
        return isinstance(gateway_requests.parse_request(text), gateway_requests.GatewayRequest)
    try:
        check(text) if mark == "<" else document(value).model_validate_json(text)
    except ValidationError:
        return False
    return True


def document(value) -> type[BaseModel]:
    return {
        "lf.book/1": gateway_documents.BookDocument,
        "lf.trades/1": gateway_documents.TradesDocument,
        "lf.candles/1": gateway_documents.CandlesDocument,
        "lf.status/1": Status,
    }.get(value.get("schema"), gateway_documents.ProblemDocument)


def samples():
    """Return one text of each kind of the kept run, the longest one."""
    longest = {}
    for mark, text in sorted(kept(), key=lambda row: len(row[1])):
        value = json.loads(text)
        if fits(mark, value):
            longest[mark, kind(mark, value)] = value
    return longest


SAMPLES = samples()
BY_KIND = pytest.mark.parametrize(("mark", "name"), sorted(SAMPLES))


@pytest.mark.parametrize("row", range(len(kept())))
def test_each_text_of_the_kept_run_is_as_published_and_as_modelled(row):
    mark, text = kept()[row]
    value = json.loads(text)
    validator(FILES[mark]).validate(value)
    assert modelled(mark, value)


def test_the_kept_run_has_every_kind_that_is_published():
    assert set(SAMPLES) == every_kind()


async def test_a_run_that_provokes_each_kind_says_only_what_is_published():
    said = [(mark, json.loads(text)) for mark, text in await run()]
    for mark, value in said:
        validator(FILES[mark]).validate(value)
    assert {(mark, kind(mark, value)) for mark, value in said} == every_kind()


def places(value, path=()):
    """Yield the path of each object in `value`, itself first."""
    if isinstance(value, dict):
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


@BY_KIND
def test_an_unknown_field_anywhere_in_it_is_refused(mark, name):
    sample = SAMPLES[mark, name]
    for path in places(sample):
        if (name, path) == ("ProblemDocument", ("error",)):
            continue  # it may say more of why
        spoilt = copy.deepcopy(sample)
        at(spoilt, path)["surprise"] = 1
        assert not fits(mark, spoilt), path
        assert not modelled(mark, spoilt), path


def optional(mark, name, path, key) -> bool:
    """Say whether a text may do without `key`: a map's keys, and what has its default."""
    if mark == ">":
        needed = {(): ("method",), ("params",): ("channel",)}.get(path, ())
        return key not in needed and not (name == "SubscribeRequest" and key == "params")
    if "resume" in path or (path and path[-1] in ("streams", "heads", "recovered", "via")):
        return True
    told = {"backfill", "src_seq", "volume_24h", "low_24h", "high_24h", "derived", "detail"}
    told |= {"missing", "from_id", "to_id"} if name == "TradesDocument" else set()
    if name == "Level2Update" and (key == "checksum" or (key == "seq" and "data" in path)):
        return True
    if key == "trade_id" and name == "Ticker":
        return True
    if key == "interval":  # only candles have one
        return name in ("Subscribed", "Subscriptions")
    if key == "schema":
        return name in ("Status", "SystemStatus")
    return key in told and (name, key) != ("Gap", "detail")


@BY_KIND
def test_without_a_field_it_is_refused(mark, name):
    sample = SAMPLES[mark, name]
    removed = 0
    for path in places(sample):
        for key in at(sample, path):
            if (name, path) == ("ProblemDocument", ("error",)) and key in DETAILS:
                continue
            if optional(mark, name, path, key):
                continue
            spoilt = copy.deepcopy(sample)
            del at(spoilt, path)[key]
            removed += 1
            assert not fits(mark, spoilt), (path, key)
            assert not modelled(mark, spoilt), (path, key)
    assert removed


DETAILS = {"epoch", "oldest_seq", "newest_seq"}
"""What the documents of errors say beside what all of them do."""


def references(value):
    if isinstance(value, dict):
        yield from (inner for key, inner in value.items() if key == "$ref")
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from references(inner)


def test_asyncapi_names_each_kind_and_each_of_its_references_leads_somewhere():
    document = json.loads((DOCS / "schemas" / "asyncapi.json").read_text(encoding="utf-8"))
    assert set(document["components"]["messages"]) == {
        name for mark, name in every_kind() if mark != "="
    }
    found = set(references(document))
    for reference in found:
        file, _, path = reference.partition("#/")
        whole = published(file.removesuffix(".json")) if file else document
        assert at(whole, path.split("/")), reference
    asked = document["operations"]["asked"]
    told = document["operations"]["tell"]
    assert (asked["action"], told["action"]) == ("receive", "send")
    assert len(asked["messages"]) + len(told["messages"]) == len(document["components"]["messages"])
