import os

import pytest

from ledgerflux.errors import NotRunning
from ledgerflux.stack.run_dir import GatewayAddress, RunDir, RunState, ServiceState
from ledgerflux.stack.status import down_status, is_fine, local_status, problems_of


def state(*services, phase="up", gateway=None, **request):
    return RunState(
        os.getpid(), 2, phase, 3, "/d", "synthetic:200", "disk", request, list(services), gateway
    )


READY = ServiceState("nats", os.getpid(), "ready", since_ns=1_700_000_000_000_000_000)
GATEWAY = GatewayAddress("ws://h/v1/ws", "http://h")


@pytest.mark.parametrize(
    ("run", "problems"),
    [
        (state(READY), []),
        (state(READY, phase="starting"), ["the stack is starting"]),
        (state(READY, gateway=GATEWAY), ["the gateway does not answer"]),
        (
            state(READY, ServiceState("a", None, "failed", detail="why"), gateway=GATEWAY),
            ["a is failed: why"],
        ),
        (state(ServiceState("a", None, "restarting")), ["a is restarting"]),
    ],
)
def test_what_is_wrong_is_named(run, problems):
    assert problems_of(run) == problems


def test_a_source_that_was_to_end_and_has_ended_is_fine():
    ended = ServiceState("exchange", None, "stopped")
    assert is_fine(ended, state(at_end="exit"))
    assert not is_fine(ended, state(at_end="hold"))


def test_without_a_holder_there_is_no_status(tmp_path):
    run_dir = RunDir(tmp_path)
    for written in (False, True):
        if written:
            run_dir.write(state(READY))
        with pytest.raises(NotRunning, match="no stack runs in"):
            local_status(run_dir)


def test_what_only_a_gateway_knows_is_unknown_not_zero(tmp_path):
    run_dir = RunDir(tmp_path)
    gone = ServiceState("b", 2**22 + 1, "ready")
    run_dir.write(state(READY, gone, ServiceState("c", None, "starting")))
    with run_dir.lock():
        status = local_status(run_dir)
    assert status["schema"] == "lf.status/1"
    assert (status["state"], status["source"], status["durability"]) == (
        "degraded", "synthetic:200", "disk",
    )  # fmt: skip
    assert status["gaps"] is None
    assert set(status["counts"].values()) == {None}
    own, b, c = status["services"]
    assert own["rss_bytes"] > 1_000_000
    assert own["since"] == "2023-11-14T22:13:20.000000000Z"
    assert (b["rss_bytes"], c["pid"]) == (0, None)
    assert status["disk_bytes"] > 0


def test_the_status_of_nothing_has_the_same_keys(tmp_path):
    run_dir = RunDir(tmp_path)
    run_dir.write(state(READY))
    with run_dir.lock():
        assert down_status().keys() == local_status(run_dir).keys()
    assert down_status()["state"] == "down"
