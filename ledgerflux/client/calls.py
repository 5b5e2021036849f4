"""What a client asks its gateway about what it follows."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import msgspec

from ledgerflux.errors import GatewayError
from ledgerflux.wire.gateway_reading import Message, Place


class Holding(msgspec.Struct, frozen=True):
    """A stream that this connection follows.

    What was sent takes the client to `place` (None before a first book); `head` is where the
    stream is. `behind`: something was left out and will be told.
    """

    channel: str
    product_id: str
    depth: int | str | None
    conflate: str
    on_slow: str
    place: Place | None
    head: Place | None
    behind: bool


class Pattern(msgspec.Struct, frozen=True):
    """New products that match join."""

    channel: str
    pattern: str


class Beat(msgspec.Struct, frozen=True):
    """`heartbeats` or `system`; `product_ids` None: of all."""

    channel: str
    product_ids: tuple[str, ...] | None


class Holdings(msgspec.Struct, frozen=True):
    """Everything that this connection follows."""

    venue: str
    subscriptions: tuple[Holding, ...]
    patterns: tuple[Pattern, ...]
    beats: tuple[Beat, ...]


_holdings = msgspec.json.Decoder(Holdings)


class Calls(ABC):
    """Requests that follow or leave nothing; the part of a client that says and asks them."""

    _venue: str | None

    @abstractmethod
    async def _ask(self, method: str, params: dict[str, Any]) -> Message:
        """Return the answer to a request."""

    async def ping(self) -> Message:
        """Return the gateway's `pong`."""
        return await self._ask("ping", {})

    async def snapshot(self, products: Sequence[str] | None = None) -> tuple[str, ...]:
        """Have books that are followed sent again, with reason `requested`; return which.

        `products` are ids and patterns, None means all. One asked for too early is asked for
        again.

        Raises:
            GatewayError: Refused; `code` is the gateway's (`not_subscribed`).
        """
        named = ["*"] if products is None else list(products)
        params: dict[str, Any] = {"channel": "level2", "product_ids": named}
        if self._venue is not None:
            params["venue"] = self._venue
        answer = await self._ask("snapshot", params)
        return tuple(answer.product_ids)

    async def control(self, action: str, **params: Any) -> Message:
        """Control the stack: `pause`, `resume`, `speed`, `step`, `seek`, or `restart` a service.

        `params` are those of the protocol: `speed`, `count`, `to_ms`, `at_ms`, `by_ms`, `service`.
        The answer's `replay` says how far the exchange is.

        Raises:
            GatewayError: Refused; `code` is the gateway's (`control_refused`, `cannot_seek`,
                `no_exchange`, `unknown_service`, `unavailable`, `invalid_param`).
        """
        return await self._ask("control", {"action": action, **params})

    async def subscriptions(self) -> Holdings:
        """Return everything that this connection follows, and where each stream stands.

        Raises:
            GatewayError: The answer can't be read (`protocol_error`).
        """
        answer = await self._ask("subscriptions", {})
        try:
            return _holdings.decode(answer.raw)
        except msgspec.DecodeError as error:
            text = f"what is followed can't be read: {error}"
            raise GatewayError(text, code="protocol_error") from error
