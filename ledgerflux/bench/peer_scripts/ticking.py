"""What the WebSocket servers in Python share: the messages of a tick, and when one is due.

A server is told on standard input, a line each: `MESSAGES TICK_MS TICKS`; it says `done` when
all are handed over, and ends with its input.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Publish = Callable[[list[dict[str, Any]]], Awaitable[None]]


class Messages:
    """The messages of a file, numbered on from tick to tick."""

    def __init__(self, path: str) -> None:
        self._made: list[dict[str, Any]] = json.loads(Path(path).read_text(encoding="utf-8"))

    def next(self, count: int) -> list[dict[str, Any]]:
        """Return `count` messages, one a product."""
        text = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        for product, message in enumerate(self._made[:count]):
            seq = message["seq"] + 1
            message["prev_seq"], message["seq"], message["ts_publish"] = seq - 1, seq, text
            message["checksum"] = 1_000_000_000 + (seq * 48_271 + product * 16_807) % 2_147_483_647
            event = message["data"][0]
            event["seq"], event["ts_exchange"], event["ts_receive"] = seq, text, text
            event["changes"] = [
                (side, price, size_of(product, seq, place))
                for place, (side, price, _) in enumerate(event["changes"])
            ]
        return self._made[:count]


def size_of(product: int, seq: int, place: int) -> str:
    """Return what a change sets, as ours has it too."""
    return f"0.{10_000_000 + (seq * 7_919 + product * 1_299_709 + place * 104_729) % 80_000_000}"


async def obey(messages: Messages, publish: Publish) -> None:
    """Do what standard input says until it ends."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        count, tick_ms, ticks = map(int, line.split())
        begin = time.monotonic()
        for number in range(ticks):
            await asyncio.sleep(max(0.0, begin + number * tick_ms / 1000 - time.monotonic()))
            await publish(messages.next(count))
        say("done")


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
