import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import INTERVAL_S, WHOLE, Interval, Terms
from ledgerflux.wire.gateway_requests import (
    METHODS,
    PRODUCTS_MAX,
    BadRequest,
    GatewayRequest,
    PingParams,
    SnapshotParams,
    SubscribeParams,
    SubscriptionsParams,
    UnsubscribeParams,
    parse_request,
)


def ask(method="subscribe", req_id=1, **params):
    return parse_request(json.dumps({"method": method, "params": params, "req_id": req_id}))


def refused(answer) -> str:
    assert isinstance(answer, BadRequest)
    return answer.refusal.code


def test_a_subscription_names_channel_and_products():
    request = ask(channel="level2", product_ids=["BTC-USD"], venue="v", snapshot=False)
    assert isinstance(request, GatewayRequest)
    assert request.req_id == 1
    assert request.products == ["BTC-USD"]
    assert request.params == SubscribeParams(
        channel="level2", product_ids=["BTC-USD"], venue="v", snapshot=False
    )


def test_a_star_alone_means_all():
    assert ask(channel="trades", product_ids=["*"]).products is None
    assert ask(channel="trades", product_ids=["*", "BTC-USD"]).products == ["*", "BTC-USD"]


@pytest.mark.parametrize("pattern", ["btc-*", "*.*", "*" * 65, "BTC *", "*\n", "Ä*"])
def test_a_pattern_has_only_the_characters_of_ids(pattern):
    for method in ("subscribe", "unsubscribe"):
        answer = ask(method, channel="heartbeats", product_ids=["BTC-USD", pattern])
        assert refused(answer) == "invalid_param"


def test_beats_need_no_products():
    assert ask(channel="heartbeats").products is None
    assert ask(channel="heartbeats", product_ids=["BTC-USD"]).products == ["BTC-USD"]
    assert ask(channel="system", product_ids=["*"]).products is None
    assert refused(ask(channel="system", product_ids=["BTC-USD"])) == "invalid_param"


def test_unsubscribe_and_ping_are_read():
    request = ask("unsubscribe", channel="ticker", product_ids=["BTC-USD"])
    assert request.params == UnsubscribeParams(channel="ticker", product_ids=["BTC-USD"])
    request = ask("ping", nonce="abc")
    assert (request.params, request.products) == (PingParams(nonce="abc"), None)
    assert parse_request('{"method":"ping"}') == GatewayRequest(PingParams(), None)


def test_what_happens_to_the_slow_can_be_asked_for_where_there_is_a_choice():
    for channel, on_slow in (("level2", "gap"), ("trades", "disconnect"), ("ticker", "snapshot")):
        request = ask(channel=channel, product_ids=["*"], on_slow=on_slow)
        assert request.params.on_slow == on_slow
    for channel, on_slow in (("trades", "snapshot"), ("heartbeats", "gap"), ("level2", "wait")):
        assert refused(ask(channel=channel, product_ids=["*"], on_slow=on_slow)) == "invalid_param"


def test_snapshot_and_subscriptions_are_read():
    request = ask("snapshot", channel="level2", product_ids=["BTC-*"], venue="v")
    assert request.params == SnapshotParams(channel="level2", product_ids=["BTC-*"], venue="v")
    assert (request.products, request.venue) == (["BTC-*"], "v")
    request = ask("subscriptions")
    assert (request.params, request.products) == (SubscriptionsParams(), None)
    assert request.venue is None
    assert refused(ask("snapshot", channel="level2")) == "invalid_param"
    assert refused(ask("subscriptions", channel="level2")) == "invalid_param"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "unknown_channel"),
        ({"channel": "books", "product_ids": ["*"]}, "unknown_channel"),
        ({"channel": "level2"}, "invalid_param"),
        ({"channel": "level2", "product_ids": []}, "invalid_param"),
        ({"channel": "level2", "product_ids": "BTC-USD"}, "invalid_param"),
        ({"channel": "level2", "product_ids": [1]}, "invalid_param"),
        ({"channel": "level2", "product_ids": ["*"], "depth": 11}, "unsupported_depth"),
        ({"channel": "level2", "product_ids": ["*"], "depth": "10"}, "unsupported_depth"),
        ({"channel": "trades", "product_ids": ["*"], "depth": 10}, "invalid_param"),
        ({"channel": "level2", "product_ids": ["*"], "conflate": "2s"}, "unsupported_conflate"),
        ({"channel": "trades", "product_ids": ["*"], "conflate": "1s"}, "unsupported_conflate"),
        ({"channel": "system", "conflate": "1s"}, "unsupported_conflate"),
        ({"channel": "candles", "product_ids": ["*"], "conflate": "1s"}, "unsupported_conflate"),
        ({"channel": "candles", "product_ids": ["*"], "interval": "1s"}, "invalid_param"),
        (
            {"channel": "candles", "product_ids": ["*"], "interval": None, "depth": 1},
            "invalid_param",
        ),
        ({"channel": "trades", "product_ids": ["*"], "interval": "1m"}, "invalid_param"),
        ({"channel": "candles"}, "invalid_param"),
        (
            {"channel": "level2", "product_ids": ["*"], "conflate": "latest", "depth": "full"},
            "unsupported_depth",
        ),
        ({"channel": "level2", "product_ids": ["*"], "snapshot": "yes"}, "invalid_param"),
    ],
)
def test_what_does_not_work_is_refused_by_name(params, code):
    answer = ask(**params)
    assert refused(answer) == code
    assert answer.req_id == 1


def test_without_a_depth_fifty_levels_are_asked_for():
    assert ask(channel="level2", product_ids=["*"]).params.terms == Terms(50, "none")
    asked = ask(channel="level2", product_ids=["*"], depth="full", conflate="100ms")
    assert asked.params.terms == Terms("full", "100ms")
    assert ask(channel="ticker", product_ids=["*"], conflate="latest").params.terms == Terms(
        "full", "latest"
    )
    assert ask(channel="trades", product_ids=["*"]).params.terms == WHOLE


@pytest.mark.parametrize("req_id", ["1.0", "true", "[1]", "{}"])
def test_the_id_of_a_request_is_a_number_or_a_text_and_nothing_like_one(req_id):
    answer = parse_request(f'{{"method":"ping","params":{{}},"req_id":{req_id}}}')
    assert refused(answer) == "bad_request"


@pytest.mark.parametrize("method", ["subscribe", "unsubscribe"])
def test_so_many_products_at_once_and_no_more(method):
    names = [f"A{number}-USD" for number in range(PRODUCTS_MAX + 1)]
    assert ask(method, channel="level2", product_ids=names[1:]).products == names[1:]
    assert refused(ask(method, channel="level2", product_ids=names)) == "invalid_param"


def test_unknown_parameters_are_named():
    answer = ask(channel="level2", product_ids=["*"], candles={}, colour="red")
    assert refused(answer) == "invalid_param"
    assert answer.refusal.message == "unknown: candles, colour"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_json"),
        ("{", "bad_json"),
        ("[" * 10_000, "bad_json"),
        ("[]", "bad_request"),
        ("7", "bad_request"),
        ("{}", "bad_request"),
        ('{"type":"subscribe","product_ids":["BTC-USD"]}', "bad_request"),
        ('{"method":"subscribe","params":[]}', "bad_request"),
        ('{"method":"ping","req_id":1.5}', "bad_request"),
        ('{"method":"ping","req_id":"' + "x" * 37 + '"}', "bad_request"),
        ('{"method":"shout"}', "unknown_method"),
    ],
)
def test_what_is_no_request_is_answered_with_a_reason(text, code):
    assert refused(parse_request(text)) == code


def test_the_reason_names_the_field():
    assert "params" in parse_request('{"method":"subscribe","params":[]}').refusal.message
    assert "message" in parse_request("[]").refusal.message


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


@given(st.one_of(st.text(), json_values.map(json.dumps)))
def test_no_text_raises(text):
    assert isinstance(parse_request(text), GatewayRequest | BadRequest)


@given(
    st.fixed_dictionaries(
        {"method": st.sampled_from(list(METHODS))},
        optional={
            "params": st.dictionaries(
                st.sampled_from(["channel", "product_ids", "venue", "depth", "nonce", "snapshot"]),
                st.sampled_from(["level2", "system", "full"]) | json_values,
            ),
            "req_id": json_values,
        },
    )
)
def test_no_request_raises(request):
    assert isinstance(parse_request(json.dumps(request)), GatewayRequest | BadRequest)


def test_places_to_go_on_from_are_tokens_or_epoch_and_seq():
    resume = {"BTC-USD": "token", "ETH-USD": {"epoch": "e", "seq": 4}}
    asked = ask(channel="trades", product_ids=["*"], resume=resume, resume_mode="strict").params
    assert asked.places == {"BTC-USD": "token", "ETH-USD": Position("e", 4)}
    assert asked.resume_mode == "strict"
    assert ask(channel="trades", product_ids=["*"]).params.places == {}


@pytest.mark.parametrize(
    "more",
    [
        {"channel": "trades", "resume_mode": "strict"},
        {"channel": "heartbeats", "resume": {}},
        {"channel": "trades", "resume": {}, "resume_mode": "loud"},
        {"channel": "trades", "resume": {"BTC-USD": "x" * 1025}},
        {"channel": "trades", "resume": {f"A{n}-B": "x" for n in range(PRODUCTS_MAX + 1)}},
    ],
)
def test_what_can_not_be_gone_on_with_is_refused(more):
    assert refused(ask(product_ids=["*"], **more)) == "invalid_param"


def test_a_candle_is_a_minute_unless_another_interval_is_asked_for():
    assert ask(channel="candles", product_ids=["*"]).params.terms == Terms(interval="1m")
    asked = ask(channel="candles", product_ids=["*"], interval="1d")
    assert asked.params.terms == Terms(interval="1d")


def test_intervals_are_those_that_are_served():
    assert get_args(Interval) == tuple(INTERVAL_S)


@pytest.mark.parametrize(
    ("params", "refused"),
    [
        ({"action": "pause"}, None),
        ({"action": "step"}, None),
        ({"action": "step", "count": 5}, None),
        ({"action": "seek", "at_ms": 0}, None),
        ({"action": "restart", "service": "ingest"}, None),
        ({"action": "pause", "count": 5}, "pause has no count"),
        ({"action": "speed"}, "speed: one of speed"),
        ({"action": "seek", "at_ms": 0, "by_ms": 1}, "seek: one of at_ms, by_ms, to_ms"),
        ({"action": "restart"}, "restart: one of service"),
    ],
)
def test_an_order_has_what_belongs_to_it_and_nothing_else(params, refused):
    request = parse_request(json.dumps({"method": "control", "params": params}))
    if refused is None:
        assert request.params.action == params["action"]
        assert (request.venue, request.products) == (None, None)
    else:
        assert request.refusal == ("invalid_param", refused, (), None)
