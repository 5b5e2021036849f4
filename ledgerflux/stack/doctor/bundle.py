"""The report of `lf doctor --report`: what a bug report needs, without secrets."""

import platform
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ledgerflux.adapters.process import last_lines
from ledgerflux.errors import ConfigError, Conflict
from ledgerflux.model.units import rfc3339
from ledgerflux.stack.doctor import Finding
from ledgerflux.stack.logs import services_in
from ledgerflux.stack.run_dir import RunDir

SCHEMA = "lf.report/1"
HIDDEN = "***"
LOG_LINES = 50
BUG_LINES = 100
_SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|DSN|KEY|CREDENTIAL|NATS_URL", re.IGNORECASE)
_USER_AND_PASSWORD = re.compile(r"(\w://[^\s:/@]*):[^\s/@]+@")
_NAMED_SECRET = re.compile(
    r"(pass(?:word|wd)?|secret|token)(\"?\s*[=:]\s*\"?)[^\s\",&]+", re.IGNORECASE
)


def report(
    run_dir: RunDir,
    *,
    now_ns: int,
    versions: Mapping[str, str | None],
    environment: Mapping[str, str],
    findings: Iterable[Finding],
    status: Mapping[str, Any] | None,
    bugs: Path,
) -> dict[str, Any]:
    """Return `lf.report/1`; nothing in it is a password that we know or that looks like one."""
    state = run_dir.read()
    document = {
        "schema": SCHEMA,
        "ts": rfc3339(now_ns),
        "versions": dict(versions),
        "platform": platform.platform(),
        "data_dir": str(run_dir.path),
        "checks": [finding._asdict() for finding in findings],
        "environment": _masked(environment),
        "run": None if state is None else msgspec.to_builtins(state),
        "status": status,
        "logs": {name: last_lines(run_dir.log(name), LOG_LINES) for name in _services(run_dir)},
        "bugs": last_lines(bugs, BUG_LINES),
    }
    cleaned: dict[str, Any] = without_secrets(document, _known_secrets(run_dir))
    return cleaned


def refuse_place(path: Path) -> None:
    """See that a report can be written to `path`: a new file in a directory.

    Raises:
        Conflict: There is such a file already.
        ConfigError: There is no such directory.
    """
    if path.exists():
        raise Conflict(f"{path} exists: a report is a new file", code="file_exists")
    if not path.parent.is_dir():
        text = f"--report: there is no directory {path.parent}"
        raise ConfigError(text, code="bad_argument")


def write_report(path: Path, document: Mapping[str, Any]) -> None:
    """Write the report to a new file that only its owner may read.

    Raises:
        OSError: It can't be written.
    """
    with path.open("xb") as file:
        path.chmod(0o600)
        file.write(msgspec.json.format(msgspec.json.encode(document)) + b"\n")


def without_secrets(value: Any, secrets: Iterable[str] = ()) -> Any:
    """Return `value` with every known secret, and whatever looks like one, hidden."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
        value = _USER_AND_PASSWORD.sub(rf"\1:{HIDDEN}@", value)
        return _NAMED_SECRET.sub(rf"\1\2{HIDDEN}", value)
    if isinstance(value, Mapping):
        return {key: without_secrets(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item, secrets) for item in value]
    return value


def _masked(environment: Mapping[str, str]) -> dict[str, str]:
    """Return our variables; those that may hold a secret say only that they are set."""
    ours = {name: text for name, text in environment.items() if name.startswith("LF_")}
    return {name: HIDDEN if _SECRET_NAME.search(name) else ours[name] for name in sorted(ours)}


def _known_secrets(run_dir: RunDir) -> list[str]:
    """Return the passwords that stand in the data directory."""
    found = []
    state = run_dir.read()
    if state is not None and state.nats is not None:
        found.append(state.nats.password)
    for path in (run_dir.nats / "password", run_dir.postgres.with_name("postgres.pgpass")):
        try:
            found.append(path.read_text().strip().rpartition(":")[2])
        except OSError:
            continue
    return [secret for secret in found if secret]


def _services(run_dir: RunDir) -> list[str]:
    try:
        return services_in(run_dir)
    except OSError:
        return []
