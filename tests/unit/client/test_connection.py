"""The client against servers that behave as a test says."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

import ledgerflux.client.connection as module
from ledgerflux.adapters.sockets import free_port
from ledgerflux.adapters.ws_listener import WsListener
from ledgerflux.client import Message, Reconnected, connect
from ledgerflux.errors import FeedError, GatewayError, IntegrityError
from ledgerflux.ports import Response
from ledgerflux.wire.gateway_packing import pack

WELCOME = '{"type":"welcome","venue":"v"}'


class Server:
    """Grants every subscription at seq 10; `script` has the last word on each request."""

    def __init__(self, script=None) -> None:
        self.requests: list[dict] = []
        self.connections = []
        self.script = script
        self.port = 0
        self.listener = WsListener()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve_one(self, connection) -> None:
        self.connections.append(connection)
        try:
            await connection.send(WELCOME)
            while True:
                request = json.loads(await connection.receive())
                self.requests.append(request)
                if self.script is None or not await self.script(self, connection, request):
                    await connection.send(self.granted(request))
        except FeedError:
            return

    def granted(self, request, seq=10) -> str:
        kind = {"subscribe": "subscribed", "unsubscribe": "unsubscribed", "ping": "pong"}
        params = request["params"]
        products = params.get("product_ids", [])
        return json.dumps(
            {
                "type": kind[request["method"]],
                "req_id": request["req_id"],
                "channel": params.get("channel", ""),
                "product_ids": products,
                "streams": {product: {"epoch": "e", "seq": seq} for product in products},
            }
        )


@asynccontextmanager
async def running(script=None, port=0):
    server = Server(script)
    routes = {"/v1/status": lambda _: Response(200, "application/json", b'{"state":"healthy"}')}
    async with server.listener.serve(
        "127.0.0.1", port, routes, server.serve_one, websocket_paths=["/v1/ws"], pack=pack
    ) as server.port:
        yield server


def trade(prev_seq: int, seq: int) -> str:
    return json.dumps(
        {
            "channel": "trades",
            "type": "trade",
            "product_id": "BTC-USD",
            "epoch": "e",
            "prev_seq": prev_seq,
            "seq": seq,
            "data": [],
        }
    )


async def next_of(client, kind):
    async with asyncio.timeout(10):
        async for message in client:
            if kind is Reconnected and isinstance(message, Reconnected):
                return message
            if isinstance(message, Message) and message.type == kind:
                return message
    raise AssertionError


async def test_messages_come_as_they_were_received_in_order():
    async with running() as server, connect(server.url) as client:
        answer = await client.subscribe("trades", ["BTC-USD"])
        assert answer.streams["BTC-USD"].seq == 10
        await server.connections[0].send(trade(10, 11))
        assert (await anext(client)).raw.decode() == WELCOME
        assert (await anext(client)).type == "subscribed"
        assert (await anext(client)).raw.decode() == trade(10, 11)
        assert server.requests == [
            {
                "method": "subscribe",
                "params": {"channel": "trades", "product_ids": ["BTC-USD"]},
                "req_id": 1,
            }
        ]


async def test_a_venue_is_named_in_every_request():
    async with running() as server, connect(server.url, venue="kraken") as client:
        await client.subscribe("trades")
        assert server.requests[0]["params"]["venue"] == "kraken"


async def test_requests_of_one_task_are_answered_while_another_iterates():
    async with running() as server, connect(server.url) as client:
        trades = asyncio.create_task(next_of(client, "trade"))
        await asyncio.sleep(0)
        assert (await client.subscribe("trades", ["BTC-USD"])).type == "subscribed"
        assert (await client.ping()).type == "pong"
        await server.connections[0].send(trade(10, 11))
        assert (await trades).seq == 11


async def test_the_status_is_asked_over_http():
    async with running() as server, connect(server.url) as client:
        assert await client.status() == {"state": "healthy"}
        assert client.url == f"ws://127.0.0.1:{server.port}/v1/ws"


async def test_a_refusal_is_an_error_with_the_gateways_code():
    async def refuse(_, connection, request):
        error = {"type": "error", "req_id": request["req_id"], "code": "unknown_product"}
        await connection.send(json.dumps({**error, "message": "no such product"}))
        return True

    async with running(refuse) as server, connect(server.url) as client:
        with pytest.raises(GatewayError, match="no such product") as caught:
            await client.subscribe("trades", ["XXX-USD"])
        assert caught.value.code == "unknown_product"


async def test_what_may_be_granted_later_is_asked_again():
    async def later(server, connection, request):
        if len(server.requests) > 2:
            return False
        error = {"type": "error", "req_id": request["req_id"], "code": "not_ready"}
        await connection.send(json.dumps({**error, "retryable": True, "retry_after_ms": 1}))
        return True

    async with running(later) as server, connect(server.url) as client:
        await client.subscribe("trades", ["BTC-USD"])
        assert len(server.requests) == 3


async def test_no_answer_is_an_error_after_a_while(monkeypatch):
    async def silent(*_):
        return True

    monkeypatch.setattr(module, "REQUEST_TIMEOUT_S", 0.05)
    async with running(silent) as server, connect(server.url) as client:
        with pytest.raises(GatewayError, match="no answer to ping"):
            await client.ping()


async def test_messages_without_end_before_an_answer_are_an_error(monkeypatch):
    async def flood(_, connection, __):
        for seq in range(10, 40):
            await connection.send(trade(seq, seq + 1))
        return True

    monkeypatch.setattr(module, "UNREAD_MAX", 20)
    async with running(flood) as server, connect(server.url) as client:
        with pytest.raises(GatewayError, match="20 messages"):
            await client.ping()


async def test_nobody_there_is_told_with_every_address():
    ports = [free_port(), free_port()]
    with pytest.raises(GatewayError) as caught:
        async with connect([f"http://127.0.0.1:{port}" for port in ports]):
            pass
    assert all(str(port) in caught.value.message for port in ports)
    assert caught.value.exit_code == 3


async def test_a_lost_connection_comes_back_with_its_subscriptions_and_what_was_missed():
    gaps = []
    async with running() as server, connect(server.url, on_gap=gaps.append) as client:
        await client.subscribe("trades", ["BTC-USD"])
        await client.subscribe("level2", ["BTC-USD"])
        server.granted = lambda request: Server.granted(server, request, seq=25)
        await server.connections[0].close(1012, "restart")
        notice = await next_of(client, Reconnected)
        assert notice.url == client.url
        assert {(missed.channel, missed.from_seq, missed.to_seq) for missed in notice.missed} == {
            ("trades", 11, 25),
            ("level2", 11, 25),
        }
        assert gaps == list(notice.missed)
        await server.connections[1].send(trade(25, 26))
        assert (await next_of(client, "trade")).seq == 26
        assert client.violations_total == 0


async def test_what_was_left_is_not_subscribed_again():
    async with running() as server, connect(server.url) as client:
        await client.subscribe("trades", ["BTC-USD"])
        await client.subscribe("ticker", ["BTC-USD"])
        await client.unsubscribe("trades", ["BTC-USD"])
        await client.unsubscribe("ticker")
        await server.connections[0].close(1012, "restart")
        await next_of(client, Reconnected)
        assert len(server.requests) == 4


async def test_a_request_on_its_way_when_the_connection_ends_is_sent_again():
    async def close_at_first(server, connection, _):
        if len(server.connections) == 1:
            await connection.close(1012, "restart")
            return True
        return False

    async with running(close_at_first) as server, connect(server.url) as client:
        assert (await client.subscribe("trades", ["BTC-USD"])).type == "subscribed"
        assert (await next_of(client, Reconnected)).missed == ()
        assert len(server.connections) == 2


async def test_a_request_on_a_closed_connection_connects_first():
    async with running() as server, connect(server.url) as client:
        await client.ping()
        await server.connections[0].close(1012, "restart")
        async with asyncio.timeout(5):
            while client._socket.state.name != "CLOSED":
                await asyncio.sleep(0.005)
        assert (await client.ping()).type == "pong"
        assert len(server.connections) == 2


async def test_of_several_addresses_the_next_one_is_tried():
    async with (
        running() as first,
        running() as second,
        connect([first.url, second.url]) as client,
    ):
        await client.subscribe("trades", ["BTC-USD"])
        await first.connections[0].close(1012, "restart")
        notice = await next_of(client, Reconnected)
        assert notice.url.endswith(f":{second.port}/v1/ws")
        assert second.requests[0]["method"] == "subscribe"


def goodbye(code, after_ms) -> str:
    told = {"type": "goodbye", "code": code, "reason": "restart", "reconnect": after_ms is not None}
    return json.dumps({**told, "reconnect_after_ms": after_ms})


async def test_a_goodbye_says_when_to_go_to_the_next_gateway(monkeypatch):
    slept, real_sleep = [], asyncio.sleep

    async def sleep(delay_s):
        slept.append(delay_s)
        await real_sleep(0)

    async with (
        running() as first,
        running() as second,
        connect([first.url, second.url], random=pytest.fail) as client,
    ):
        await client.subscribe("trades", ["BTC-USD"])
        monkeypatch.setattr(module.asyncio, "sleep", sleep)
        await first.connections[0].send(goodbye(1012, 1730))
        await first.connections[0].close(1012, "restart")
        assert (await next_of(client, "goodbye")).reconnect_after_ms == 1730
        notice = await next_of(client, Reconnected)
        assert notice.url.endswith(f":{second.port}/v1/ws")
        assert 1.73 in slept


async def test_who_was_asked_not_to_come_back_does_not():
    async with running() as server, connect(server.url) as client:
        await client.ping()
        await server.connections[0].send(goodbye(1003, None))
        await server.connections[0].close(1003, "text messages only")
        with pytest.raises(GatewayError, match="1003 text messages only") as caught:
            await next_of(client, Reconnected)
        assert caught.value.code == "protocol_error"


async def test_a_connection_lost_while_subscribing_again_is_tried_again():
    async def close_second(server, connection, _):
        if len(server.connections) == 2:
            await connection.close(1012, "restart")
            return True
        return False

    async with running(close_second) as server, connect(server.url) as client:
        await client.subscribe("trades", ["BTC-USD"])
        await server.connections[0].close(1012, "restart")
        assert (await next_of(client, Reconnected)).failures == 1
        assert len(server.connections) == 3


async def test_a_gateway_that_does_not_answer_again_is_left_for_the_next(monkeypatch):
    async def silent_second(server, *_):
        return len(server.connections) == 2

    monkeypatch.setattr(module, "REQUEST_TIMEOUT_S", 0.1)
    async with running(silent_second) as server, connect(server.url) as client:
        await client.subscribe("trades", ["BTC-USD"])
        await server.connections[0].close(1012, "restart")
        assert (await next_of(client, Reconnected)).failures == 1


async def test_a_connection_that_does_not_come_back_is_an_error():
    async with running() as server:
        client = connect(server.url, give_up_after_s=0.0, random=lambda: 0.0)
        await client.__aenter__()
        await client.ping()
    with pytest.raises(GatewayError, match="does not come back"):
        await next_of(client, "trade")
    await client.__aexit__()


async def test_a_terminal_close_is_an_error_with_its_reason():
    async with running() as server, connect(server.url) as client:
        await client.ping()
        await server.connections[0].close(4505, "idle")
        with pytest.raises(GatewayError, match="4505 idle") as caught:
            await next_of(client, "trade")
        assert caught.value.code == "idle"


async def test_a_loss_nobody_announced_is_subscribed_anew():
    async with running() as server, connect(server.url) as client:
        await client.subscribe("trades", ["BTC-USD"])
        await server.connections[0].send(trade(12, 13))
        await server.connections[0].send(trade(13, 14))
        await next_of(client, "unsubscribed")
        await next_of(client, "subscribed")
        await server.connections[0].send(trade(10, 11))
        await next_of(client, "trade")
        assert client.violations_total == 1
        methods = [request["method"] for request in server.requests]
        assert methods == ["subscribe", "unsubscribe", "subscribe"]


async def test_a_repair_that_is_refused_is_tried_again():
    async def refuse_second(server, connection, request):
        if len(server.requests) != 3:
            return False
        error = {"type": "error", "req_id": request["req_id"], "code": "throttled"}
        await connection.send(json.dumps(error))
        return True

    async with running(refuse_second) as server, connect(server.url) as client:
        await client.subscribe("trades", ["BTC-USD"])
        await server.connections[0].send(trade(12, 13))
        await next_of(client, "error")
        await next_of(client, "subscribed")
        assert len(server.requests) == 5


async def test_strict_means_such_a_loss_is_an_error():
    async with running() as server, connect(server.url, strict=True) as client:
        await client.subscribe("trades", ["BTC-USD"])
        await server.connections[0].send(trade(12, 13))
        with pytest.raises(IntegrityError):
            await next_of(client, "never")


async def test_what_is_no_message_is_a_protocol_error():
    async with running() as server, connect(server.url) as client:
        await client.ping()
        await server.connections[0].send("nonsense")
        with pytest.raises(GatewayError) as caught:
            await next_of(client, "never")
        assert caught.value.code == "protocol_error"


async def test_messages_written_together_come_one_by_one_to_a_client_that_takes_them_compressed():
    async with running() as server, connect(server.url, compression=True) as client:
        await client.subscribe("trades", ["BTC-USD"])
        sent = [trade(seq - 1, seq) for seq in range(11, 21)]
        await server.connections[0].send_all([text.encode() for text in sent])
        while (await anext(client)).type != "subscribed":
            pass
        assert [(await anext(client)).raw.decode() for _ in range(10)] == sent
        assert client.position("trades", "BTC-USD").seq == 20
        assert client.violations_total == 0


async def test_an_array_that_is_none_is_an_error_of_the_gateway():
    async with running() as server, connect(server.url, compression=True) as client:
        await client.ping()
        await server.connections[0].send("[{")
        with pytest.raises(GatewayError) as caught:
            await next_of(client, "never")
    assert caught.value.code == "protocol_error"
