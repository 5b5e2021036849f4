"""What clients may ask, read from text: a request, or the reason it is none.

Text that is not a request never raises: it is answered. Only what works is accepted;
anything else is refused by name, never ignored.
"""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledgerflux.core.credentials import TOKEN_CHARS_MAX
from ledgerflux.core.patterns import EVERYTHING, is_pattern, is_safe
from ledgerflux.core.request_desk import Refusal
from ledgerflux.core.resume_token import TOKEN_MAX
from ledgerflux.core.snapshot import Position
from ledgerflux.core.terms import (
    DEPTH_DEFAULT,
    INTERVAL_DEFAULT,
    Conflation,
    Depth,
    Interval,
    Terms,
)
from ledgerflux.wire.replay import MS_MAX, SPEED_MAX, SPEED_MIN, STEP_MAX

PRODUCTS_MAX = 500

ChannelText = Literal["level2", "trades", "ticker", "status", "candles", "heartbeats", "system"]
WHOLE_MAX = 2**53
"""Past it other languages lose digits: an id would not come back as it was."""
RequestId = (
    Annotated[int, Field(ge=-WHOLE_MAX, le=WHOLE_MAX)] | Annotated[str, Field(max_length=36)] | None
)
Milliseconds = Annotated[int, Field(ge=-MS_MAX, le=MS_MAX)]
ProductText = Annotated[str, Field(max_length=64)]


class Params(BaseModel):
    """Base of the parameters of a request."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PointParams(Params):
    """Where a client is in a stream."""

    epoch: Annotated[str, Field(min_length=1, max_length=200)]
    seq: Annotated[int, Field(ge=0, lt=WHOLE_MAX)]


class SubscribeParams(Params):
    """`product_ids` are exact ids and patterns with `*`; heartbeats and system need none.

    `depth` (level2) counts levels of each side; `conflate` is how often level2 or ticker are told;
    `interval` is how long a candle is, a minute without it.
    `resume` says by product where to go on, in messages or (`auto`) by a book that is shorter.
    """

    channel: ChannelText
    product_ids: (
        Annotated[list[ProductText], Field(min_length=1, max_length=PRODUCTS_MAX)] | None
    ) = None
    venue: ProductText | None = None
    snapshot: bool = True
    depth: Depth | None = None
    conflate: Conflation = "none"
    interval: Interval | None = None
    on_slow: Literal["snapshot", "gap", "disconnect"] | None = None
    resume: (
        Annotated[
            dict[ProductText, Annotated[str, Field(max_length=TOKEN_MAX)] | PointParams],
            Field(max_length=PRODUCTS_MAX),
        ]
        | None
    ) = None
    resume_mode: Literal["auto", "strict"] = "auto"

    @property
    def places(self) -> dict[str, str | Position]:
        """Return where to go on, as tokens or places."""
        return {
            product: Position(place.epoch, place.seq) if isinstance(place, PointParams) else place
            for product, place in (self.resume or {}).items()
        }

    @property
    def terms(self) -> Terms:
        """Return how much of the streams is asked for."""
        if self.channel == "candles":
            return Terms(interval=self.interval or INTERVAL_DEFAULT)
        if self.channel != "level2":
            return Terms("full", self.conflate)
        return Terms(DEPTH_DEFAULT if self.depth is None else self.depth, self.conflate)


class UnsubscribeParams(Params):
    """Leave these products of a channel, and what patterns match; `*` for all of it."""

    channel: ChannelText
    product_ids: (
        Annotated[list[ProductText], Field(min_length=1, max_length=PRODUCTS_MAX)] | None
    ) = None
    venue: ProductText | None = None


class SnapshotParams(Params):
    """Send the books of these products again, and of what patterns match; `*` for all."""

    channel: ChannelText
    product_ids: Annotated[list[ProductText], Field(min_length=1, max_length=PRODUCTS_MAX)]
    venue: ProductText | None = None


class SubscriptionsParams(Params):
    """Nothing is asked for but the list."""


class PingParams(Params):
    """`nonce` comes back."""

    nonce: RequestId = None


class AuthParams(Params):
    """Show a token: a key, at first or anew before it expires."""

    token: Annotated[str, Field(max_length=TOKEN_CHARS_MAX, repr=False)]


class ControlParams(Params):
    """Control the stack: its exchange, or (`restart`) one of its services.

    `speed` belongs to `speed`, `count` (1 without it) to `step`, `service` to `restart`; `seek` has
    one of `to_ms` (a time of the recording, since 1970 UTC), `at_ms` (from its beginning) and
    `by_ms` (from here).
    """

    action: Literal["pause", "resume", "speed", "step", "seek", "restart"]
    speed: Annotated[float, Field(ge=SPEED_MIN, le=SPEED_MAX)] | Literal["max"] | None = None
    count: Annotated[int, Field(ge=1, le=STEP_MAX)] | None = None
    to_ms: Milliseconds | None = None
    at_ms: Milliseconds | None = None
    by_ms: Milliseconds | None = None
    service: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class _Envelope(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    method: str
    params: dict[str, Any] = {}
    req_id: RequestId = None


PlainParams = SubscriptionsParams | PingParams | AuthParams | ControlParams
"""Of requests that name no products."""
AnyParams = SubscribeParams | UnsubscribeParams | SnapshotParams | PlainParams


class GatewayRequest(NamedTuple):
    """One request and its id."""

    params: AnyParams
    req_id: RequestId

    @property
    def venue(self) -> str | None:
        """Return the venue asked for, None for any."""
        if isinstance(self.params, PlainParams):
            return None
        return self.params.venue

    @property
    def products(self) -> list[str] | None:
        """Return the ids and patterns asked for, None for all."""
        if isinstance(self.params, PlainParams):
            return None
        asked = self.params.product_ids
        return None if asked == [EVERYTHING] else asked


class BadRequest(NamedTuple):
    """Why a text is no request, and the id it had if that could be read."""

    refusal: Refusal
    req_id: RequestId


METHODS: dict[str, type[AnyParams]] = {
    "subscribe": SubscribeParams,
    "unsubscribe": UnsubscribeParams,
    "subscriptions": SubscriptionsParams,
    "snapshot": SnapshotParams,
    "ping": PingParams,
    "auth": AuthParams,
    "control": ControlParams,
}
_CONTROL_PARAMS: dict[str, set[str]] = {
    "pause": set(),
    "resume": set(),
    "speed": {"speed"},
    "step": {"count"},
    "seek": {"to_ms", "at_ms", "by_ms"},
    "restart": {"service"},
}
_NEED_PRODUCTS = ("level2", "trades", "ticker", "status", "candles")
_CONFLATED = ("level2", "ticker")
_CODES = {
    "channel": "unknown_channel",
    "depth": "unsupported_depth",
    "conflate": "unsupported_conflate",
}


def parse_request(text: str) -> GatewayRequest | BadRequest:
    """Read one message of a client."""
    try:
        envelope = _Envelope.model_validate_json(text)
    except ValidationError as error:
        return BadRequest(_not_an_envelope(error), None)
    params = METHODS.get(envelope.method)
    if params is None:
        known = ", ".join(METHODS)
        refusal = Refusal("unknown_method", f"methods: {known}")
        return BadRequest(refusal, envelope.req_id)
    try:
        request = GatewayRequest(params.model_validate(envelope.params), envelope.req_id)
    except ValidationError as error:
        return BadRequest(_bad_params(error), envelope.req_id)
    refusal_or_none = _not_granted(request)
    if refusal_or_none is not None:
        return BadRequest(refusal_or_none, envelope.req_id)
    return request


def _terms_refused(params: SubscribeParams) -> Refusal | None:
    channel, conflate = params.channel, params.conflate
    if params.depth is not None and channel != "level2":
        return Refusal("invalid_param", "depth: only level2 has one")
    if params.interval is not None and channel != "candles":
        return Refusal("invalid_param", "interval: only candles have one")
    if conflate != "none" and channel == "candles":
        return Refusal("unsupported_conflate", "conflate: candles are told once a second")
    if conflate != "none" and channel not in _CONFLATED:
        return Refusal("unsupported_conflate", f"conflate: {channel} is told event by event")
    if conflate == "latest" and params.depth == "full":
        return Refusal("unsupported_depth", 'depth: "latest" needs a number of levels')
    return None


def _resume_refused(params: SubscribeParams) -> Refusal | None:
    if params.resume is None:
        given = "resume_mode" in params.model_fields_set
        return Refusal("invalid_param", "resume_mode: there is no resume") if given else None
    if params.channel not in _NEED_PRODUCTS:
        return Refusal("invalid_param", f"resume: {params.channel} has nothing to go on with")
    return None


def _control_refused(params: ControlParams) -> Refusal | None:
    wanted = _CONTROL_PARAMS[params.action]
    given = params.model_fields_set - {"action"}
    if given - wanted:
        return Refusal(
            "invalid_param", f"{params.action} has no {', '.join(sorted(given - wanted))}"
        )
    if params.action in ("speed", "seek", "restart") and len(given) != 1:
        return Refusal("invalid_param", f"{params.action}: one of {', '.join(sorted(wanted))}")
    return None


def _not_an_envelope(error: ValidationError) -> Refusal:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return Refusal("bad_json", "a message is one JSON object")
    where = ".".join(str(key) for key in first["loc"]) or "message"
    shape = 'a request is {"method":...,"params":{...},"req_id":...}'
    return Refusal("bad_request", f"{where[:64]}: {first['msg']}; {shape}")


def _bad_params(error: ValidationError) -> Refusal:
    found = error.errors(include_url=False, include_input=False)
    unknown = [str(item["loc"][0])[:64] for item in found if item["type"] == "extra_forbidden"]
    if unknown:
        return Refusal("invalid_param", f"unknown: {', '.join(unknown[:8])}")
    first = found[0]
    name = str(first["loc"][0])
    return Refusal(_CODES.get(name, "invalid_param"), f"{name}: {first['msg']}")


def _not_granted(request: GatewayRequest) -> Refusal | None:
    params = request.params
    if isinstance(params, ControlParams):
        return _control_refused(params)
    if isinstance(params, PlainParams):
        return None
    asked = params.product_ids
    if isinstance(params, SubscribeParams) and params.on_slow is not None:
        if params.channel not in _NEED_PRODUCTS:
            return Refusal("invalid_param", f"on_slow: {params.channel} is left out where slow")
        if (params.channel, params.on_slow) == ("trades", "snapshot"):
            return Refusal("invalid_param", "on_slow: trades have no snapshot; gap or disconnect")
    if asked is None and params.channel in _NEED_PRODUCTS:
        return Refusal("invalid_param", 'product_ids: ids of products, or patterns such as "*-USD"')
    unsafe = [text for text in asked or () if is_pattern(text) and not is_safe(text)]
    if unsafe:
        return Refusal("invalid_param", "product_ids: a pattern is made of A-Z, 0-9, - and *")
    if isinstance(params, SubscribeParams) and (refusal := _resume_refused(params)) is not None:
        return refusal
    if isinstance(params, SubscribeParams) and (refusal := _terms_refused(params)) is not None:
        return refusal
    if params.channel == "system" and asked not in (None, [EVERYTHING]):
        return Refusal("invalid_param", "product_ids: system has no products")
    return None
