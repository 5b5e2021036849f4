"""The status of a stack whose gateway does not answer, from `run.json` and the processes."""

import contextlib
import time
from typing import Any

import psutil

from ledgerflux.model.units import rfc3339
from ledgerflux.stack.run_dir import RunDir, RunState, ServiceState, disk_bytes

SCHEMA = "lf.status/1"
CPU_SAMPLE_S = 0.1
COUNTS = ("exchange_sent", "raw_frames", "raw_gap_frames", "norm_events", "dlq")


def local_status(run_dir: RunDir) -> dict[str, Any]:
    """Return `lf.status/1` as far as it can be known without a gateway.

    What only a gateway knows is None: unknown, not zero.

    Raises:
        NotRunning: There is no stack.
    """
    state = run_dir.running()
    problems = problems_of(state)
    return {
        "schema": SCHEMA,
        "state": "degraded" if problems else "healthy",
        "source": state.source,
        "durability": state.durability,
        "services": _with_usage(state.services),
        "shards": [],
        "stages": [],
        "end_to_end": None,
        "counts": dict.fromkeys(COUNTS),
        "gaps": None,
        "disk_bytes": disk_bytes(run_dir.path),
        "problems": problems,
    }


def down_status(source: str | None = None) -> dict[str, Any]:
    """Return `lf.status/1` where nothing runs."""
    return {
        "schema": SCHEMA,
        "state": "down",
        "source": source,
        "durability": None,
        "services": [],
        "shards": [],
        "stages": [],
        "end_to_end": None,
        "counts": dict.fromkeys(COUNTS),
        "gaps": None,
        "disk_bytes": None,
        "problems": ["nothing runs"],
    }


def problems_of(state: RunState) -> list[str]:
    """Return what is wrong with a stack whose gateway does not answer."""
    found = []
    if state.state != "up":
        found.append(f"the stack is {state.state}")
    for service in state.services:
        if not is_fine(service, state):
            detail = f": {service.detail}" if service.detail else ""
            found.append(f"{service.name} is {service.state}{detail}")
    if state.gateway is not None and not found:
        found.append("the gateway does not answer")
    return found


def is_fine(service: ServiceState, state: RunState) -> bool:
    """Say whether a service does what it should: ready, or ended where it was to end."""
    ended = service.name == "exchange" and state.request.get("at_end") == "exit"
    return service.state == "ready" or (ended and service.state == "stopped")


def _with_usage(services: list[ServiceState]) -> list[dict[str, Any]]:
    """Return the services with what their processes use over a tenth of a second."""
    processes = {}
    for service in services:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(service.pid) if service.pid is not None else None
            if process is not None:
                process.cpu_percent()
                processes[service.name] = process
    time.sleep(CPU_SAMPLE_S)
    return [_service(service, processes.get(service.name)) for service in services]


def _service(service: ServiceState, process: psutil.Process | None) -> dict[str, Any]:
    cpu, rss_bytes = 0.0, 0
    if process is not None:
        with contextlib.suppress(psutil.Error):
            cpu, rss_bytes = round(process.cpu_percent() / 100, 3), process.memory_info().rss
    return {
        "name": service.name,
        "pid": service.pid,
        "state": service.state,
        "cpu": cpu,
        "rss_bytes": rss_bytes,
        "restarts": service.restarts,
        "since": rfc3339(service.since_ns),
        "last_exit": None,
    }
