"""What was asked for: frozen, checked, the same words as flags and `LF_*` variables.

A value comes from a flag, else from `LF_<NAME>`, else from the default here; the
command line resolves that, these models check it.
"""

import re
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ledgerflux.core.sharding import PARTITIONS
from ledgerflux.model.product import is_product_id

DEFAULT_PRODUCTS = (
    "BTC-USD",
    "ETH-USD",
    "SOL-USD",
    "XRP-USD",
    "ADA-USD",
    "DOGE-USD",
    "LTC-USD",
    "AVAX-USD",
)
"""With four shards, each holds two of them."""
DEFAULT_SOURCE = "synthetic:200"
DEFAULT_RATE = 200
DEFAULT_SHARDS = 4
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
LIVE_SOURCES = ("coinbase-advanced", "coinbase-exchange")
ROLES = ("exchange", "ingest", "normalize", "snapshot", "gateway")
SERVERS = ("nats", "postgres")

Role = Literal["exchange", "ingest", "normalize", "snapshot", "gateway"]
Durability = Literal["process", "disk"]
AtEnd = Literal["hold", "exit", "loop"]
LogLevel = Literal["debug", "info", "warning", "error"]

_SYNTHETIC = re.compile(r"synthetic(?::([1-9][0-9]{0,5}))?", re.ASCII)


class Source(NamedTuple):
    """A source, read: `rate` (messages a second) for synthetic, `path` for replay."""

    kind: str
    rate: int = 0
    path: str = ""

    @property
    def needs_exchange(self) -> bool:
        """Say whether the exchange role serves it."""
        return self.kind in ("synthetic", "replay")


def parse_source(text: str) -> Source:
    """Read `auto`, `coinbase-advanced`, `coinbase-exchange`, `replay:FILE`, `synthetic[:RATE]`.

    Raises:
        ValueError: It is none of them.
    """
    if text == "auto" or text in LIVE_SOURCES:
        return Source(text)
    if text.startswith("replay:") and len(text) > len("replay:"):
        return Source("replay", path=text.removeprefix("replay:"))
    if match := _SYNTHETIC.fullmatch(text):
        return Source("synthetic", rate=int(match[1] or DEFAULT_RATE))
    raise ValueError(
        f"{text!r} is no source: auto, {', '.join(LIVE_SOURCES)}, replay:FILE or synthetic[:RATE]"
    )


def _checked_source(text: str) -> str:
    parse_source(text)
    return text


def _checked_products(products: tuple[str, ...]) -> tuple[str, ...]:
    for product in products:
        if not is_product_id(product):
            raise ValueError(f"{product!r} is no product id such as BTC-USD")
    if len(set(products)) != len(products):
        raise ValueError("a product is named twice")
    return products


SourceText = Annotated[str, AfterValidator(_checked_source)]
Products = Annotated[tuple[str, ...], AfterValidator(_checked_products), Field(min_length=1)]
Speed = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] | Literal["max"]
"""Market seconds per second; `max` leaves the pauses out."""
Port = Annotated[int, Field(ge=0, le=65535)]
Shards = Annotated[int, Field(ge=1, le=PARTITIONS)]


class Settings(BaseModel):
    """Base of all: frozen, unknown keys are errors."""

    # Each process uses one of the models: the others need not be built.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class UpRequest(Settings):
    """What `lf up` was asked for.

    Attributes:
        source: Where frames come from, as `parse_source` reads it.
        products: Product ids, in the order asked for.
        shards: How many normalizers.
        services: What to start, with what that needs; empty means everything.
        speed: Pace of the exchange role.
        paused: The exchange waits for `lf replay start`.
        at_end: What the exchange does when a recording ends.
        host: The address the gateway listens on.
        port: The gateway's port; None: 8000, or the next free one.
        durability: `process` survives the death of any process, `disk` a power cut.
        target: Where the stack runs.
    """

    source: SourceText = DEFAULT_SOURCE
    products: Products = DEFAULT_PRODUCTS
    shards: Shards = DEFAULT_SHARDS
    services: tuple[str, ...] = ()
    speed: Speed = 1.0
    paused: bool = False
    at_end: AtEnd = "hold"
    host: str = DEFAULT_HOST
    port: Port | None = None
    durability: Durability = "process"
    target: Literal["local"] = "local"


class RoleSettings(Settings):
    """What one role process was asked for; a role reads the options that are its own.

    Attributes:
        data_dir: The stack's directory.
        nats_url: `nats://host:port`, without user and password.
        postgres_dsn: A libpq connection string; None where the stack has no Postgres.
        http_port: Where `/metrics`, `/health` and `/ready` are; 0 picks a free port.
        take_over: Start although another instance of this name seems alive.
        instance: Names this process among those of its role, in its health key.
        source: Frames of ingest and exchange.
        shard: The normalizer's number, below `shards`.
        host: Address of the gateway.
        port: Port of the gateway; 0 picks a free one.
        speed: Pace of the exchange.
        paused: The exchange waits for `lf replay start`.
        at_end: What the exchange does when a recording ends.
    """

    data_dir: Path
    nats_url: str
    nats_user: str | None = None
    nats_password: str | None = Field(default=None, repr=False)
    postgres_dsn: str | None = Field(default=None, repr=False)
    http_port: Port = 0
    log_level: LogLevel = "info"
    take_over: bool = False
    instance: str = Field(default="0", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    source: SourceText = DEFAULT_SOURCE
    products: Products = DEFAULT_PRODUCTS
    shard: int = Field(default=0, ge=0)
    shards: Shards = DEFAULT_SHARDS
    host: str = DEFAULT_HOST
    port: Port = DEFAULT_PORT
    speed: Speed = 1.0
    paused: bool = False
    at_end: AtEnd = "hold"

    @model_validator(mode="after")
    def _shard_exists(self) -> Self:
        if self.shard >= self.shards:
            raise ValueError(f"shard {self.shard} of {self.shards}: shards count from 0")
        return self
