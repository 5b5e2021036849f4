"""`lf up`."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledgerflux.errors import Conflict, LedgerFluxError, StackError
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
from ledgerflux_cli.output import forget_output, say, write, write_json
from ledgerflux_cli.progress import Progress, up_document
from ledgerflux_cli.targets import LOCAL, TARGETS, refuse_these

if TYPE_CHECKING:
    from ledgerflux.settings import UpRequest
    from ledgerflux.stack.events import Event
    from ledgerflux.stack.run_dir import RunDir, RunState

POLL_S = 0.1
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

        return start_elsewhere(context, target)
    refuse_these(context, OF_OTHERS, "--target compose and --target minikube")
    from ledgerflux.settings import UpRequest
    from ledgerflux.stack.members import services_of

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
    run_dir = run_dir_of(data_dir)
    if run_dir.holder() is None:
        start = _start_in_background if detach else _start_here
        try:
            return start(run_dir, asked, timeout_s, as_json=as_json)
        except StackError as error:
            # Somebody else was faster.
            if error.code != Conflict.code:
                raise
    return _join(run_dir, asked, timeout_s, as_json=as_json)


def _absolute(file: Path | None) -> Path | None:
    """Return a file as processes with other directories find it."""
    return None if file is None else file.expanduser().absolute()


def _start_in_background(
    run_dir: "RunDir", asked: "UpRequest", timeout_s: float, *, as_json: bool
) -> None:
    from ledgerflux.stack.up import start_in_background

    progress = Progress(asked, to=say if as_json else write, stop_hint="lf down")
    state = start_in_background(asked, run_dir, wait_timeout_s=timeout_s, tell=progress.tell)
    if as_json:
        write_json(up_document(state))


def _start_here(run_dir: "RunDir", asked: "UpRequest", timeout_s: float, *, as_json: bool) -> None:
    from ledgerflux.stack.events import Stopping
    from ledgerflux.stack.up import run_stack
    from ledgerflux_cli.live import Live

    live = Live(sys.stdout)
    progress = Progress(asked, to=say if as_json else write, stop_hint="Ctrl-C", live=live)

    readers = _Readers()

    def tell(event: "Event") -> None:
        readers.stopping |= isinstance(event, Stopping)
        with readers.watched():
            progress.tell(event)

    async def while_up(state: "RunState") -> None:
        with readers.watched():
            if as_json:
                write_json(up_document(state))
            else:
                await live.run(state)

    code = run_stack(asked, run_dir, wait_timeout_s=timeout_s, tell=tell, while_up=while_up)
    raise typer.Exit(code)


class _Readers:
    """Whoever reads our output: when they are gone, the stack of this process stops."""

    def __init__(self) -> None:
        self.stopping = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take a closed pipe or terminal for the wish to stop, unless that is under way."""
        try:
            yield
        except* OSError:
            forget_output()
            if not self.stopping:
                os.kill(os.getpid(), signal.SIGTERM)


def _join(run_dir: "RunDir", asked: "UpRequest", timeout_s: float, *, as_json: bool) -> None:
    """Report on the stack that holds the directory, if it is the one asked for.

    Raises:
        Conflict: It is another one, or it is not well.
    """
    from ledgerflux.stack.status import problems_of

    state = _wait_started(run_dir, timeout_s)
    problems = [] if state is None else _differences(state, asked)
    if state is not None and not problems:
        problems = [text for text in problems_of(state) if "gateway" not in text]
    if state is None or problems:
        reasons = "".join(f"\n    {text}" for text in problems)
        raise Conflict(
            f"a stack runs in {run_dir.path} already (pid {run_dir.holder()}):{reasons}",
            try_next=["lf status", "lf down", "lf up --data-dir ANOTHER_DIR"],
        )
    if as_json:
        write_json(up_document(state))
        return
    _print_status(run_dir)


def _wait_started(run_dir: "RunDir", timeout_s: float) -> "RunState | None":
    """Return the state of a stack that somebody else is starting, once it has started.

    Raises:
        StackError: It ended instead.
    """
    deadline = time.monotonic() + timeout_s
    state = run_dir.read()
    while (state is None or state.state == "starting") and time.monotonic() < deadline:
        if run_dir.holder() is None:
            raise StackError(f"the stack that was starting in {run_dir.path} has ended")
        time.sleep(POLL_S)
        state = run_dir.read()
    return state


def _differences(state: "RunState", asked: "UpRequest") -> list[str]:
    from ledgerflux.stack.requests import differences

    return differences(state.request, asked)


def _print_status(run_dir: "RunDir") -> None:
    from ledgerflux_cli.commands.status import print_status
    from ledgerflux_cli.find_status import find_status
    from ledgerflux_cli.gateway_http import NOT_LET_IN

    write("already up, nothing was started")
    try:
        document: dict[str, Any] = find_status(run_dir.path, None)
    except LedgerFluxError as error:
        if error.code not in NOT_LET_IN:
            raise
        say("its gateway wants an API key: lf status --token-file FILE")
        return
    print_status(document)
