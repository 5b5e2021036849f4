"""The stack in the data directory: alive and well, dead with something left, or not there."""

from collections.abc import Mapping
from typing import Any

from ledgerflux.adapters.nats_bus import ApiRefused, NatsBus
from ledgerflux.adapters.nats_streams import STREAMS
from ledgerflux.errors import BusError, LedgerFluxError
from ledgerflux.stack.asking import ask_bus
from ledgerflux.stack.doctor import Finding
from ledgerflux.stack.leftovers import processes_in
from ledgerflux.stack.run_dir import RunDir

NOTHING = "no stack runs"
SHOWN = 3


def stack(run_dir: RunDir, status: Mapping[str, Any] | None) -> Finding:
    """Look at the health of a running stack; `status` is its `lf.status/1`."""
    if run_dir.holder() is None:
        return Finding("stack", "SKIP", NOTHING)
    if status is None:
        text = f"pid {run_dir.holder()} holds {run_dir.path} and says nothing of itself"
        return Finding("stack", "FAIL", text, "lf down")
    if status["state"] == "healthy":
        return Finding("stack", "PASS", f"healthy, {len(status['services'])} services")
    problems = status.get("problems") or [f"it is {status['state']}"]
    return Finding("stack", "FAIL", _shortened(problems), "lf logs --level warning")


def leftovers(run_dir: RunDir) -> Finding:
    """Look for processes of a stack whose supervisor is dead."""
    if run_dir.holder() is not None:
        return Finding("leftovers", "SKIP", "a stack runs")
    left = processes_in(run_dir)
    if not left:
        return Finding("leftovers", "PASS", "none")
    names = [f"{name} (pid {process.pid})" for name, process in left.items()]
    return Finding("leftovers", "WARN", f"of a dead stack: {_shortened(names)}", "lf down")


def streams(run_dir: RunDir) -> Finding:
    """Look whether the streams of a running stack are as this version makes them."""
    state = run_dir.read()
    if run_dir.holder() is None or state is None or state.nats is None:
        return Finding("streams", "SKIP", NOTHING)
    try:
        found = ask_bus(run_dir, stream_differences, name="lf doctor")
    except BusError as error:
        return Finding("streams", "FAIL", error.message, "lf logs nats")
    except LedgerFluxError as error:
        return Finding("streams", "SKIP", error.message)
    if not found:
        return Finding("streams", "PASS", f"{len(STREAMS)} as expected")
    return Finding("streams", "FAIL", _shortened(found), "lf down && lf up -d")


async def stream_differences(bus: NatsBus) -> list[str]:
    """Return how the streams differ from what this version makes, one line each.

    Raises:
        BusError: NATS does not answer.
    """
    found = []
    for wanted in STREAMS:
        name = wanted["name"]
        try:
            answer = await bus.api(f"STREAM.INFO.{name}", {})
        except ApiRefused as error:
            found.append(f"{name}: {error.message}")
            continue
        has = answer["config"]
        found += [
            f"{name}: {key} is {has.get(key)}, not {value}"
            for key, value in wanted.items()
            if has.get(key) != value
        ]
    return found


def _shortened(texts: list[str]) -> str:
    more = f"; and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return "; ".join(texts[:SHOWN]) + more
