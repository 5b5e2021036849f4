"""What `--target compose` of up, down and logs prints, and ends with."""

from typing import TYPE_CHECKING

from ledgerflux_cli.commands.down import SCHEMA as DOWN_SCHEMA
from ledgerflux_cli.deploy_view import print_plan, teller
from ledgerflux_cli.output import write, write_json
from ledgerflux_cli.progress import up_document

if TYPE_CHECKING:
    from ledgerflux.deploy.compose.deployment import Deployment
    from ledgerflux.deploy.compose.project import Wish
    from ledgerflux.stack.run_dir import RunDir


def up(run_dir: "RunDir", wish: "Wish", *, dry_run: bool, timeout_s: float, as_json: bool) -> None:
    """Start everything, or print the plan.

    Raises:
        LedgerFluxError: A step failed; the next `up` goes on from there.
    """
    from ledgerflux.deploy.compose.deployment import Deployment, project_of

    tell = teller(as_json=as_json)
    deployment = Deployment(project_of(run_dir, wish), run_dir, tell)
    if dry_run:
        print_plan(deployment.plan(timeout_s), as_json=as_json)
        return
    deployed = deployment.up(timeout_s, paused=wish.paused)
    if as_json:
        write_json(up_document(deployed.state))
        return
    assert deployed.state.gateway is not None
    if deployed.proof is not None:
        tell("prove", deployed.proof.line())
    write(f"\n  gateway    {deployed.state.gateway.ws}")
    write("  next       lf status   lf tui   lf loadtest   lf down")


def down(run_dir: "RunDir", *, volumes: bool, as_json: bool) -> None:
    """Stop everything; with `volumes` delete what it stored.

    Raises:
        NotRunning: Nothing of this directory runs on an engine.
        StackError: Compose can't.
    """
    _running(run_dir, as_json=as_json).down(volumes=volumes)
    if as_json:
        write_json({"schema": DOWN_SCHEMA, "target": "compose", "volumes_deleted": volumes})
    else:
        write("stopped all services" + (", deleted their data" if volumes else ", kept their data"))


def logs(run_dir: "RunDir", services: tuple[str, ...], *, follow: bool, tail: str | None) -> int:
    """Print the logs; return the exit code.

    Raises:
        NotRunning: Nothing of this directory runs on an engine.
    """
    return _running(run_dir, as_json=False).logs(services, follow=follow, tail=tail)


def _running(run_dir: "RunDir", *, as_json: bool) -> "Deployment":
    from ledgerflux.deploy.compose.deployment import deployment_of

    return deployment_of(run_dir, teller(as_json=as_json))
