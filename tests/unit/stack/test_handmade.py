from pathlib import Path

import msgspec
import pytest
from stack_states import STATE

from ledgerflux.client import way
from ledgerflux.client.way import Way
from ledgerflux.stack.handmade import reach
from ledgerflux.stack.report import gateway_address
from ledgerflux.stack.run_dir import RunDir


@pytest.fixture(autouse=True)
def unchanged(monkeypatch):
    monkeypatch.setattr(way, "_usual", Way(token="lfk.a.b"))


def running(path, *gateways):
    """Return what is reached of a stack with these gateways."""
    run_dir = RunDir(path / "lf")
    run_dir.claim()
    run_dir.write(msgspec.structs.replace(STATE, gateways=list(gateways)))
    with run_dir.lock():
        return reach(run_dir)


def test_gateways_with_a_certificate_are_reached_over_tls_and_believed(tmp_path):
    found = running(tmp_path, gateway_address("0.0.0.0", 8000, "gateway", "/cert.pem"))
    assert [(one.http, one.ws) for one in found] == [
        ("https://127.0.0.1:8000", "wss://127.0.0.1:8000/v1/ws")
    ]
    assert way.usual_way() == Way(token="lfk.a.b", certificate=Path("/cert.pem"))


def test_without_a_certificate_nothing_is_believed_that_was_not(tmp_path):
    assert running(tmp_path, gateway_address("::", 8000))[0].http == "http://[::1]:8000"
    assert way.usual_way() == Way(token="lfk.a.b")
