"""`lf up --target compose` and `--target minikube`: which flags count there, and what is asked."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.close_match import none_of
from ledgerflux_cli.options import checked, chosen, read_duration, run_dir_of
from ledgerflux_cli.targets import COMPOSE, MINIKUBE, TARGETS, refuse_others

if TYPE_CHECKING:
    from ledgerflux.stack.run_dir import RunDir

OF_ALL = ("target", "dry_run", "port", "data_dir", "wait_timeout", "as_json")
"""Parameters that mean something to either target."""
OF_MINIKUBE = (
    *OF_ALL, "profile", "kube_context", "yes", "cni", "no_monitoring", "grafana_password",
)  # fmt: skip
OF_WISH = ("source", "products", "speed", "paused", "at_end", "log_level", "port")
"""Settings of the local stack that containers know, too."""
OF_COMPOSE = (*OF_ALL, *OF_WISH, "offline", "detach")


def start_elsewhere(context: typer.Context, target: str) -> None:
    """Start the stack of `lf up`, whose flags `context` holds, on another target.

    Raises:
        ConfigError: There is no such target, or a flag means nothing to it.
        LedgerFluxError: A step failed; the next `up` goes on from there.
    """
    if target == COMPOSE:
        _on_engine(context, context.params)
    elif target == MINIKUBE:
        raise typer.Exit(_in_cluster(context, context.params))
    else:
        raise ConfigError(none_of("--target", target, TARGETS), code="bad_argument")


def _run_dir(data_dir: str | None) -> "RunDir":
    """Return the data directory: parameters of a context are as the parser read them."""
    return run_dir_of(None if data_dir is None else Path(data_dir))


def _on_engine(context: typer.Context, asked: dict[str, Any]) -> None:
    refuse_others(context, COMPOSE, OF_COMPOSE, "compose/compose.yaml")
    from ledgerflux.deploy.compose.project import Wish
    from ledgerflux_cli import compose_target

    known = chosen(checked({name: asked[name] for name in OF_WISH}), OF_WISH)
    compose_target.up(
        _run_dir(asked["data_dir"]),
        Wish(**known | {"speed": str(known["speed"])}, offline=asked["offline"]),
        dry_run=asked["dry_run"],
        timeout_s=read_duration("--wait-timeout", asked["wait_timeout"]),
        as_json=asked["as_json"],
    )


def _in_cluster(context: typer.Context, asked: dict[str, Any]) -> int:
    refuse_others(context, MINIKUBE, OF_MINIKUBE, "k8s/base/config/ledgerflux.env")
    from ledgerflux_cli import minikube_target

    wish = minikube_target.wish_of(
        asked["profile"],
        asked["kube_context"],
        asked["yes"],
        asked["cni"],
        asked["no_monitoring"],
        asked["grafana_password"],
        asked["port"],
    )
    return minikube_target.up(
        _run_dir(asked["data_dir"]),
        wish,
        dry_run=asked["dry_run"],
        timeout_s=_given_duration(context, asked["wait_timeout"]),
        as_json=asked["as_json"],
    )


def _given_duration(context: typer.Context, text: str) -> float | None:
    """Return how long somebody asked to wait, None where nobody did."""
    source = context.get_parameter_source("wait_timeout")
    if source is None or source.name == "DEFAULT":
        return None
    return read_duration("--wait-timeout", text)
