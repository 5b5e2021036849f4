"""A gateway that lets in who shows a token: by header, subprotocol or message, and over HTTP."""

import asyncio
import base64
import json

import pytest
from gateway_support import RoleClient, conf, on_sockets, running, served_log
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import InvalidStatus

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.client import connect
from ledgerflux.client.addresses import get_json
from ledgerflux.client.way import Way
from ledgerflux.core.credentials import Keyring, StoredKey, hashed
from ledgerflux.core.limits import Limits
from ledgerflux.errors import FeedError, GatewayError
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.roles.gateway_guard import GatewayGuard
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus

ALL, SOME, OLD, SHORT = "lfk.all.one", "lfk.some.two", "lfk.old.three", "lfk.short.four"
WRONG = "lfk.all.hush-hush"
ELSEWHERE = "10.0.0.9"


def guard(short_until_ns=None):
    def kept(secret, *granted):
        return StoredKey("salt", hashed(secret, "salt"), *granted)

    keys = {
        "all": kept("one"),
        "some": kept("two", ("BTC-*",), ("level2", "heartbeats")),
        "old": kept("three", ("*",), ("*",), 1),
        "short": kept("four", ("*",), ("*",), short_until_ns),
    }
    return GatewayGuard(SystemClock(), authority=Keyring(keys))


async def test_nothing_but_ping_is_answered_before_a_token_was_shown():
    async with running(guard=guard()) as stack:
        log = await served_log(stack)
        client = RoleClient(stack.listener.connect("/v1/ws"))
        welcome = await client.next_of("welcome")
        assert json.loads(json.dumps(welcome.type)) == "welcome"
        for method, params in (
            ("subscribe", {"channel": "level2", "product_ids": ["BTC-USD"]}),
            ("unsubscribe", {"channel": "level2", "product_ids": ["BTC-USD"]}),
            ("snapshot", {"channel": "level2", "product_ids": ["BTC-USD"]}),
            ("subscriptions", {}),
        ):
            assert (await client.ask(method, **params)).code == "auth_required"
        assert (await client.ask("ping")).type == "pong"
        assert (await client.ask("auth", token=ALL)).type == "authenticated"
        await client.subscribe("level2")
        log.source.update()
        await log.write()
        assert (await client.next_of("update")).product_id == "BTC-USD"


async def test_the_welcome_says_whether_a_token_is_wanted():
    async with running(guard=guard()) as stack:
        for bearer, wanted in ((None, True), (ALL, False)):
            memory = stack.listener.connect("/v1/ws", bearer=bearer)
            assert json.loads(await memory.next())["auth_required"] is wanted
    async with running() as stack:
        client = await stack.client()
        assert (await client.ask("auth", token=ALL)).code == "invalid_param"


async def test_a_wrong_token_ends_its_client_alone_and_is_told_without_the_secret(caplog):
    async with running(guard=guard()) as stack:
        inside = RoleClient(stack.listener.connect("/v1/ws", bearer=ALL))
        client = await stack.client()
        answer = asyncio.create_task(client.ask("auth", token=WRONG))
        assert (await client.closed()) == (4500, "auth_failed")
        answer.cancel()
        assert {"auth_failed"} <= {message.code for message in client.messages}
        with pytest.raises(FeedError, match="401 auth_failed"):
            stack.listener.connect("/v1/ws", bearer=WRONG)
        with pytest.raises(FeedError, match="401 token_expired"):
            stack.listener.connect("/v1/ws", bearer=OLD)
        assert (await inside.ask("ping")).type == "pong"
        assert stack.gateway.vitals().counts["closed_4500"] == 1
    lines = [record.fields for record in caplog.records if record.msg == "auth.refused"]
    assert [line["code"] for line in lines] == ["auth_failed", "auth_failed", "token_expired"]
    assert {line["subject"] for line in lines} == {"all", "old"}
    assert "hush-hush" not in str([record.__dict__ for record in caplog.records])


async def test_who_shows_nothing_in_time_is_closed_with_4501():
    async with running(Limits(first_subscribe_s=0), guard=guard()) as stack:
        client = await stack.client()
        assert await client.closed() == (4501, "auth_timeout")


async def test_products_and_channels_outside_the_token_are_forbidden():
    async with running(guard=guard(), feed=conf("BTC-USD", "ETH-USD")) as stack:
        await served_log(stack)
        client = RoleClient(stack.listener.connect("/v1/ws", bearer=SOME))
        await client.subscribe("level2", "BTC-*")
        for channel, products in (
            ("level2", ["ETH-USD"]),
            ("level2", ["*"]),
            ("level2", ["*-USD"]),
            ("trades", ["BTC-USD"]),
            ("heartbeats", ["*"]),
            ("system", None),
        ):
            params = {} if products is None else {"product_ids": products}
            answer = await client.ask("subscribe", channel=channel, **params)
            assert answer.code == "forbidden", (channel, products)
        assert (await client.ask("subscriptions")).type == "subscriptions"
        assert (await client.ask("snapshot", channel="level2", product_ids=["*"])).type != "error"


async def test_a_token_that_expires_is_told_and_another_one_keeps_the_connection():
    soon_ns = SystemClock().now_ns() + NANOS_PER_S // 2
    async with running(guard=guard(soon_ns)) as stack:
        await served_log(stack)
        client = RoleClient(stack.listener.connect("/v1/ws", bearer=SHORT))
        await client.subscribe("level2")
        assert (await client.next_of("error")).code == "token_expired"
        assert (await client.ask("auth", token=SOME)).type == "authenticated"
        assert (await client.ask("subscribe", channel="system")).code == "forbidden"


async def test_a_token_for_less_than_what_is_followed_is_refused_and_nothing_changes():
    async with running(guard=guard()) as stack:
        await served_log(stack)
        client = RoleClient(stack.listener.connect("/v1/ws", bearer=ALL))
        await client.subscribe("trades")
        assert (await client.ask("auth", token=SOME)).code == "forbidden"
        await client.subscribe("level2")


@pytest.mark.parametrize(
    ("path", "bearer", "status", "code"),
    [
        ("/v1/products", None, 401, "auth_required"),
        ("/v1/products", WRONG, 401, "auth_failed"),
        ("/v1/products", OLD, 401, "token_expired"),
        ("/v1/products", SOME, 200, None),
        ("/v1/products?token=" + ALL, None, 401, "auth_required"),
        ("/v1/products/BTC-USD/book", None, 401, "auth_required"),
        ("/v1/products/BTC-USD/book", SOME, 200, None),
        ("/v1/products/ETH-USD/book", SOME, 403, "forbidden"),
        ("/v1/products/BTC-USD/trades", SOME, 403, "forbidden"),
        ("/v1/products/BTC-USD/trades", ALL, 200, None),
        ("/v1/products/BTC-USD/candles", SOME, 403, "forbidden"),
        ("/v1/products/BTC-USD/candles", ALL, 200, None),
        ("/v1/status", SOME, 403, "forbidden"),
        ("/v1/status", ALL, 200, None),
        ("/metrics", None, 401, "auth_required"),
    ],
)
async def test_http_wants_the_same(path, bearer, status, code):
    async with running(guard=guard()) as stack:
        await served_log(stack)
        answer = stack.listener.get(path, address=ELSEWHERE, bearer=bearer)
        assert answer.status == status
        if code is not None:
            assert json.loads(answer.body)["error"]["code"] == code
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_operators_on_the_same_machine_need_none(path):
    async with running(guard=guard()) as stack:
        assert stack.listener.get(path).status == 404  # mounted by who runs the role
        assert stack.listener.get(path, address=ELSEWHERE).status == 401
        assert stack.listener.get("/", address=ELSEWHERE).status == 404


async def test_over_sockets_a_token_stands_in_a_header_or_a_subprotocol():
    bus = MemoryBus()
    await write_feed(bus, conf())
    async with on_sockets(bus, guard=guard()) as gateway:
        url = f"ws://127.0.0.1:{gateway.port}/v1/ws"
        coded = base64.urlsafe_b64encode(ALL.encode()).decode().rstrip("=")
        async with open_socket(url, subprotocols=["lfx.v1", f"lfx.bearer.{coded}"]) as client:
            assert json.loads(await client.recv())["auth_required"] is False
            assert client.subprotocol == "lfx.v1"
        with pytest.raises(InvalidStatus, match="401"):
            await open_socket(url, subprotocols=["lfx.v1", "lfx.bearer.AAAA"])
        async with open_socket(f"{url}?token={ALL}") as client:
            assert json.loads(await client.recv())["auth_required"] is True
        async with connect(url, token=ALL) as client:
            assert (await client.ping()).type == "pong"
            assert (await client.subscribe("system")).type == "subscribed"
            assert (await client.status())["schema"] == "lf.status/1"
        with pytest.raises(GatewayError) as caught:
            await asyncio.to_thread(get_json, url, "/v1/status", way=Way(token=WRONG))
        assert caught.value.code == "auth_failed"
