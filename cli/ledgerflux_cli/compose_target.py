"""What `--target compose` of up, down and logs prints, and ends with."""

from typing import TYPE_CHECKING

from ledgerflux_cli.commands.down import SCHEMA as DOWN_SCHEMA
from ledgerflux_cli.deploy_view import print_plan, teller
from ledgerflux_cli.output import write, write_json
from ledgerflux_cli.progress import up_document

if TYPE_CHECKING:
    from ledgerflux.deploy.compose.deployment import Deployment
    from ledgerflux.deploy.compose.project import Wish
    from ledgerflux.deploy.log_wish import LogWish
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


def logs(run_dir: "RunDir", wish: "LogWish") -> int:
    """Print the logs; return the exit code.

    Raises:
        NotRunning: Nothing of this directory runs on an engine.
    """
    return _running(run_dir, as_json=False).logs(wish)


def restart(run_dir: "RunDir", service: str, timeout_s: float, *, as_json: bool) -> None:
    """Start one service anew.

    Raises:
        NotRunning: Nothing of this directory runs on an engine.
        ConfigError: There is no such service.
        Unhealthy: It is not ready in time.
    """
    from ledgerflux_cli.commands.restart import SCHEMA

    seconds = _running(run_dir, as_json=as_json).restart(service, timeout_s)
    if as_json:
        write_json({"schema": SCHEMA, "service": service, "seconds": round(seconds, 3)})
    else:
        write(f"{service}: ready again after {seconds:.1f} s")


def doctor(run_dir: "RunDir", port: int | None, *, as_json: bool) -> int:
    """Look at what the machine has for an engine's stack; return the exit code."""
    from ledgerflux.deploy.compose.preflight import look
    from ledgerflux_cli.commands.doctor import code_of, told

    return code_of(told(run_dir, look(run_dir, port), "compose", as_json=as_json))


def _running(run_dir: "RunDir", *, as_json: bool) -> "Deployment":
    from ledgerflux.deploy.compose.deployment import deployment_of

    return deployment_of(run_dir, teller(as_json=as_json))
