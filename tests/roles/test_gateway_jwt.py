"""A gateway that lets in who shows a signed token (JWT), beside those who have a key."""

import asyncio
import base64
import json

import pytest
from gateway_support import RoleClient, conf, on_sockets, running
from jwt_files import by_hand, pem_of, private_key
from websockets.asyncio.client import connect as open_socket

from ledgerflux.adapters.jwt_keys import JwtKey, read_checking_keys
from ledgerflux.adapters.jwt_tokens import SignedTokens, signed
from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.client import connect
from ledgerflux.client.addresses import get_json
from ledgerflux.client.way import Way
from ledgerflux.core.credentials import Keyring, KeysAndTokens, StoredKey, hashed
from ledgerflux.errors import FeedError, GatewayError
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.roles.gateway_guard import GatewayGuard
from ledgerflux.roles.runtime import write_feed
from ledgerflux.testing.memory_bus import MemoryBus

KEY = "lfk.desk.secret"


@pytest.fixture
def guard(tmp_path):
    (tmp_path / "jwt.pub").write_bytes(pem_of("EdDSA"))
    tokens = SignedTokens(read_checking_keys(tmp_path / "jwt.pub"), audience="gateway")
    keys = Keyring({"desk": StoredKey("salt", hashed("secret", "salt"))})
    return GatewayGuard(SystemClock(), authority=KeysAndTokens(keys, tokens))


def token(held_s=3600, **more):
    """Return a token that the gateway of these tests knows."""
    claims = {"sub": "web", "aud": "gateway", "products": ["BTC-*"], "channels": ["*"], **more}
    claims["exp"] = SystemClock().now_ns() // NANOS_PER_S + held_s
    return signed(JwtKey("EdDSA", private_key("EdDSA")), claims)


async def test_it_is_shown_by_header_subprotocol_or_message_as_a_key_is(guard):
    bus = MemoryBus()
    await write_feed(bus, conf())
    async with on_sockets(bus, guard=guard) as gateway:
        url = f"ws://127.0.0.1:{gateway.port}/v1/ws"
        coded = base64.urlsafe_b64encode(token().encode()).decode().rstrip("=")
        async with open_socket(url, subprotocols=["lfx.v1", f"lfx.bearer.{coded}"]) as client:
            assert json.loads(await client.recv())["auth_required"] is False
        async with connect(url, token=token()) as client:
            assert (await client.subscribe("system")).type == "subscribed"
            with pytest.raises(GatewayError) as caught:
                await client.subscribe("trades", ["ETH-USD"])
            assert caught.value.code in ("forbidden", "unknown_product")
        products = await asyncio.to_thread(get_json, url, "/v1/products", way=Way(token=token()))
        assert products["schema"] == "lf.products/1"
        async with connect(url, token=KEY) as client:
            assert (await client.subscribe("system")).type == "subscribed"


async def test_by_message_it_grants_what_it_names_and_no_more(guard):
    async with running(guard=guard, feed=conf("BTC-USD", "ETH-USD")) as stack:
        client = await stack.client()
        assert (await client.ask("auth", token=token())).type == "authenticated"
        assert (await client.ask("subscribe", channel="trades", product_ids=["*"])).code == (
            "forbidden"
        )


async def test_when_it_ends_it_is_told_and_another_one_keeps_the_connection(guard):
    async with running(guard=guard) as stack:
        client = RoleClient(stack.listener.connect("/v1/ws", bearer=token(1)))
        assert (await client.next_of("error")).code == "token_expired"
        assert (await client.ask("auth", token=token())).type == "authenticated"
        assert (await client.ask("subscribe", channel="system")).type == "subscribed"


async def test_what_is_not_signed_for_it_ends_its_client_alone(guard, caplog):
    wrong = {
        "auth_failed": [
            token(aud="other"), token(products=[]), token(sub=""), token()[:-8] + "AAAAAAAA",
            by_hand({"alg": "none"}, {"sub": "a"}), by_hand({"alg": "HS256"}, {"sub": "a"}),
            by_hand({"alg": "HS256"}, {"sub": "x"}, secret=pem_of("EdDSA")), "x" * 9000,
        ],
        "token_expired": [token(-1)],
    }  # fmt: skip
    async with running(guard=guard) as stack:
        inside = RoleClient(stack.listener.connect("/v1/ws", bearer=token()))
        for code, tokens in wrong.items():
            for shown in tokens:
                with pytest.raises(FeedError, match=f"401 {code}"):
                    stack.listener.connect("/v1/ws", bearer=shown)
                assert stack.listener.get("/v1/products", bearer=shown).status == 401
        assert (await inside.ask("ping")).type == "pong"
    lines = [record.__dict__ for record in caplog.records if record.msg == "auth.refused"]
    assert lines
    assert not any(shown[-20:] in str(lines) for tokens in wrong.values() for shown in tokens)


async def test_a_client_whose_token_does_not_count_is_told_so_at_once(guard):
    bus = MemoryBus()
    await write_feed(bus, conf())
    async with on_sockets(bus, guard=guard) as gateway:
        for wrong, code in ((token(aud="other"), "auth_failed"), (token(-1), "token_expired")):
            with pytest.raises(GatewayError) as caught:
                async with connect(f"ws://127.0.0.1:{gateway.port}", token=wrong):
                    pass
            assert caught.value.code == code
