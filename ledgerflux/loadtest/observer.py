"""The stack under load as it says it is: processor time of each role, rate, heads, problems."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from ledgerflux.client.addresses import get_json
from ledgerflux.errors import GatewayError
from ledgerflux.wire.gateway_reading import Place

EVERY_S = 1.0
EVERY_MIN_S = 0.05
LOOKS_MIN = 6
HEADS_TIMEOUT_S = 2.0
HEADS_POLL_S = 0.1
HEADED = ("level2", "trades")
"""Channels of which a status tells how far they reach."""


class RoleUsage(NamedTuple):
    """One process in the measured time: shares of a core, most bytes, restarts."""

    name: str
    cpu_mean: float
    cpu_max: float
    rss_bytes_max: int
    restarts: int


class _Sample(NamedTuple):
    time_ns: int
    status: Mapping[str, Any]


class Observer:
    """Asks `/v1/status` of the gateway at `url` until cancelled, `LOOKS_MIN` times or more.

    In the measured time, from `from_ns` to `until_ns`, once a second or more often. Bounded:
    it keeps one sample for each of these looks.
    """

    def __init__(self, url: str, from_ns: int, until_ns: int) -> None:
        self._url = url
        self._from_ns = from_ns
        self._until_ns = until_ns
        self._every_s = max(EVERY_MIN_S, min(EVERY_S, (until_ns - from_ns) / 1e9 / LOOKS_MIN))
        self._samples: list[_Sample] = []
        self.newest: Mapping[str, Any] | None = None

    async def run(self) -> None:
        """Ask until cancelled; a gateway that does not answer now may do so later."""
        while True:
            await self.look()
            await asyncio.sleep(self._every_s)

    async def look(self) -> Mapping[str, Any] | None:
        """Return the status now, None where no gateway answers."""
        try:
            status: Mapping[str, Any] = await asyncio.to_thread(get_json, self._url, "/v1/status")
        except GatewayError:
            self.newest = None
            return None
        self.newest = status
        now_ns = time.monotonic_ns()
        if self._from_ns <= now_ns <= self._until_ns:
            self._samples.append(_Sample(now_ns, status))
        return status

    async def heads(self) -> dict[str, dict[str, Place]]:
        """Return where the streams stand now, by channel and product."""
        deadline = time.monotonic() + HEADS_TIMEOUT_S
        status = await self.look()
        while status is None and time.monotonic() < deadline:
            await asyncio.sleep(HEADS_POLL_S)
            status = await self.look()
        if status is None:
            return {}
        return {
            channel: {
                product: Place(head["epoch"], head[channel])
                for product, head in status["heads"].items()
            }
            for channel in HEADED
        }

    def held_rate(self) -> float | None:
        """Return frames a second of the source in the measured time; None if unknown."""
        if len(self._samples) < 2:
            return None
        first, last = self._samples[0], self._samples[-1]
        seconds = (last.time_ns - first.time_ns) / 1e9
        return (_sent(last.status) - _sent(first.status)) / seconds

    def usage(self) -> list[RoleUsage]:
        """Return what each process of the stack used."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for sample in self._samples:
            for service in sample.status["services"]:
                found.setdefault(service["name"], []).append(service)
        return [
            RoleUsage(
                name,
                sum(row["cpu"] for row in rows) / len(rows),
                max(row["cpu"] for row in rows),
                max(row["rss_bytes"] for row in rows),
                rows[-1]["restarts"],
            )
            for name, rows in found.items()
        ]

    def problems(self) -> list[str]:
        """Return what the stack said was wrong with it in the measured time, each once."""
        said = (text for sample in self._samples for text in sample.status["problems"])
        return list(dict.fromkeys(said))


def _sent(status: Mapping[str, Any]) -> int:
    counts = status["counts"]
    return int(counts["exchange_sent"] or counts["raw_frames"])
