"""Flags of `lf run`: where a role finds its servers, and how it is found."""

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

Nats = Annotated[
    str | None,
    typer.Option(
        "--nats",
        envvar="LF_NATS_URL",
        metavar="URL",
        help="nats://user:password@host:port; default: the stack of the data directory.",
    ),
]
Postgres = Annotated[
    str | None,
    typer.Option(
        "--postgres",
        envvar="LF_POSTGRES_DSN",
        metavar="DSN",
        help="Connection string; default: the stack of the data directory.",
    ),
]
NatsMonitorUrl = Annotated[
    str | None,
    typer.Option(
        "--nats-monitor-url",
        envvar="LF_NATS_MONITOR_URL",
        metavar="URL",
        help="Monitoring port of the NATS server, looked at for /metrics; default: none.",
    ),
]
NatsPasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--nats-password-file",
        envvar="LF_NATS_PASSWORD_FILE",
        metavar="FILE",
        help="File with the password of the user that --nats names.",
    ),
]
PostgresPasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--postgres-password-file",
        envvar="LF_POSTGRES_PASSWORD_FILE",
        metavar="FILE",
        help="File with the password of the user that --postgres names.",
    ),
]
HttpHost = Annotated[
    str,
    typer.Option(
        "--http-host",
        envvar="LF_HTTP_HOST",
        metavar="ADDRESS",
        help="Where /metrics, /health and /ready are answered.",
    ),
]
HttpPort = Annotated[
    int,
    typer.Option(
        "--http-port",
        envvar="LF_HTTP_PORT",
        metavar="PORT",
        help="Port of /metrics, /health and /ready; 0 takes a free one.",
    ),
]
TakeOver = Annotated[
    bool, typer.Option("--take-over", help="Start although this role seems to run already.")
]
Instance = Annotated[
    str | None,
    typer.Option(
        "--instance",
        envvar="LF_INSTANCE",
        metavar="NAME",
        help="Name among the processes of the role; default 0, or the shard.",
    ),
]
WorkersOption = Annotated[
    int,
    typer.Option(
        "--workers",
        envvar="LF_WORKERS",
        metavar="N",
        help="Gateways that share the port, 1 to 16, each a process.",
    ),
]

ExchangeHost = Annotated[
    str,
    typer.Option(
        "--exchange-host", envvar="LF_EXCHANGE_HOST", metavar="ADDRESS", help="Where it listens."
    ),
]
ExchangePort = Annotated[
    int,
    typer.Option(
        "--exchange-port",
        envvar="LF_EXCHANGE_PORT",
        metavar="PORT",
        help="Its port; 0 takes a free one, the same after a restart.",
    ),
]
Advertise = Annotated[
    str | None,
    typer.Option(
        "--advertise",
        envvar="LF_ADVERTISE",
        metavar="URL",
        help="Where ingest finds it, such as ws://exchange:9000/; default: where it listens.",
    ),
]


class Common(NamedTuple):
    """What every role is asked."""

    data_dir: Path | None
    nats: str | None
    nats_password_file: Path | None
    http_host: str
    http_port: int
    log_level: str
    take_over: bool
    instance: str | None
