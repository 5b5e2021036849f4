"""`lf restart`: one service of the stack, started anew."""

from typing import Annotated

import typer

from ledgerflux.errors import ConfigError
from ledgerflux_cli.close_match import none_of
from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, read_duration, run_dir_of
from ledgerflux_cli.output import write, write_json
from ledgerflux_cli.targets import COMPOSE, target_of

SCHEMA = "lf.restart/1"


@examples("lf restart normalize-2", "lf restart gateway --json")
def restart(
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="A service of `lf status`, such as ingest.")
    ],
    timeout: Annotated[
        str,
        typer.Option("--timeout", metavar="DURATION", help="How long it may take to be ready."),
    ] = "60s",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Start one service of the stack anew, and say when it is ready.

    It is asked to end, and killed if it does not. Exit 0; 2 without such a service, 3 without a
    stack, 4 when it is not ready in time, 6 where it has come to its end.
    """
    from ledgerflux.stack.restarting import restart_service, services_in

    timeout_s = read_duration("--timeout", timeout)
    run_dir = run_dir_of(data_dir)
    service = service.replace("/", "-")  # as `lf logs` names them
    if target_of(run_dir, None) == COMPOSE:
        from ledgerflux_cli import compose_target

        compose_target.restart(run_dir, service, timeout_s, as_json=as_json)
        return
    known = services_in(run_dir)
    if service not in known:
        text = none_of("SERVICE", service, known)
        raise ConfigError(text, code="unknown_service", try_next=["lf status"])
    done = restart_service(run_dir, service, timeout_s=timeout_s)
    if as_json:
        write_json(
            {
                "schema": SCHEMA,
                "service": done.service,
                "pid_before": done.pid_before,
                "pid": done.pid,
                "seconds": round(done.seconds, 3),
            }
        )
    else:
        write(f"{done.service}: ready again after {done.seconds:.1f} s (pid {done.pid})")
