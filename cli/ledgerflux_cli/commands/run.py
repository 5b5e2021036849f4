"""`lf run ROLE`: one role in the foreground, as everything else starts it."""

import os
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledgerflux_cli.examples import examples
from ledgerflux_cli.gateway_options import (
    JwtAudience,
    JwtIssuer,
    JwtKeys,
    KeysFile,
    OriginsOption,
    SharedNetworks,
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
from ledgerflux_cli.role_options import (
    Advertise,
    Common,
    ExchangeHost,
    ExchangePort,
    HttpHost,
    HttpPort,
    Instance,
    Nats,
    NatsMonitorUrl,
    NatsPasswordFile,
    Postgres,
    PostgresPasswordFile,
    TakeOver,
    WorkersOption,
)

if TYPE_CHECKING:
    from ledgerflux.stack.run_dir import RunDir
    from ledgerflux.stack.servers import NatsLogin

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
    exchange_host: ExchangeHost = "127.0.0.1",
    exchange_port: ExchangePort = 0,
    advertise: Advertise = None,
    data_dir: DataDir = None,
    nats: Nats = None,
    nats_password_file: NatsPasswordFile = None,
    http_host: HttpHost = "127.0.0.1",
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
        "exchange_host": exchange_host,
        "exchange_port": exchange_port,
        "advertise": advertise,
    }
    common = Common(
        data_dir, nats, nats_password_file, http_host, http_port, log_level, take_over, instance
    )
    _run("exchange", common, own)


@run.command()
@examples("lf run ingest --nats nats://user:password@host:4222")
def ingest(
    source: SourceOption = "synthetic:200",
    products: ProductsOption = None,
    data_dir: DataDir = None,
    nats: Nats = None,
    nats_password_file: NatsPasswordFile = None,
    http_host: HttpHost = "127.0.0.1",
    http_port: HttpPort = 0,
    log_level: LogLevelOption = "info",
    take_over: TakeOver = False,
    instance: Instance = None,
) -> None:
    """Connect to the venue and write its frames to the log, as they came."""
    own = {"source": source, "products": products}
    common = Common(
        data_dir, nats, nats_password_file, http_host, http_port, log_level, take_over, instance
    )
    _run("ingest", common, own)


@run.command()
@examples("lf run normalize --shard 2 --shards 4")
def normalize(
    shard: Annotated[
        int | None,
        typer.Option(
            "--shard",
            envvar="LF_SHARD",
            metavar="N",
            help="Its number, from 0; default: that at the end of the host's name.",
        ),
    ] = None,
    shards: ShardsOption = 4,
    data_dir: DataDir = None,
    nats: Nats = None,
    nats_password_file: NatsPasswordFile = None,
    http_host: HttpHost = "127.0.0.1",
    http_port: HttpPort = 0,
    log_level: LogLevelOption = "info",
    take_over: TakeOver = False,
    instance: Instance = None,
) -> None:
    """Make exact books and trades of one shard's frames."""
    own = {"shard": _ordinal() if shard is None else shard, "shards": shards}
    common = Common(
        data_dir, nats, nats_password_file, http_host, http_port, log_level, take_over, instance
    )
    _run("normalize", common, own)


@run.command()
@examples("lf run snapshot --postgres postgresql:///ledgerflux")
def snapshot(
    data_dir: DataDir = None,
    nats: Nats = None,
    nats_password_file: NatsPasswordFile = None,
    postgres: Postgres = None,
    postgres_password_file: PostgresPasswordFile = None,
    nats_monitor_url: NatsMonitorUrl = None,
    http_host: HttpHost = "127.0.0.1",
    http_port: HttpPort = 0,
    log_level: LogLevelOption = "info",
    take_over: TakeOver = False,
    instance: Instance = None,
) -> None:
    """Write trades, books and gaps to Postgres."""
    common = Common(
        data_dir, nats, nats_password_file, http_host, http_port, log_level, take_over, instance
    )
    own = _postgres(data_dir, postgres, postgres_password_file)
    _run("snapshot", common, own | {"nats_monitor_url": nats_monitor_url})


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
    shared_networks: SharedNetworks = None,
    keys_file: KeysFile = None,
    jwt_keys: JwtKeys = None,
    jwt_issuer: JwtIssuer = None,
    jwt_audience: JwtAudience = None,
    data_dir: DataDir = None,
    nats: Nats = None,
    nats_password_file: NatsPasswordFile = None,
    http_host: HttpHost = "127.0.0.1",
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
        "shared_networks": shared_networks,
        "keys_file": keys_file,
        "jwt_keys": jwt_keys,
        "jwt_issuer": jwt_issuer,
        "jwt_audience": jwt_audience,
    }
    common = Common(
        data_dir, nats, nats_password_file, http_host, http_port, log_level, take_over, instance
    )
    _run("gateway", common, own)


def _run(role: str, common: Common, own: dict[str, Any]) -> None:
    from ledgerflux.settings import RoleSettings
    from ledgerflux.stack.build import run_role
    from ledgerflux.telemetry.log import log_to_stream

    run_dir = run_dir_of(common.data_dir)
    asked = {name: getattr(common, name) for name in ("http_host", "http_port", "log_level")}
    known = {key: value for key, value in own.items() if not key.startswith("postgres")}
    checked_settings = checked({**asked, "instance": common.instance, **known})
    settings = RoleSettings(
        data_dir=run_dir.path,
        **_nats(run_dir, common)._asdict(),
        take_over=common.take_over,
        instance=common.instance or str(own.get("shard", 0)),
        **{**own, **chosen(checked_settings, (*asked, *known))},
    )
    log_to_stream(settings.log_level)
    os.environ.pop("LF_NATS_URL", None)  # it holds a password that nothing needs any more
    if settings.workers > 1:
        from ledgerflux.stack.workers import run_workers

        raise typer.Exit(run_workers(settings))
    raise typer.Exit(run_role(role, settings))


def _ordinal() -> int:
    """Return the number at the end of the host's name, as a StatefulSet gives it to a pod.

    Raises:
        ConfigError: It ends with none.
    """
    from ledgerflux.errors import ConfigError

    name = socket.gethostname()
    found = re.search(r"-([0-9]{1,4})$", name, re.ASCII)
    if found is None:
        raise ConfigError(
            f"--shard: which shard? The name of this host, {name!r}, ends with no number",
            code="bad_argument",
            try_next=["lf run normalize --shard 0 --shards 4"],
        )
    return int(found[1])


def _nats(run_dir: "RunDir", common: Common) -> "NatsLogin":
    """Return how NATS is reached: as asked for, else that of the stack."""
    from ledgerflux.stack.servers import nats_of, password_in, split_url

    login = nats_of(run_dir) if common.nats is None else split_url(common.nats)
    if common.nats_password_file is None:
        return login
    return login._replace(nats_password=password_in(common.nats_password_file))


def _postgres(
    data_dir: Path | None, postgres: str | None, password_file: Path | None
) -> dict[str, Any]:
    """Return how Postgres is reached: as asked for, else that of the stack."""
    from ledgerflux.stack.servers import password_in, postgres_of

    return {
        "postgres_dsn": postgres or postgres_of(run_dir_of(data_dir)),
        "postgres_password": None if password_file is None else password_in(password_file),
    }
