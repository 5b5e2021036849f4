"""A gateway's documents over HTTP, described: what `wire.gateway_http` must make."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledgerflux.core.terms import Interval
from ledgerflux.wire.gateway_control import Message, ProductId, Seq, Time
from ledgerflux.wire.gateway_messages import CandleEvent, Integrity, Level, State, TradeEvent

Depth = Literal["1", "10", "25", "50", "100", "500", "1000", "full"]
HttpCode = Literal[
    "bad_request",
    "not_found",
    "unknown_product",
    "invalid_param",
    "unsupported_depth",
    "unrecoverable_position",
    "upgrade_required",
    "throttled",
    "limit_connections",
    "origin_refused",
    "auth_required",
    "auth_failed",
    "token_expired",
    "forbidden",
    "not_ready",
    "overloaded",
]


class _Document(BaseModel):
    """Base of all; `schema` is its name."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    venue: str
    product_id: ProductId
    epoch: str


class BookDocument(_Document):
    """The best `depth` levels of each side at `seq`; apply level2 messages that continue it."""

    schema_name: Annotated[Literal["lf.book/1"], Field(alias="schema")]
    seq: Seq
    depth: Depth
    state: State
    integrity: Integrity
    integrity_rule: str
    ts_exchange: Time | None
    ts_receive: Time | None
    ts_publish: Time
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class TradeGap(Message):
    """Trades that the venue did not send, or nobody received; of it `missing` are known."""

    seq: Seq
    ts_receive: Time
    cause: str
    state: State
    detail: str = ""
    missing: int | None = None
    from_id: int | None = None
    to_id: int | None = None


class TradesDocument(_Document):
    """Each seq from `from_seq` to `to_seq` stands once in `data` or in `gaps`.

    `oldest_seq` to `newest_seq` is what may be asked for now.
    """

    schema_name: Annotated[Literal["lf.trades/1"], Field(alias="schema")]
    from_seq: Seq
    to_seq: Seq
    oldest_seq: Seq
    newest_seq: Seq
    data: tuple[TradeEvent, ...]
    gaps: tuple[TradeGap, ...]


class CandlesDocument(_Document):
    """The newest bars of one interval, oldest first, with all trades up to `seq`."""

    schema_name: Annotated[Literal["lf.candles/1"], Field(alias="schema")]
    interval: Interval
    seq: Seq
    data: tuple[CandleEvent, ...]


class Problem(BaseModel):
    """Why there is no answer; more keys may say more of it."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    code: HttpCode
    message: str
    retryable: bool
    retry_after_ms: Annotated[int, Field(ge=0)] | None


class ProblemDocument(Message):
    """The body of an error."""

    error: Problem
