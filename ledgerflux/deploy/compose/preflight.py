"""What a machine must have for `--target compose`, looked at; nothing is touched."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from ledgerflux.deploy.checkout import checkout
from ledgerflux.deploy.compose.deployment import find_compose
from ledgerflux.deploy.compose.project import IMAGE
from ledgerflux.deploy.image_tag import image_tag
from ledgerflux.deploy.programs import Outcome, ask, run
from ledgerflux.errors import LedgerFluxError
from ledgerflux.stack.doctor import Finding, machine
from ledgerflux.stack.run_dir import RunDir

GET_DOCKER = "install Docker Engine, or Docker Desktop"
START_DOCKER = "sudo systemctl start docker"
COMPOSE_MIN = (2, 20)
"""The first whose `up --wait` gives up in time and whose files may name a missing `.env`."""
MIB = 1 << 20
MEMORY_MIN_MB = 4096


def look(run_dir: RunDir, port: int | None) -> Iterator[Finding]:
    """Yield what was found, one by one."""
    engine = engine_finding(ask("docker", "info", "--format", "{{json .}}"))
    yield engine
    if engine.result != "FAIL":
        yield _looked("compose", _compose)
        yield _looked("image", _image)
    yield machine.directory(run_dir)
    yield machine.port(run_dir, port)


def engine_finding(answer: Outcome | None) -> Finding:
    """Judge `docker info --format '{{json .}}'`; None where there is no docker."""
    if answer is None:
        return Finding("engine", "FAIL", "docker is not on PATH", GET_DOCKER)
    info = _decoded(answer.out)
    if not info.get("ServerVersion"):
        errors = " ".join(map(str, info.get("ServerErrors") or ())) or answer.last_line
        return Finding("engine", "FAIL", errors, START_DOCKER)
    memory_mb = int(info.get("MemTotal") or 0) // MIB
    text = f"Docker {info['ServerVersion']}, {info.get('NCPU')} CPUs, {memory_mb} MB of memory"
    if memory_mb < MEMORY_MIN_MB:
        return Finding("engine", "WARN", f"{text}: {MEMORY_MIN_MB} are better", "give Docker more")
    return Finding("engine", "PASS", text)


def compose_finding(printed: str) -> Finding:
    """Judge what `version --short` printed."""
    match = re.match(r"v?(\d+)\.(\d+)", printed)
    text = printed.strip()
    if match is None or (int(match[1]), int(match[2])) < COMPOSE_MIN:
        wanted = ".".join(map(str, COMPOSE_MIN))
        return Finding("compose", "FAIL", f"{text or 'no version'}: {wanted} is needed", GET_DOCKER)
    return Finding("compose", "PASS", text)


def _looked(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except LedgerFluxError as error:
        return Finding(name, "FAIL", error.message, *error.try_next[:1])


def _compose() -> Finding:
    return compose_finding(run([*find_compose(), "version", "--short"]).out)


def _image() -> Finding:
    image = f"{IMAGE}:{image_tag(checkout())}"
    found = ask("docker", "image", "ls", "-q", image)
    there = found is not None and found.out.strip()
    return Finding("image", "PASS", f"{image} {'is there' if there else 'will be built'}")


def _decoded(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
