"""Flags of the commands that reach further than this machine."""

from typing import Annotated

import typer

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Of compose: NATS and Postgres from our own image, where no registry is reached.",
    ),
]
Profile = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="minikube|minikube-small",
        help="Of minikube: 4 CPUs and 8 GB, or 2 CPUs and 4 GB.",
    ),
]
KubeContext = Annotated[
    str | None,
    typer.Option(
        "--kube-context",
        metavar="NAME",
        help="Of minikube: another cluster; needs --yes.",
    ),
]
Agreed = Annotated[bool, typer.Option("--yes", "-y", help="Agree to what would be asked about.")]
Cni = Annotated[
    str,
    typer.Option(
        "--cni",
        metavar="NAME",
        help="Of minikube: its network, such as calico, which enforces network policies.",
    ),
]
NoMonitoring = Annotated[
    bool, typer.Option("--no-monitoring", help="Leave Prometheus and Grafana out.")
]
GrafanaPassword = Annotated[
    str | None,
    typer.Option(
        "--grafana-password",
        metavar="PASSWORD",
        help="Of Grafana's admin; default: made once, at random.",
    ),
]
Cluster = Annotated[
    bool, typer.Option("--cluster", help="Of minikube: delete the cluster that lf made, too.")
]
