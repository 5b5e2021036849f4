import pytest

from ledgerflux.errors import ConfigError
from ledgerflux_cli.conditions import read_condition


def status(**more):
    return {
        "state": "healthy",
        "services": [{"name": "nats", "state": "ready"}],
        "shards": [],
        "counts": {"norm_events": None},
        **more,
    }


THROUGH = {"ended": True, "through": True}


def shard(number, lag):
    return {"shard": number, "lag_records": lag}


@pytest.mark.parametrize(
    ("text", "holding", "waiting", "missing"),
    [
        ("up", {}, {"services": [{"name": "a", "state": "starting"}]}, "not ready: a"),
        ("up", {"services": [{"name": "exchange", "state": "stopped"}]}, {"services": []}, None),
        ("healthy", {}, {"state": "degraded", "problems": ["x", "y"]}, "x; y"),
        ("healthy", {"problems": []}, {"state": "down"}, "the stack is down"),
        ("first-update", {"counts": {"norm_events": 1}}, {"counts": {"norm_events": 0}}, "no up"),
        ("first-update", {"counts": {"norm_events": 1}}, {}, "no update"),
        ("replay-end", {"replay": THROUGH}, {"replay": {"ended": False}}, "not ended"),
        ("replay-end", {"replay": THROUGH}, {"replay": None}, "not ended"),
        ("replay-end", {"replay": THROUGH}, {"replay": {"ended": True}}, "not all of it"),
        ("lag=0", {"shards": [shard(0, 0)]}, {"shards": [shard(0, 0), shard(1, 3)]}, "1 by 3"),
        ("lag=0", {"shards": [shard(0, 0)]}, {}, "no shard yet"),
        ("clients=2", {"clients": 2}, {"clients": 1}, "1 of 2 clients"),
        ("clients=1", {"clients": 2}, {}, "0 of 1 clients"),
        (
            "seq=BTC-USD:7",
            {"heads": {"BTC-USD": {"level2": 7}}},
            {"heads": {"BTC-USD": {"level2": 6}}},
            "BTC-USD is at 6 of 7",
        ),
        ("seq=BTC-USD:7", {"heads": {"BTC-USD": 8}}, {"heads": {}}, "at 0 of 7"),
        ("seq=BTC-USD:7", {"heads": {"BTC-USD": 8}}, {}, "at 0 of 7"),
    ],
)
def test_a_condition_holds_or_says_what_is_missing(text, holding, waiting, missing):
    condition = read_condition(text)
    assert condition(status(**holding)).holds
    answer = condition(status(**waiting))
    if missing is not None:
        assert not answer.holds
        assert missing in answer.missing


@pytest.mark.parametrize(
    "text", ["", "godot", "up=1", "lag=1", "lag", "clients", "clients=x", "seq=BTC-USD", "seq=:1"]
)
def test_what_is_no_condition_is_refused_with_those_that_are(text):
    with pytest.raises(ConfigError, match="first-update, replay-end"):
        read_condition(text)
