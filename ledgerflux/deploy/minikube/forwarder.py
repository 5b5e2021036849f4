"""The process behind a stack elsewhere: `python -m ledgerflux.deploy.minikube.forwarder DATA_DIR`.

Reads a `ForwardOrder` from standard input, holds the data directory, writes `run.json` and
forwards ports until it is told to stop; then nothing of it is left.
"""

import asyncio
import signal
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from ledgerflux.deploy.minikube.forwarding import keep_all
from ledgerflux.errors import Conflict
from ledgerflux.stack.run_dir import GatewayAddress, RunDir, RunState


class ForwardOrder(msgspec.Struct, frozen=True):
    """What to forward: command lines by service, the gateway's port, what was asked for."""

    commands: dict[str, list[str]]
    gateway_port: int
    request: dict[str, Any]


def main() -> int:
    """Forward until SIGTERM; return the exit code."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=ForwardOrder)
    run_dir = RunDir(Path(sys.argv[1]))
    try:
        with run_dir.lock():
            run_dir.write(state_of(order, run_dir, time.time_ns()))
            asyncio.run(_until_told(run_dir, order))
            run_dir.forget()
    except Conflict as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def state_of(order: ForwardOrder, run_dir: RunDir, now_ns: int) -> RunState:
    """Return what `run.json` says; source and durability are for the gateway to tell."""
    import os

    address = f"127.0.0.1:{order.gateway_port}"
    gateway = GatewayAddress(ws=f"ws://{address}/v1/ws", http=f"http://{address}")
    return RunState(
        pid=os.getpid(),
        warden_pid=os.getpid(),
        state="up",
        started_ns=now_ns,
        data_dir=str(run_dir.path),
        source="unknown",
        durability="unknown",
        request=order.request,
        gateway=gateway,
        gateways=[gateway],
    )


async def _until_told(run_dir: RunDir, order: ForwardOrder) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(keep_all(run_dir, dict(order.commands)))
        stopping = group.create_task(stop.wait())
        await asyncio.wait((keeping, stopping), return_when=asyncio.FIRST_COMPLETED)
        keeping.cancel()
        stopping.cancel()


if __name__ == "__main__":
    sys.exit(main())
