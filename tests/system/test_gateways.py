"""Several gateways of one stack: one is killed under load, its clients go on with another."""

import asyncio

import pytest
from readers import PRODUCT, Reader
from recordings import recording
from reference import rebuild
from stacks import until

pytestmark = pytest.mark.fault

NAME = "coinbase-advanced-20260809-btcusd-trades"
CLIENTS = 8


async def test_clients_of_a_killed_gateway_go_on_with_the_other(stack):
    path = recording(NAME)
    reference = rebuild(path)
    start = ("--source", f"replay:{path}", "--speed", "10", "--paused", "--gateways", "2")
    document = await asyncio.to_thread(stack.start, *start)
    urls = [gateway["ws"] for gateway in document["gateways"]]
    assert [gateway["name"] for gateway in document["gateways"]] == ["gateway", "gateway-1"]
    assert len(set(urls)) == 2

    readers = [Reader(urls if n % 2 else urls[::-1]) for n in range(CLIENTS)]
    tasks = [asyncio.create_task(reader.run()) for reader in readers]
    await asyncio.to_thread(stack.wait, f"clients={CLIENTS}")
    told = await asyncio.to_thread(stack.status)
    assert [row["clients"] for row in told["gateways"]] == [CLIENTS // 2] * 2

    await asyncio.to_thread(stack.begin)
    await asyncio.to_thread(until, lambda: all(len(r.trades) > 20 for r in readers), what="trades")
    killed = await asyncio.to_thread(stack.kill, "gateway")
    await asyncio.to_thread(until, lambda: is_back(stack, "gateway", killed), what="a new gateway")
    await asyncio.to_thread(stack.wait, "replay-end")
    head = (await asyncio.to_thread(stack.status))["heads"][PRODUCT]
    book = reference.books[PRODUCT]
    await asyncio.to_thread(
        until, lambda: all(has_arrived(reader.client, head) for reader in readers), what="the end"
    )
    for task in tasks:
        assert not task.done(), task.exception()
        task.cancel()

    for number, reader in enumerate(readers):
        assert reader.client.violations_total == 0
        assert reader.unaccounted(head["trades"]) == set()
        mirror = reader.client.books[PRODUCT]
        assert list(map(list, mirror.book.bids())) == book.bids()
        assert list(map(list, mirror.book.asks())) == book.asks()
        assert reader.urls == ([urls[0], urls[1]] if number % 2 else [urls[1]])
    logs = stack.lf("logs", "gateway-1", "--json").stdout
    assert '"gateway-1"' in logs
    assert stack.lf("open", "gateway-1", "--print").stdout.strip() == f"{http(document, 1)}/"


def is_back(stack, name, killed):
    services = {row["name"]: row for row in stack.run_state()["services"]}
    return services[name]["state"] == "ready" and services[name]["pid"] != killed


def has_arrived(client, head):
    mirror, trades = client.books[PRODUCT], client.position("trades", PRODUCT)
    at = mirror.position
    return mirror.live and at.seq == head["level2"] and trades and trades.seq == head["trades"]


def http(document, number):
    return document["gateways"][number]["http"]
