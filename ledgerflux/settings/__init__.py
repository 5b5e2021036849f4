"""What was asked for, frozen: the same words as flags, `LF_*` variables and keys of a file.

`tree` checks what a person wrote; what stands here is passed on between our own parts, so
that a role starts without the checker. `files` finds the settings files.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

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
DEFAULT_WAIT = "60s"
LIVE_SOURCES = ("coinbase-advanced", "coinbase-exchange")
ROLES = ("exchange", "ingest", "normalize", "snapshot", "gateway")
SERVERS = ("nats", "postgres")

Role = Literal["exchange", "ingest", "normalize", "snapshot", "gateway"]
Durability = Literal["process", "disk"]
AtEnd = Literal["hold", "exit", "loop"]
Speed = float | Literal["max"]
"""Market seconds per second; `max` leaves the pauses out."""
LogLevel = Literal["debug", "info", "warning", "error"]

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
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


def parse_duration(text: str) -> float:
    """Return the seconds of `500ms`, `10s`, `2m`, `1h`.

    Raises:
        ValueError: It is none of them.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration such as 500ms, 10s, 2m or 1h")
    return float(match[1]) * _SECONDS[match[2]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpRequest:
    """What `lf up` was asked for.

    Attributes:
        source: Where frames come from, as `parse_source` reads it.
        products: Product ids, in the order asked for.
        shards: How many normalizers.
        gateways: How many gateways, each on a port of its own.
        services: What to start, with what that needs; empty means everything.
        speed: Pace of the exchange role.
        paused: The exchange waits for `lf replay start`.
        at_end: What the exchange does when a recording ends.
        host: The address the gateway listens on.
        port: The first gateway's port; None: 8000, or the next free one.
        insecure_public: Gateways may listen to others without TLS.
        read_only: Gateways let nobody control the stack.
        tls_cert: File of the gateways' certificate, absolute as all files here.
        tls_key: File of its key.
        keys_file: API keys that gateways let in.
        jwt_keys: Keys of those who sign tokens for gateways.
        jwt_issuer: What `iss` of a token must be.
        jwt_audience: What `aud` of a token must name.
        origins: Origins of pages that may speak to gateways, beside their own.
        shared_networks: Networks whose addresses many clients of gateways share.
        durability: `process` survives the death of any process, `disk` a power cut.
        target: Where the stack runs.
        log_level: What is worth a line in the log of a role.
    """

    source: str = DEFAULT_SOURCE
    products: tuple[str, ...] = DEFAULT_PRODUCTS
    shards: int = DEFAULT_SHARDS
    gateways: int = 1
    services: tuple[str, ...] = ()
    speed: Speed = 1.0
    paused: bool = False
    at_end: AtEnd = "hold"
    host: str = DEFAULT_HOST
    port: int | None = None
    insecure_public: bool = False
    read_only: bool = False
    tls_cert: str | None = None
    tls_key: str | None = None
    keys_file: str | None = None
    jwt_keys: str | None = None
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    origins: tuple[str, ...] = ()
    shared_networks: tuple[str, ...] = ()
    durability: Durability = "process"
    target: Literal["local", "compose", "minikube"] = "local"
    log_level: LogLevel = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSettings:
    """What one role process was asked for; a role reads the options that are its own.

    Attributes:
        data_dir: The stack's directory.
        nats_url: `nats://host:port`, without user and password.
        postgres_dsn: A libpq connection string; None where the stack has no Postgres.
        postgres_password: The password of its user; None where the string leads to it.
        nats_monitor_url: Monitoring port of the NATS server, for snapshot; None: nobody looks.
        http_host: Address of `/metrics`, `/health` and `/ready`.
        http_port: Their port; 0 picks a free one.
        take_over: Start although another instance of this name seems alive.
        instance: Names this process among those of its role, in its health key.
        source: Frames of ingest and exchange.
        shard: The normalizer's number, below `shards`.
        host: Address of the gateway.
        port: Port of the gateway; 0 picks a free one.
        workers: How many gateways share the port, each a process.
        shares_port: This gateway is one of those; its `/metrics` is on `http_port` alone.
        insecure_public: The gateway may listen to others without TLS.
        read_only: The gateway lets nobody control the stack.
        tls_cert: The gateway's certificate and what signed it, PEM; None: no TLS.
        tls_key: The key of the certificate, PEM.
        keys_file: The keys of those who may come in; without `jwt_keys` too, everybody may.
        jwt_keys: The keys of those who sign tokens with which one may come in.
        jwt_issuer: What `iss` of a token must be; None: anything.
        jwt_audience: What `aud` of a token must name; None: it must have none.
        origins: Origins of pages that may speak to the gateway, beside its own.
        shared_networks: Networks whose addresses many clients of the gateway share.
        speed: Pace of the exchange.
        paused: The exchange waits for `lf replay start`.
        at_end: What the exchange does when a recording ends.
        exchange_host: Address of the exchange.
        exchange_port: Port of the exchange; 0 picks a free one, the same after a restart.
        advertise: Where ingest finds the exchange; None: where it listens.
    """

    data_dir: Path
    nats_url: str
    nats_user: str | None = None
    nats_password: str | None = field(default=None, repr=False)
    postgres_dsn: str | None = field(default=None, repr=False)
    postgres_password: str | None = field(default=None, repr=False)
    nats_monitor_url: str | None = None
    http_host: str = DEFAULT_HOST
    http_port: int = 0
    log_level: LogLevel = "info"
    take_over: bool = False
    instance: str = "0"
    source: str = DEFAULT_SOURCE
    products: tuple[str, ...] = DEFAULT_PRODUCTS
    shard: int = 0
    shards: int = DEFAULT_SHARDS
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    workers: int = 1
    shares_port: bool = False
    insecure_public: bool = False
    read_only: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    keys_file: Path | None = None
    jwt_keys: Path | None = None
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    origins: tuple[str, ...] = ()
    shared_networks: tuple[str, ...] = ()
    speed: Speed = 1.0
    paused: bool = False
    at_end: AtEnd = "hold"
    exchange_host: str = DEFAULT_HOST
    exchange_port: int = 0
    advertise: str | None = None
