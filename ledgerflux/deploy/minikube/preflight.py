"""The first step: what is here, looked at; nothing is touched."""

import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from ledgerflux.adapters.sockets import is_free
from ledgerflux.deploy.minikube import checks
from ledgerflux.deploy.minikube.wish import Wish
from ledgerflux.deploy.programs import ask
from ledgerflux.errors import MissingDependency
from ledgerflux.settings import DEFAULT_PORT
from ledgerflux.stack.doctor import Finding
from ledgerflux.stack.run_dir import RunDir


def look(wish: Wish, run_dir: RunDir) -> Iterator[Finding]:
    """Yield what was found, one by one."""
    yield checks.kubectl_finding(_printed("kubectl", "version", "--client", "-o", "json"))
    if wish.ours:
        yield checks.minikube_finding(_printed("minikube", "version", "-o", "json"))
        info = _printed("docker", "info", "--format", "{{json .}}")
        yield checks.docker_finding(info, wish.size)
        yield checks.disk_finding(shutil.disk_usage(Path.home()).free, wish.size)
        yield checks.architecture_finding(platform.machine())
    yield _port(wish, run_dir)


def require(findings: list[Finding]) -> None:
    """Go on only where nothing failed.

    Raises:
        MissingDependency: Something did; all of it is told at once.
    """
    failed = [one for one in findings if one.result == "FAIL"]
    if failed:
        raise MissingDependency(
            "; ".join(f"{one.name}: {one.finding}" for one in failed),
            try_next=[one.fix for one in failed if one.fix],
        )


def _port(wish: Wish, run_dir: RunDir) -> Finding:
    port = wish.port or DEFAULT_PORT
    state = run_dir.read() if run_dir.holder() is not None else None
    ours = state is not None and state.gateway is not None
    free = wish.port == 0 or is_free(port)
    return checks.port_finding(port, free=free, ours=ours, asked=bool(wish.port))


def _printed(name: str, *args: str) -> str | None:
    """Return what a program prints, None where there is no such program."""
    answer = ask(name, *args)
    return None if answer is None else answer.out
