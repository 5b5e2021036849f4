"""One service of a running stack, started anew by its supervisor."""

import time
from typing import NamedTuple

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.errors import ConfigError, Conflict, StackError, Timeout
from ledgerflux.stack.asking import ask_bus
from ledgerflux.stack.run_dir import RunDir, ServiceState
from ledgerflux.wire.service_order import (
    RestartAnswer,
    RestartOrder,
    decode_restarted,
    encode_restart,
)
from ledgerflux.wire.subjects import RESTART_SUBJECT

ANSWER_S = 5.0
LOOK_S = 0.05


class Restarted(NamedTuple):
    """A service that is ready again: its process before and now, and how long that took."""

    service: str
    pid_before: int | None
    pid: int | None
    seconds: float


def services_in(run_dir: RunDir) -> list[str]:
    """Return the names of the services of the stack in `run_dir`.

    Raises:
        NotRunning: No stack runs there.
    """
    return [service.name for service in run_dir.running().services]


def restart_service(run_dir: RunDir, name: str, *, timeout_s: float) -> Restarted:
    """Have the supervisor of the stack in `run_dir` start `name` anew; return once it is ready.

    Raises:
        NotRunning: No stack runs there.
        ConfigError: It has no such service (`unknown_service`).
        Conflict: The service has come to its end, or the stack stops.
        StackError: The service ended and was given up (`service_died`).
        Timeout: It was not ready in time.
        BusError: The supervisor does not answer.
    """
    began = time.monotonic()
    before = _row(run_dir, name)

    async def order(bus: NatsBus) -> RestartAnswer:
        asked = encode_restart(RestartOrder(name))
        return decode_restarted(await bus.request(RESTART_SUBJECT, asked, timeout_s=ANSWER_S))

    answer = ask_bus(run_dir, order, name="restart")
    if answer.error is not None:
        kind = ConfigError if answer.error.code == "unknown_service" else Conflict
        raise kind(answer.error.message, code=answer.error.code)
    while True:
        row = _row(run_dir, name)
        if row is not None and row.state == "failed":
            raise StackError(f"{name} ended and was given up: {row.detail}", code="service_died")
        if row is not None and row.state == "ready" and row.pid != answer.pid:
            pid_before = answer.pid if before is None else before.pid
            return Restarted(name, pid_before, row.pid, time.monotonic() - began)
        if time.monotonic() - began > timeout_s:
            state = "gone" if row is None else row.state
            raise Timeout(f"{name} is {state} after {timeout_s:g} s", try_next=[f"lf logs {name}"])
        time.sleep(LOOK_S)


def _row(run_dir: RunDir, name: str) -> ServiceState | None:
    return next((row for row in run_dir.running().services if row.name == name), None)
