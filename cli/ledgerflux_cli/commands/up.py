"""`lf up`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ledgerflux_cli.deploy_options import (
    Agreed,
    Cni,
    DryRun,
    GrafanaPassword,
    KubeContext,
    NoMonitoring,
    Offline,
    Profile,
)
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
    AsJson,
    AtEndOption,
    DataDir,
    GatewaysOption,
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
    read_duration,
    run_dir_of,
)
from ledgerflux_cli.targets import LOCAL, TARGETS, refuse_these

OF_OTHERS = (
    "dry_run", "offline", "profile", "kube_context", "yes", "cni", "no_monitoring",
    "grafana_password",
)  # fmt: skip
"""Parameters that mean nothing to this machine alone."""


@examples(
    "lf up",
    "lf up -d --source coinbase-advanced --products BTC-USD,ETH-USD",
    "lf up --source replay:day.jsonl.gz --speed max --at-end exit",
    "lf up --gateways 2 --port 8000",
    "lf up --keys-file keys.json --tls-cert cert.pem --tls-key key.pem",
    "lf up nats postgres",
    "lf up --target compose --source replay:day.jsonl.gz",
    "lf up --target minikube --dry-run",
)
def up(
    context: typer.Context,
    services: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SERVICE]...", help="What to start; default everything."),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Leave it running in the background.")
    ] = False,
    source: SourceOption = "synthetic:200",
    products: ProductsOption = None,
    shards: ShardsOption = 4,
    gateways: GatewaysOption = 1,
    speed: SpeedOption = "1",
    paused: PausedOption = False,
    at_end: AtEndOption = "hold",
    host: HostOption = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            envvar="LF_PORT",
            metavar="PORT",
            help="Port of the (first) gateway; default 8000, or the next free one. 0: any.",
        ),
    ] = None,
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
    durability: Annotated[
        str,
        typer.Option(
            "--durability",
            envvar="LF_DURABILITY",
            metavar="process|disk",
            help="What acknowledged data survives: any process's death, or a power cut.",
        ),
    ] = "process",
    wait_timeout: Annotated[
        str,
        typer.Option(
            "--wait-timeout",
            envvar="LF_WAIT_TIMEOUT",
            metavar="DURATION",
            help="How long the start may take.",
        ),
    ] = "60s",
    target: Annotated[
        str,
        typer.Option(
            "--target",
            envvar="LF_TARGET",
            metavar="|".join(TARGETS),
            help="Where to: this machine, a Docker Engine, or a cluster.",
        ),
    ] = LOCAL,
    dry_run: DryRun = False,
    offline: Offline = False,
    profile: Profile = "minikube",
    kube_context: KubeContext = None,
    yes: Agreed = False,
    cni: Cni = "",
    no_monitoring: NoMonitoring = False,
    grafana_password: GrafanaPassword = None,
    log_level: LogLevelOption = "info",
    as_json: AsJson = False,
) -> None:
    """Start the stack: NATS, Postgres, and every role, on this machine.

    With --target compose on a Docker Engine, each service a container of compose/compose.yaml.
    With --target minikube in a Kubernetes cluster on it: images are built, objects applied in
    waves, ports forwarded, and a client sees data. What is as it should be is left as it is.
    """
    if target != LOCAL:
        from ledgerflux_cli.up_elsewhere import start_elsewhere

        start_elsewhere(context, target)
        return
    refuse_these(context, OF_OTHERS, "--target compose and --target minikube")
    from ledgerflux.settings import UpRequest
    from ledgerflux.stack.members import services_of
    from ledgerflux_cli.up_here import start_here

    settings = checked(
        {
            "source": source,
            "products": products,
            "shards": shards,
            "gateways": gateways,
            "speed": speed,
            "paused": paused,
            "at_end": at_end,
            "host": host,
            "port": port,
            "tls_cert": _absolute(tls_cert),
            "tls_key": _absolute(tls_key),
            "insecure_public": insecure_public,
            "read_only": read_only,
            "origins": origins,
            "shared_networks": shared_networks,
            "keys_file": _absolute(keys_file),
            "jwt_keys": _absolute(jwt_keys),
            "jwt_issuer": jwt_issuer,
            "jwt_audience": jwt_audience,
            "durability": durability,
            "target": target,
            "log_level": log_level,
        },
    )
    given = chosen(
        settings, (name for name in UpRequest.__dataclass_fields__ if name != "services")
    )
    texts: dict[str, Any] = {
        name: str(value) if isinstance(value, Path) else value for name, value in given.items()
    }
    asked = UpRequest(services=tuple(services or ()), **texts)
    services_of(asked)
    timeout_s = read_duration("--wait-timeout", wait_timeout)
    start_here(run_dir_of(data_dir), asked, timeout_s, detach=detach, as_json=as_json)


def _absolute(file: Path | None) -> Path | None:
    """Return a file as processes with other directories find it."""
    return None if file is None else file.expanduser().absolute()
