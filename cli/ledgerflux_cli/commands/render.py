"""`lf render`."""

from typing import Annotated

import typer

from ledgerflux_cli.deploy_options import NoMonitoring, Profile
from ledgerflux_cli.examples import examples
from ledgerflux_cli.output import write
from ledgerflux_cli.targets import MINIKUBE


@examples(
    "lf render --target minikube",
    "lf render --target minikube --profile minikube-small | kubectl diff -f -",
)
def render(
    target: Annotated[str, typer.Option("--target", metavar=MINIKUBE, help="What for.")] = MINIKUBE,
    profile: Profile = "minikube",
    no_monitoring: NoMonitoring = False,
) -> None:
    """Print the Kubernetes objects that `lf up` would apply.

    Checked as they are before they are applied, in the order of the waves, without secrets.
    """
    if target != MINIKUBE:
        raise typer.BadParameter(f"--target: nothing is rendered for {target!r}, only {MINIKUBE}")
    from ledgerflux.deploy.checkout import checkout
    from ledgerflux.deploy.image_tag import image_tag
    from ledgerflux.deploy.minikube.dry_run import objects_of
    from ledgerflux.deploy.minikube.rendering import dumped
    from ledgerflux_cli.minikube_target import wish_of

    root = checkout()
    wish = wish_of(profile, no_monitoring=no_monitoring)
    write(dumped(objects_of(wish, root, image_tag(root))).rstrip())
