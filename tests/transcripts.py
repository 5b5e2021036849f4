"""A run of a gateway in which each kind of message is said: `python tests/transcripts.py` keeps it.

`tests/data/transcripts/gateway.txt` has a line for each text: `>` from the client, `<` to it,
`=` over HTTP.
"""

import asyncio
import json
from pathlib import Path

import msgspec
from gateway_support import RoleClient, followed, running

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.core.credentials import Keyring, StoredKey, hashed
from ledgerflux.core.limits import Limits
from ledgerflux.roles.gateway_guard import GatewayGuard
from ledgerflux.wire.replay import ReplayAnswer, ReplayHealth
from ledgerflux.wire.service_order import RestartAnswer
from ledgerflux.wire.subjects import RESTART_SUBJECT, exchange_subject

KEPT = Path(__file__).parent / "data" / "transcripts" / "gateway.txt"
DOCUMENTS = ("book?depth=1", "trades", "trades?epoch=another&from_seq=1", "candles?interval=5m")
FEW = Limits(requests_per_s=1, requests_burst=20, refusals_max=3)
"""So that a run which is refused, and ended, is a short one."""


async def run() -> list[tuple[str, bytes]]:
    """Return what was said in a run on memory, in order, each with its mark."""
    said: list[tuple[str, bytes]] = []
    async with running(FEW) as stack:
        log, client = await followed(stack)
        said += [("<", message.raw) for message in client.messages]
        del client.messages[:]
        _keep_requests(client, said)
        for channel in ("trades", "ticker", "status", "candles"):
            await client.subscribe(channel)
        await client.subscribe("heartbeats")
        await client.ask("subscribe", channel="system")
        log.source.update(("buy", "99.5", "7"), ("sell", "101", "0")).trade().ticker()
        log.source.status("live").trades_missing().gap(missing=1)
        await log.write()
        log.source.snapshot().update()
        await log.write()
        for kind in ("update", "trade", "ticker", "candle", "gap", "heartbeat"):
            await _until(client, lambda message, kind=kind: message.type == kind)
        await _until(
            client, lambda message: message.channel == "system" and message.type == "status"
        )
        await client.ask("subscriptions")
        await client.ask("snapshot", channel="level2", product_ids=["BTC-USD"])
        await _controlled(stack, client)
        await client.ask("unsubscribe", channel="status", product_ids=["BTC-USD"])
        await client.ask("subscribe", channel="trades", product_ids=["NO-SUCH"])
        said += [("=", stack.listener.get(path).body) for path in _paths()]
        assert (await client.ask("ping", nonce=7)).type == "pong"
        while len(said) < 200 and client.memory.closed is None:
            await client.memory.ask('{"method":"ping"}')
            await asyncio.sleep(0.001)
        await client.closed()
        said += [("<", message.raw) for message in client.messages]
    return said + await _with_a_token()


async def _controlled(stack, client) -> None:
    """Let an exchange and a supervisor answer, each once."""
    now = ReplayHealth("replay:day.lfr", "paused", True, 1.0, None, False, 3, 7, 8)
    replayed = msgspec.json.encode(ReplayAnswer(replay=now))
    begun = msgspec.json.encode(RestartAnswer("ingest", 7))
    async with (
        stack.bus.answer(exchange_subject("order"), _saying(replayed)),
        stack.bus.answer(RESTART_SUBJECT, _saying(begun)),
    ):
        assert (await client.ask("control", action="pause")).type == "controlled"
        assert (await client.ask("control", action="restart", service="ingest")).pid == 7


def _saying(said: bytes):
    async def answer(_: bytes) -> bytes:
        return said

    return answer


async def _with_a_token() -> list[tuple[str, bytes]]:
    """Return what was said where a token is wanted."""
    said: list[tuple[str, bytes]] = []
    keyring = Keyring({"id": StoredKey("salt", hashed("secret", "salt"))})
    guard = GatewayGuard(SystemClock(), authority=keyring)
    async with running(guard=guard) as stack:
        client = RoleClient(stack.listener.connect("/v1/ws"))
        _keep_requests(client, said)
        await client.next_of("welcome")
        assert (await client.ask("auth", token="lfk.id.secret")).type == "authenticated"
        said += [("<", message.raw) for message in client.messages]
    return said


def _paths() -> list[str]:
    return ["/v1/status", *(f"/v1/products/BTC-USD/{rest}" for rest in DOCUMENTS)]


def _keep_requests(client, said) -> None:
    """Put each request in its place among what came before it."""
    ask = client.memory.ask

    async def kept(text):
        said.extend(("<", message.raw) for message in client.messages)
        del client.messages[:]
        said.append((">", text.encode()))
        await ask(text)

    client.memory.ask = kept


async def _until(client, wanted) -> None:
    """Read until something was said that is `wanted`, or has been."""
    while not any(map(wanted, client.messages)):
        await client.next()


def kept() -> list[tuple[str, bytes]]:
    """Return the run that is kept."""
    lines = KEPT.read_bytes().splitlines()
    return [(line[:1].decode(), line[2:]) for line in lines]


if __name__ == "__main__":
    texts = asyncio.run(run())
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_bytes(b"".join(b"%b %b\n" % (mark.encode(), text) for mark, text in texts))
    print(len(texts), "texts,", sorted({str(json.loads(text).get("type")) for _, text in texts}))
