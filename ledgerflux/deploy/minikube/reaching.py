"""Makes the cluster's services reachable from this machine, and keeps them so."""

import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from ledgerflux.client.addresses import get_json
from ledgerflux.deploy.minikube.commands import forward_argv
from ledgerflux.deploy.minikube.forwarder import ForwardOrder
from ledgerflux.deploy.minikube.planning import Forward
from ledgerflux.errors import GatewayError, StackError, Timeout
from ledgerflux.stack.run_dir import RunDir, RunState

POLL_S = 0.1
TIMEOUT_S = 20.0
MODULE = "ledgerflux.deploy.minikube.forwarder"
_left_behind: list["subprocess.Popen[bytes]"] = []
"""Processes that outlive us; whoever started them in a long life can still wait for them."""


def request_of(
    kubectl: str, context: str, forwards: Sequence[Forward], **more: Any
) -> ForwardOrder:
    """Return what the forwarder is told; `more` is kept in `run.json` as asked for."""
    commands = {one.service: [kubectl, *forward_argv(context, *one)[1:]] for one in forwards}
    ports = {one.service: one.local for one in forwards}
    request = {"target": "minikube", "kube_context": context, "ports": ports, **more}
    return ForwardOrder(commands, ports["gateway"], request)


def start_forwarder(run_dir: RunDir, order: ForwardOrder) -> RunState:
    """Start the process that forwards; return its state once the gateway answers.

    Raises:
        StackError: It ended (`stack`).
        Timeout: The gateway does not answer through it (`start_timeout`).
    """
    run_dir.claim()
    run_dir.logs.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-P", "-m", MODULE, str(run_dir.path)]
    with run_dir.log("forwarder").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            argv, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )
    _left_behind.append(process)
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(order))
    process.stdin.close()
    return _answering(run_dir, process)


def _answering(run_dir: RunDir, process: subprocess.Popen[bytes]) -> RunState:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StackError(
                f"the process that forwards ports ended with {process.returncode}",
                try_next=[f"see {run_dir.log('forwarder')}"],
            )
        state = run_dir.read()
        if state is not None and state.pid == process.pid and answers(state):
            return state
        time.sleep(POLL_S)
    process.terminate()
    process.wait()
    raise Timeout(
        f"the gateway does not answer through the forwarded port within {TIMEOUT_S:.0f} s",
        code="start_timeout",
        try_next=[f"see {run_dir.log('forward-gateway')}", "lf up --target minikube"],
    )


def answers(state: RunState) -> bool:
    """Say whether the gateway of a state answers."""
    if state.gateway is None:
        return False
    try:
        get_json(state.gateway.http, "/v1/status", timeout_s=2.0)
    except GatewayError:
        return False
    return True
