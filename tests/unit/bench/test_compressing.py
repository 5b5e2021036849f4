import asyncio
import json

import pytest

from ledgerflux.adapters import ws_client
from ledgerflux.bench import compressing
from ledgerflux.bench.compressing import WAYS, Load, compare, lines, made_batches

LOAD = Load(clients=3, batches=4, messages=10, rounds=1)


@pytest.fixture(autouse=True)
def closes_soon(monkeypatch):
    monkeypatch.setattr(ws_client, "CLOSE_TIMEOUT_S", 0.05)
    monkeypatch.setattr(compressing, "CLOSE_TIMEOUT_S", 0.05)


def test_what_is_written_are_updates_that_continue_their_streams():
    messages = [json.loads(text) for batch in made_batches(LOAD) for text in batch]
    assert len(messages) == 40
    last = {}
    for message in messages:
        assert message["prev_seq"] == last.get(message["product_id"], 0)
        last[message["product_id"]] = message["seq"]


async def test_every_way_delivers_everything_and_the_compressed_ones_in_fewer_bytes():
    async with asyncio.timeout(60):
        costs = await compare(LOAD)
    assert list(costs) == list(WAYS)
    plain, once, each = costs.values()
    message_bytes = sum(len(text) for batch in made_batches(LOAD) for text in batch) / 40
    assert message_bytes + 4 <= plain.wire_bytes < message_bytes + 6
    assert once.wire_bytes < 0.4 * message_bytes
    assert each.wire_bytes < 0.5 * message_bytes
    assert all(cost.cpu_us > 0 for cost in costs.values())
    head, *rows = lines(LOAD, costs)
    assert head.startswith("3 clients, 10 messages of 3")
    assert [row[:44].strip() for row in rows] == list(WAYS)
