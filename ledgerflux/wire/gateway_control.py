"""Messages of a gateway that belong to one connection, described; see `wire.gateway_messages`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledgerflux.core.terms import Conflation, Depth, Interval
from ledgerflux.wire.status import ReplayStatus

Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")]
"""RFC 3339 UTC with nine decimals."""
Seq = Annotated[int, Field(ge=0, lt=2**53)]
ProductId = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,20}(-[A-Z0-9]{1,20}){1,3}$")]
Pattern = Annotated[str, Field(pattern=r"^[A-Z0-9-]*\*[A-Z0-9*-]*$", max_length=64)]
"""An id in which `*` stands for any text."""
Channel = Literal["level2", "trades", "ticker", "status", "candles"]
"""Of a product."""
RequestId = int | Annotated[str, Field(max_length=36)] | None
OnSlow = Literal["snapshot", "gap", "disconnect"]
Code = Literal[
    "bad_json",
    "bad_request",
    "unknown_method",
    "unknown_channel",
    "unknown_venue",
    "unknown_product",
    "invalid_param",
    "unsupported_depth",
    "unsupported_conflate",
    "already_subscribed",
    "not_subscribed",
    "limit_subscriptions",
    "throttled",
    "protocol_error",
    "not_ready",
    "idle",
    "slow_consumer",
    "auth_required",
    "auth_failed",
    "auth_timeout",
    "token_expired",
    "forbidden",
    "control_refused",
    "cannot_seek",
    "no_exchange",
    "unknown_service",
    "unavailable",
]


class Message(BaseModel):
    """Base of all."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LimitsMessage(Message):
    """What a connection may use; sizes in bytes, times in their unit."""

    message_bytes_max: int
    requests_per_s: int
    requests_burst: int
    refusals_max: int
    faults_max: int
    connections_per_address: int
    connects_per_s: int
    connects_burst: int
    address_requests_per_s: int
    address_requests_burst: int
    subscriptions_max: int
    patterns_max: int
    snapshots_per_min: int
    snapshot_every_s: int
    clients_max: int
    first_subscribe_s: int
    slow_after_s: int
    outbox_bytes: int
    outbox_drained_bytes: int
    waiting_bytes_max: int
    ping_interval_s: int
    ping_timeout_s: int
    lifetime_s: int
    reconnect_spread_ms: int


class Welcome(Message):
    """First message of a connection. `source` says where the data come from.

    `system` is `online` while the whole stack is healthy. The gateway sends a WebSocket ping
    every `ping_interval_ms`.
    """

    type: Literal["welcome"]
    protocol: Literal["lfx.v1"]
    connection_id: str
    server: str
    time: Time
    venue: str
    source: str
    auth_required: bool
    system: Literal["online", "degraded"]
    ping_interval_ms: int
    limits: LimitsMessage


class Place(Message):
    """Where a stream stands for this client: its next message continues `seq`."""

    epoch: str
    seq: Seq


class Answer(Message):
    """Base of what answers a granted request; without a request ids and times are null."""

    req_id: RequestId
    success: Literal[True]
    time_in: Time | None
    time_out: Time | None


class Subscribed(Answer):
    """A subscription begins; always before its data.

    New products that match one of `patterns` will join; `pattern` is the only one of them, if
    there is but one. `resume` are tokens of `streams`; `recovered` says of what was to be
    gone on with whether nothing is missing, and `via` how. `warnings` say what is odd about
    what was granted.
    """

    type: Literal["subscribed"]
    channel: Channel | Literal["heartbeats", "system"]
    venue: str
    product_ids: tuple[ProductId, ...]
    pattern: Pattern | None
    patterns: tuple[Pattern, ...]
    depth: Depth | None
    conflate: Conflation
    interval: Interval | None = None
    on_slow: OnSlow | None
    streams: dict[ProductId, Place]
    resume: dict[ProductId, str]
    recovered: dict[ProductId, bool]
    via: dict[ProductId, Literal["replay", "snapshot"]]
    warnings: tuple[str, ...]


class Unsubscribed(Answer):
    """A subscription ended; no data of it after this."""

    type: Literal["unsubscribed"]
    channel: Channel | Literal["heartbeats", "system"]
    product_ids: tuple[ProductId, ...]


class StreamHeld(Message):
    """A stream followed. `place` is where everything sent before this takes you, `head` the end.

    `place` is null before a first book; `behind`: something was left out and will be told.
    """

    channel: Channel
    product_id: ProductId
    depth: Depth | None
    conflate: Conflation
    interval: Interval | None = None
    on_slow: OnSlow
    place: Place | None
    head: Place
    behind: bool


class PatternHeld(Message):
    """New products that match join."""

    channel: Channel
    pattern: Pattern


class BeatHeld(Message):
    """heartbeats or system; `product_ids` null for all."""

    channel: Literal["heartbeats", "system"]
    product_ids: tuple[ProductId | Pattern, ...] | None


class Subscriptions(Answer):
    """Everything this connection follows."""

    type: Literal["subscriptions"]
    venue: str
    subscriptions: tuple[StreamHeld, ...]
    patterns: tuple[PatternHeld, ...]
    beats: tuple[BeatHeld, ...]


class Requested(Answer):
    """Fresh snapshots of these follow, with reason `requested` or for why they were due anyway."""

    type: Literal["requested"]
    channel: Literal["level2"]
    product_ids: tuple[ProductId, ...]


class Authenticated(Answer):
    """Answer to `auth`: whose token it was, and what may be followed until when."""

    type: Literal["authenticated"]
    subject: str
    products: tuple[str, ...]
    channels: tuple[str, ...]
    expires_at: Time | None


class Controlled(Answer):
    """Answer to `control`: how far the exchange is now, or which process is started anew.

    `pid` is that of the one that ends, null where there was none.
    """

    type: Literal["controlled"]
    action: Literal["pause", "resume", "speed", "step", "seek", "restart"]
    replay: ReplayStatus | None
    service: str | None
    pid: int | None


class Pong(Answer):
    """Answer to `ping`."""

    type: Literal["pong"]
    nonce: RequestId


class ErrorMessage(Message):
    """A request failed (`req_id`, where it had one), or the connection is about to end."""

    type: Literal["error"]
    req_id: RequestId
    success: Literal[False]
    code: Code
    message: str
    retryable: bool
    retry_after_ms: Annotated[int, Field(ge=0)] | None
    product_ids: tuple[str, ...]


class Goodbye(Message):
    """The last message before the gateway closes with `code`.

    Come back, to this gateway or another, after `reconnect_after_ms`: it is drawn for each
    client. Null where `reconnect` is false: the same client would be closed again. `resume` are
    tokens of where everything sent takes it, none of what was not sent to its end.
    """

    type: Literal["goodbye"]
    code: Literal[1003, 1012, 4000, 4002, 4003, 4004, 4500, 4501, 4502, 4505]
    reason: str
    reconnect: bool
    reconnect_after_ms: Annotated[int, Field(ge=0)] | None
    resume: dict[Channel, dict[ProductId, str]]


class ThrottledMessage(Message):
    """Something is being refused or left out, or (`ended`) no longer.

    `dropped` requests were refused, or messages of streams left out, since it began; what
    was left out is told by gaps. `refusals_left` more refusals in a row close with 4002.
    """

    type: Literal["throttled"]
    scope: Literal["requests", "output"]
    mode: Literal["refusing", "skipping", "ended"]
    dropped: Annotated[int, Field(ge=0)]
    retry_after_ms: Annotated[int, Field(ge=0)] | None
    refusals_left: Annotated[int, Field(ge=0)] | None
