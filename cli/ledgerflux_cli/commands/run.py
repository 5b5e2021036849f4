"""`lf run ROLE`: one role in the foreground, as everything else starts it."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.gateway_options import (
    JwtAudience,
    JwtIssuer,
    JwtKeys,
    KeysFile,
    OriginsOption,
    TlsCert,
    TlsKey,
)
from ledgerflux_cli.options import (
    AtEndOption,
    DataDir,
    HostOption,
    InsecurePublic,
    LogLevelOption,
    PausedOption,
    ProductsOption,
    ReadOnly,
    ShardsOption,
    SourceOption,
    SpeedOption,
    checked,
    chosen,
    run_dir_of,
)

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

run = typer.Typer(
    help="Run one role in the foreground, as everything else starts it.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=False,
)


@run.command()
@examples("lf run exchange --source synthetic:1000 --paused")
def exchange(
    source: SourceOption = "synthetic:200",
    products: ProductsOption = None,
    speed: SpeedOption = "1",
    paused: PausedOption = False,
    at_end: AtEndOption = "hold",
    data_dir: DataDir = None,
    nats: Nats = None,
    http_port: HttpPort = 0,
    log_level: LogLevelOption = "info",
    take_over: TakeOver = False,
    instance: Instance = None,
) -> None:
    """Serve a recording or the synthetic market in an exchange's own dialect."""
    run_dir_of(data_dir).claim()
    own = {
        "source": source,
        "products": products,
        "speed": speed,
        "paused": paused,
        "at_end": at_end,
    }
    _run("exchange", data_dir, nats, None, http_port, log_level, take_over, instance, own)


@run.command()
@examples("lf run ingest --nats nats://user:password@host:4222")
def ingest(
    source: SourceOption = "synthetic:200",
    products: ProductsOption = None,
    data_dir: DataDir = None,
    nats: Nats = None,
    http_port: HttpPort = 0,
    log_level: LogLevelOption = "info",
    take_over: TakeOver = False,
    instance: Instance = None,
) -> None:
    """Connect to the venue and write its frames to the log, as they came."""
    own = {"source": source, "products": products}
    _run("ingest", data_dir, nats, None, http_port, log_level, take_over, instance, own)


@run.command()
@examples("lf run normalize --shard 2 --shards 4")
def normalize(
    shard: Annotated[
        int, typer.Option("--shard", envvar="LF_SHARD", metavar="N", help="Its number, from 0.")
    ],
    shards: ShardsOption = 4,
    data_dir: DataDir = None,
    nats: Nats = None,
    http_port: HttpPort = 0,
    log_level: LogLevelOption = "info",
    take_over: TakeOver = False,
    instance: Instance = None,
) -> None:
    """Make exact books and trades of one shard's frames."""
    own = {"shard": shard, "shards": shards}
    _run("normalize", data_dir, nats, None, http_port, log_level, take_over, instance, own)


@run.command()
@examples("lf run snapshot --postgres postgresql:///ledgerflux")
def snapshot(
    data_dir: DataDir = None,
    nats: Nats = None,
    postgres: Postgres = None,
    http_port: HttpPort = 0,
    log_level: LogLevelOption = "info",
    take_over: TakeOver = False,
    instance: Instance = None,
) -> None:
    """Write trades, books and gaps to Postgres."""
    _run("snapshot", data_dir, nats, postgres, http_port, log_level, take_over, instance, {})


@run.command()
@examples(
    "lf run gateway --port 8001",
    "lf run gateway --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
    "lf run gateway --workers 2 --http-port 9100",
)
def gateway(
    host: HostOption = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", envvar="LF_PORT", metavar="PORT", help="Port; 0 takes a free one."),
    ] = 8000,
    workers: WorkersOption = 1,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    insecure_public: InsecurePublic = False,
    read_only: ReadOnly = False,
    origins: OriginsOption = None,
    keys_file: KeysFile = None,
    jwt_keys: JwtKeys = None,
    jwt_issuer: JwtIssuer = None,
    jwt_audience: JwtAudience = None,
    data_dir: DataDir = None,
    nats: Nats = None,
    http_port: HttpPort = 0,
    log_level: LogLevelOption = "info",
    take_over: TakeOver = False,
    instance: Instance = None,
) -> None:
    """Serve books, trades and status to clients.

    With --workers each has its own books and its own /metrics, on ports from --http-port on.
    """
    own = {
        "host": host,
        "port": port,
        "workers": workers,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "insecure_public": insecure_public,
        "read_only": read_only,
        "origins": origins,
        "keys_file": keys_file,
        "jwt_keys": jwt_keys,
        "jwt_issuer": jwt_issuer,
        "jwt_audience": jwt_audience,
    }
    _run("gateway", data_dir, nats, None, http_port, log_level, take_over, instance, own)


def _run(
    role: str,
    data_dir: Path | None,
    nats: str | None,
    postgres: str | None,
    http_port: int,
    log_level: str,
    take_over: bool,
    instance: str | None,
    own: dict[str, Any],
) -> None:
    from ledgerflux.settings import RoleSettings
    from ledgerflux.stack.build import run_role
    from ledgerflux.stack.servers import nats_of, postgres_of, split_url
    from ledgerflux.telemetry.log import log_to_stream

    run_dir = run_dir_of(data_dir)
    common = {"http_port": http_port, "log_level": log_level, "instance": instance}
    values = chosen(checked({**common, **own}), ("http_port", "log_level", *own))
    if role == "snapshot":
        values["postgres_dsn"] = postgres or postgres_of(run_dir)
    settings = RoleSettings(
        data_dir=run_dir.path,
        **(nats_of(run_dir) if nats is None else split_url(nats))._asdict(),
        take_over=take_over,
        instance=instance or str(own.get("shard", 0)),
        **values,
    )
    log_to_stream(settings.log_level)
    os.environ.pop("LF_NATS_URL", None)  # it holds a password that nothing needs any more
    if settings.workers > 1:
        from ledgerflux.stack.workers import run_workers

        raise typer.Exit(run_workers(settings))
    raise typer.Exit(run_role(role, settings))
