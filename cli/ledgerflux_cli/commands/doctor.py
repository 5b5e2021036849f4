"""`lf doctor`: is this machine fit for a stack, and is the stack here well."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledgerflux.errors import ConfigError, LedgerFluxError
from ledgerflux_cli.close_match import none_of
from ledgerflux_cli.deploy_options import Profile
from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson, DataDir, run_dir_of
from ledgerflux_cli.output import say, write, write_json
from ledgerflux_cli.targets import COMPOSE, LOCAL, MINIKUBE, OF_MINIKUBE, TARGETS, refuse_these

if TYPE_CHECKING:
    from ledgerflux.stack.doctor import Finding
    from ledgerflux.stack.run_dir import RunDir

SCHEMA = "lf.doctor/1"
PREREQUISITE = 5
NAME_WIDTH = 12


@examples(
    "lf doctor",
    "lf doctor --json | jq '.checks[] | select(.result != \"PASS\")'",
    "lf doctor --report report.json",
)
def doctor(
    context: typer.Context,
    target: Annotated[
        str,
        typer.Option("--target", envvar="LF_TARGET", metavar="|".join(TARGETS), help="What for."),
    ] = LOCAL,
    profile: Profile = "minikube",
    port: Annotated[
        int | None,
        typer.Option(
            "--port", envvar="LF_PORT", metavar="PORT", min=0, max=65535, help="Port it shall have."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="Also write versions, settings, status and last log lines, without secrets.",
        ),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> int:
    """Look at what a stack needs of this machine, and how it is.

    Each line is PASS, WARN, FAIL or SKIP, what was looked at, what was found, and how to mend
    it. Exit 0 also with warnings, 5 where something failed.
    """
    if target not in TARGETS:
        raise ConfigError(none_of("--target", target, TARGETS), code="bad_argument")
    if target != LOCAL:
        refuse_these(context, ("report",), f"--target {LOCAL}")
    if target != MINIKUBE:
        refuse_these(context, ("profile",), OF_MINIKUBE)
    if target == MINIKUBE:
        from ledgerflux_cli import minikube_target

        wish = minikube_target.wish_of(profile, port=port)
        return minikube_target.doctor(run_dir_of(data_dir), wish, as_json=as_json)
    if target == COMPOSE:
        from ledgerflux_cli import compose_target

        return compose_target.doctor(run_dir_of(data_dir), port, as_json=as_json)
    if report is not None:
        from ledgerflux.stack.doctor.bundle import refuse_place

        refuse_place(report)
    run_dir = run_dir_of(data_dir)
    status = _status(run_dir)
    findings = told(run_dir, _look(run_dir, status, port), LOCAL, as_json=as_json)
    if report is not None:
        _write_report(report, run_dir, findings, status)
    return code_of(findings)


def _look(
    run_dir: "RunDir", status: dict[str, Any] | None, port: int | None
) -> "Iterator[Finding]":
    """Yield the findings in the order of the output; each look is short."""
    from ledgerflux.stack.doctor import Finding, configuration, machine, programs, running
    from ledgerflux_cli.terminal_check import terminal

    looks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("python", machine.python),
        ("nats", programs.nats),
        ("postgres", programs.postgres),
        ("directory", lambda: machine.directory(run_dir)),
        ("disk", lambda: machine.disk(run_dir.path)),
        ("port", lambda: machine.port(run_dir, port)),
        ("descriptors", machine.descriptors),
        ("clock", machine.clock),
        ("time service", machine.time_service),
        ("settings", lambda: configuration.settings(os.environ, Path.cwd())),
        ("terminal", lambda: terminal(sys.stdout, os.environ)),
        ("leftovers", lambda: running.leftovers(run_dir)),
        ("stack", lambda: running.stack(run_dir, status)),
        ("streams", lambda: running.streams(run_dir)),
    )
    for name, look in looks:
        try:
            yield look()
        except (OSError, LedgerFluxError) as error:  # the others are looked at all the same
            yield Finding(name, "FAIL", str(error), "lf doctor --report FILE")


def _status(run_dir: "RunDir") -> dict[str, Any] | None:
    """Return the status of the stack, None where there is none or it can't be read."""
    from ledgerflux_cli.find_status import find_status

    try:
        return find_status(run_dir.path, None)
    except (LedgerFluxError, OSError):
        return None


def told(
    run_dir: "RunDir", found: "Iterable[Finding]", target: str, *, as_json: bool
) -> "list[Finding]":
    """Print what is found for a target, each as it comes; return all of it."""
    findings = []
    for finding in found:
        findings.append(finding)
        if not as_json:
            write(line_of(finding))
    if as_json:
        write_json(document(run_dir, findings, target))
    return findings


def code_of(findings: "Iterable[Finding]") -> int:
    """Return the exit code: 5 where something failed."""
    return PREREQUISITE if any(one.result == "FAIL" for one in findings) else 0


def line_of(finding: "Finding") -> str:
    """Return `PASS name - finding - fix: command`."""
    fix = f" - fix: {finding.fix}" if finding.fix else ""
    return f"{finding.result} {finding.name:<{NAME_WIDTH}} - {finding.finding}{fix}"


def document(run_dir: "RunDir", findings: "list[Finding]", target: str = LOCAL) -> dict[str, Any]:
    """Return `lf.doctor/1`."""
    results = [finding.result for finding in findings]
    worst = next((name for name in ("FAIL", "WARN") if name in results), "PASS")
    return {
        "schema": SCHEMA,
        "target": target,
        "data_dir": str(run_dir.path),
        "result": worst,
        "checks": [finding._asdict() for finding in findings],
    }


def _write_report(
    path: Path, run_dir: "RunDir", findings: "list[Finding]", status: dict[str, Any] | None
) -> None:
    from ledgerflux.stack.doctor import bundle
    from ledgerflux_cli.bugs import bug_file
    from ledgerflux_cli.versions import versions

    made = bundle.report(
        run_dir,
        now_ns=time.time_ns(),
        versions=versions(),
        environment=os.environ,
        findings=findings,
        status=status,
        bugs=bug_file(run_dir.path, os.environ),
    )
    bundle.write_report(path, made)
    say(f"wrote {path}: look it through before you send it")
