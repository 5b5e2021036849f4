"""Asks the monitoring port of a NATS server how it is."""

import asyncio
import json
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from ledgerflux.core.nats_state import NatsState, read_state
from ledgerflux.errors import BusError, ConfigError

TIMEOUT_S = 2.0
ANSWER_BYTES_MAX = 8 * 1024 * 1024


class NatsMonitor:
    """One server's monitoring port, such as `http://nats:8222`."""

    def __init__(self, url: str) -> None:
        if urlsplit(url).scheme != "http" or not urlsplit(url).hostname:
            raise ConfigError(
                f"{url!r} is no address of a NATS monitoring port",
                try_next=["LF_NATS_MONITOR_URL=http://127.0.0.1:8222"],
            )
        self._url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    async def __call__(self) -> NatsState:
        """Return how the server is now.

        Raises:
            BusError: It does not answer, or what answers is no such server.
        """
        return await asyncio.to_thread(self._ask)

    def _ask(self) -> NatsState:
        return read_state(self._get("/varz"), self._get("/jsz?streams=true&config=true"))

    def _get(self, path: str) -> Any:
        try:
            with self._opener.open(self._url + path, timeout=TIMEOUT_S) as answer:
                return json.loads(answer.read(ANSWER_BYTES_MAX))
        except (OSError, ValueError) as error:
            raise BusError(f"{self._url}{path} does not answer: {error}") from error
