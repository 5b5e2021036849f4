"""`lf stream ls`: what it prints."""

import json

import pytest

from ledgerflux.adapters.nats_inventory import StreamHolding, holdings
from ledgerflux.stack import streams
from ledgerflux.stack.streams import list_streams
from ledgerflux_cli.app import run_command
from ledgerflux_cli.commands.stream import limits_of

DAY_NS = 86_400 * 10**9


def config(name, **more):
    return {"name": name, "subjects": ["x.>"], "storage": "file", **more}


def state(messages):
    return {
        "messages": messages, "bytes": 95 * messages, "first_seq": 1, "last_seq": messages,
        "first_ts": "2026-01-01T00:00:00Z", "last_ts": "2026-01-02T00:00:00.5Z",
        "consumer_count": 2,
    }  # fmt: skip


class Api:
    """Answers page by page."""

    def __init__(self, *pages):
        self.pages = list(pages)
        self.offsets = []

    async def api(self, verb, body):
        assert verb == "STREAM.LIST"
        self.offsets.append(body["offset"])
        return self.pages.pop(0)


def holding(name="MD_RAW", **more):
    known = StreamHolding(
        name, False, ("x.>",), "file", 1, 95, 1, 1, 0, 0, 2, 100, None, None, 1,
    )  # fmt: skip
    return known._replace(**more)


async def test_every_page_is_asked_for():
    first = {
        "total": 2,
        "streams": [{"config": config("MD_RAW", max_bytes=100), "state": state(1)}],
    }
    bucket = config("KV_LF_CONF", max_bytes=-1, max_msgs_per_subject=1, max_age=0)
    second = {"total": 2, "streams": [{"config": bucket, "state": state(0)}]}
    api = Api(first, second)
    raw, conf = await holdings(api)
    assert api.offsets == [0, 1]
    assert (raw.name, raw.is_bucket, raw.bytes_max, raw.consumers) == ("MD_RAW", False, 100, 2)
    assert raw.last_ns - raw.first_ns == DAY_NS + 500_000_000
    assert (conf.name, conf.is_bucket, conf.per_subject_max) == ("LF_CONF", True, 1)
    assert (conf.bytes_max, conf.age_max_ns, conf.first_ns) == (None, None, None)


async def test_a_server_without_streams_has_none():
    assert await holdings(Api({"total": 0, "streams": None})) == []


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({}, "100 B"),
        ({"bytes_max": None}, "-"),
        ({"age_max_ns": 7 * DAY_NS}, "100 B, 7 d"),
        ({"age_max_ns": 10**10, "per_subject_max": 1}, "100 B, 10 s, 1 a subject"),
    ],
)
def test_limits_in_words(more, text):
    assert limits_of(holding(**more)) == text


def test_streams_come_as_data_flows(monkeypatch, tmp_path, capsys):
    found = [holding(name) for name in ("LF_CONF", "OTHER", "MD_NORM", "MD_RAW")]
    monkeypatch.setattr(streams, "ask_bus", lambda run_dir, question, name: found)
    order = ["MD_RAW", "MD_NORM", "LF_CONF", "OTHER"]
    assert [row.name for row in list_streams(None)] == order
    assert run_command(["stream", "ls", "--data-dir", str(tmp_path)]) == 0
    title, *rows = capsys.readouterr().out.splitlines()
    assert title.split()[:4] == ["STREAM", "MESSAGES", "BYTES", "FULL"]
    assert [row.split()[0] for row in rows] == order
    assert "95%" in rows[0]
    assert run_command(["stream", "ls", "--json", "--data-dir", str(tmp_path)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "lf.streams/1"
    assert document["streams"][0]["ts_first"] == "1970-01-01T00:00:00.000000000Z"
