"""What `--target compose` of up, down and logs prints, and ends with."""

from typing import TYPE_CHECKING

from ledgerflux_cli.output import say, write, write_json
from ledgerflux_cli.progress import up_document

if TYPE_CHECKING:
    from ledgerflux.deploy.compose.deployment import Deployment, Tell
    from ledgerflux.deploy.compose.project import Wish
    from ledgerflux.stack.run_dir import RunDir

DOWN_SCHEMA = "lf.down/1"


def up(run_dir: "RunDir", wish: "Wish", *, dry_run: bool, timeout_s: float, as_json: bool) -> None:
    """Start everything, or print the plan.

    Raises:
        LedgerFluxError: A step failed; the next `up` goes on from there.
    """
    from ledgerflux.deploy.compose.deployment import Deployment, project_of
    from ledgerflux.deploy.plan import document, lines

    tell = _teller(as_json=as_json)
    deployment = Deployment(project_of(run_dir, wish), run_dir, tell)
    if dry_run:
        plan = deployment.plan(timeout_s)
        if as_json:
            write_json(document(plan))
        else:
            write("\n".join(lines(plan)))
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

    return deployment_of(run_dir, _teller(as_json=as_json))


def _teller(*, as_json: bool) -> "Tell":
    to = say if as_json else write

    def tell(step: str, text: str) -> None:
        to(f"  {step:<10} {text}")

    return tell
