"""Every setting, once: its type, its bounds, its unit, its default.

The key in a file, the flag and the variable are one word: `at_end`, `--at-end`, `LF_AT_END`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from ledgerflux.core.networks import read_network
from ledgerflux.core.origins import read_origin
from ledgerflux.core.sharding import PARTITIONS
from ledgerflux.model.product import is_product_id
from ledgerflux.settings import (
    DEFAULT_HOST,
    DEFAULT_PRODUCTS,
    DEFAULT_SHARDS,
    DEFAULT_SOURCE,
    DEFAULT_WAIT,
    AtEnd,
    Durability,
    LogLevel,
    parse_duration,
    parse_source,
)


def _checked_source(text: str) -> str:
    parse_source(text)
    return text


def _checked_duration(text: str) -> str:
    parse_duration(text)
    return text


def _split(value: object) -> object:
    """Take `A,B` for a list of ids; upper case either way."""
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list | tuple):
        return value
    upper = [word.strip().upper() if isinstance(word, str) else word for word in words]
    return [word for word in upper if word != ""]


def _checked_products(products: tuple[str, ...]) -> tuple[str, ...]:
    for product in products:
        if not is_product_id(product):
            raise ValueError(f"{product!r} is no product id such as BTC-USD")
    if len(set(products)) != len(products):
        raise ValueError("a product is named twice")
    return products


def _words(value: object) -> object:
    """Take `A,B` for a list."""
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list | tuple):
        return value
    stripped = [word.strip() if isinstance(word, str) else word for word in words]
    return [word for word in stripped if word != ""]


def _each(read: Callable[[str], str]) -> AfterValidator:
    """Have `read` check every text of a list, and say it in its one form."""

    def checked(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(read, texts))

    return AfterValidator(checked)


SourceText = Annotated[str, AfterValidator(_checked_source)]
Products = Annotated[
    tuple[str, ...],
    BeforeValidator(_split),
    Field(min_length=1),
    AfterValidator(_checked_products),
]
Origins = Annotated[tuple[str, ...], BeforeValidator(_words), _each(read_origin)]
Networks = Annotated[tuple[str, ...], BeforeValidator(_words), _each(read_network)]
Pace = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] | Literal["max"]
Port = Annotated[int, Field(ge=0, le=65535)]
Shards = Annotated[int, Field(ge=1, le=PARTITIONS)]
GATEWAYS_MAX = 16
"""Each takes a core of its own where it has work."""
Gateways = Annotated[int, Field(ge=1, le=GATEWAYS_MAX)]
Duration = Annotated[str, AfterValidator(_checked_duration)]


def secret(text: str) -> Any:
    """Describe a field that may hold a password."""
    return Field(default=None, description=text, repr=False, json_schema_extra={"secret": True})


class Settings(BaseModel):
    """All settings; each command reads those that are its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path | None = Field(
        None, description="The stack's directory; default $XDG_STATE_HOME/ledgerflux/default."
    )
    gateway: str | None = Field(
        None, description="URL of a gateway elsewhere, such as http://host:8000."
    )
    source: SourceText = Field(
        DEFAULT_SOURCE,
        description="auto, coinbase-advanced, coinbase-exchange, replay:FILE or synthetic[:RATE] "
        "(messages a second).",
    )
    products: Products = Field(
        DEFAULT_PRODUCTS, description="Products to take, as ids such as BTC-USD."
    )
    shards: Shards = Field(DEFAULT_SHARDS, description="Normalizers.")
    gateways: Gateways = Field(
        1, description="Gateways, each a process that serves everything on a port of its own."
    )
    speed: Pace = Field(
        1.0,
        description="Pace of a replay or of the synthetic market, market seconds per second; "
        "max leaves the pauses out.",
    )
    paused: bool = Field(False, description="Hold the source until `lf replay start`.")
    at_end: AtEnd = Field(
        "hold", description="When a recording ends: keep the books, end, or begin again."
    )
    host: str = Field(DEFAULT_HOST, description="Address the gateway listens on.")
    port: Port | None = Field(
        None,
        description="Port of the gateway, the first of several; default 8000 or the next free one, "
        "0: any.",
    )
    workers: Gateways = Field(
        1, description="Gateways of `lf run gateway`, each a process, that share its port."
    )
    insecure_public: bool = Field(
        False,
        description="Let the gateway listen to other machines without TLS: who is on the way "
        "reads along, and everybody may come in.",
    )
    read_only: bool = Field(
        False, description="Let nobody control the stack through the gateway, nor from `lf tui`."
    )
    tls_cert: Path | None = Field(
        None, description="PEM file of the gateway's certificate, and of what signed it."
    )
    tls_key: Path | None = Field(
        None, description="PEM file of the certificate's key, without a passphrase."
    )
    keys_file: Path | None = Field(
        None,
        description="File of API keys, made by `lf token create`: only who shows one may ask the "
        "gateway.",
    )
    token_file: Path | None = Field(
        None, description="File that holds the API key, or token (JWT), to show a gateway."
    )
    jwt_keys: Path | None = Field(
        None,
        description="PEM file of the public key, or JWKS, of who signs tokens (JWT): who shows "
        "one may ask the gateway, as who shows an API key.",
    )
    jwt_issuer: str | None = Field(
        None, min_length=1, description="What `iss` of a token (JWT) must be; default: anything."
    )
    jwt_audience: str | None = Field(
        None,
        min_length=1,
        description="What `aud` of a token (JWT) must name; default: it must have none.",
    )
    jwt_signing_key: Path | None = Field(
        None,
        description="PEM file of the private key, or JWKS, that `lf token create` signs with.",
    )
    origins: Origins = Field(
        (),
        description="Origins of pages that may speak to the gateway beside its own, such as "
        "https://example.com.",
    )
    shared_networks: Networks = Field(
        (),
        description="Networks, such as 10.0.0.0/8, whose addresses stand for many clients of the "
        "gateway (a proxy, NAT, a container's published port): they have no bound of their own, "
        "as this machine's have none.",
    )
    gateway_ca: Path | None = Field(
        None,
        description="PEM file of what must have signed the certificate of a gateway elsewhere; "
        "default: what this machine trusts.",
    )
    durability: Durability = Field(
        "process",
        description="What acknowledged data survives: any process's death, or a power cut.",
    )
    target: Literal["local", "compose", "minikube"] = Field(
        "local", description="Where the stack runs."
    )
    wait_timeout: Duration = Field(
        DEFAULT_WAIT, description="How long `lf up` may take: 500ms, 10s, 2m, 1h."
    )
    timeout: Duration = Field(
        DEFAULT_WAIT, description="How long `lf wait` waits: 500ms, 10s, 2m, 1h."
    )
    log_level: LogLevel = Field("info", description="What is worth a line in a role's log.")
    nats_url: str | None = secret(
        "nats://user:password@host:port for a role by hand; default: the stack's own."
    )
    postgres_dsn: str | None = secret(
        "Connection string for a snapshot role by hand; default: the stack's own."
    )
    nats_password_file: Path | None = Field(
        None, description="File with the password of the user that `nats_url` names."
    )
    postgres_password_file: Path | None = Field(
        None, description="File with the password of the user that `postgres_dsn` names."
    )
    nats_monitor_url: str | None = Field(
        None,
        pattern=r"^http://[^/@\s]+/?$",
        description="Monitoring port of the NATS server, such as http://127.0.0.1:8222, that the "
        "snapshot role looks at for /metrics; default: none.",
    )
    http_host: str = Field(
        DEFAULT_HOST, description="Address of a role's /metrics, /health and /ready."
    )
    http_port: Port = Field(
        0, description="Port of a role's /metrics, /health and /ready; 0 takes a free one."
    )
    exchange_host: str = Field(DEFAULT_HOST, description="Address the exchange listens on.")
    exchange_port: Port = Field(
        0, description="Port the exchange listens on; 0 takes a free one, the same after a restart."
    )
    advertise: str | None = Field(
        None,
        pattern=r"^wss?://[^/\s]+/$",
        description="Where ingest finds the exchange, such as ws://exchange:9000/; default: where "
        "it listens.",
    )
    instance: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="Name among the processes of a role; default 0, or the shard.",
    )
    shard: int | None = Field(None, ge=0, description="Number of a normalizer, below `shards`.")

    @model_validator(mode="after")
    def _shard_exists(self) -> Self:
        if self.shard is not None and self.shard >= self.shards:
            raise ValueError(f"shard {self.shard} of {self.shards}: shards count from 0")
        return self


def is_secret(key: str) -> bool:
    """Say whether the setting `key` may hold a password."""
    extra = Settings.model_fields[key].json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("secret"))
