import sys
from pathlib import Path

import msgspec
import pytest
from stack_states import STATE

from ledgerflux.errors import Conflict
from ledgerflux.settings import RoleSettings, UpRequest
from ledgerflux.stack import child
from ledgerflux.stack.members import role_arguments
from ledgerflux.stack.run_dir import RunDir


@pytest.fixture
def run_dir(tmp_path):
    run_dir = RunDir(tmp_path)
    run_dir.write(STATE)
    return run_dir


def read(run_dir, name, **asked):
    role, *flags = role_arguments(name, UpRequest(**asked), 8001)
    words = ["--data-dir", str(run_dir.path), "--take-over", "--log-level", "error", *flags]
    return child.read_arguments(role, words)


def of(run_dir, **more):
    """Return what every role gets, and `more`."""
    return RoleSettings(
        data_dir=run_dir.path, nats_url="nats://127.0.0.1:5", nats_user="u", nats_password="p",
        take_over=True, log_level="error", **more,
    )  # fmt: skip


def test_each_role_reads_what_its_supervisor_writes(run_dir):
    pair = ("BTC-USD", "ETH-USD")
    market = {"source": "synthetic:7", "products": pair}
    pace = {"speed": "max", "paused": True, "at_end": "loop"}
    assert read(run_dir, "exchange", **market, **pace) == of(run_dir, **market, **pace)
    assert read(run_dir, "exchange", speed=2.5) == of(run_dir, speed=2.5)
    assert read(run_dir, "ingest", **market) == of(run_dir, **market)
    assert read(run_dir, "normalize-2", shards=3) == of(run_dir, shard=2, shards=3, instance="2")
    assert read(run_dir, "gateway", host="::1") == of(run_dir, host="::1", port=8001)
    assert read(run_dir, "gateway-1", gateways=2) == of(run_dir, port=8001, instance="1")
    public = {"host": "0.0.0.0", "insecure_public": True}
    assert read(run_dir, "gateway", **public) == of(run_dir, port=8001, **public)


def test_a_gateway_reads_who_may_reach_it(run_dir):
    files = {"tls_cert": "/c", "tls_key": "/k", "keys_file": "/keys", "jwt_keys": "/jwt"}
    texts = {"jwt_issuer": "--us", "jwt_audience": "gate way", "origins": ("https://a", "http://b")}
    texts["shared_networks"] = ("10.0.0.0/8", "::1/128")
    paths = {name: Path(file) for name, file in files.items()}
    assert read(run_dir, "gateway", **files, **texts) == of(run_dir, port=8001, **paths, **texts)
    assert read(run_dir, "gateway-1", gateways=2, **files).keys_file == Path("/keys")


def test_only_the_role_that_writes_to_it_knows_the_database(run_dir):
    assert read(run_dir, "snapshot") == of(run_dir, postgres_dsn="postgresql://here")


def test_flags_that_are_wrong_are_refused(run_dir):
    with pytest.raises(msgspec.ValidationError):
        child.read_arguments("normalize", ["--data-dir", str(run_dir.path), "--shard", "many"])


def test_an_error_is_told_as_lf_tells_it(run_dir, monkeypatch, capsys):
    def refused(role, settings):
        raise Conflict("taken", try_next=["lf status"])

    monkeypatch.setattr(child, "run_role", refused)
    monkeypatch.setattr(child, "log_to_stream", lambda level: None)
    monkeypatch.setattr(sys, "argv", ["child", "ingest", "--data-dir", str(run_dir.path)])
    assert child.main() == 6
    assert capsys.readouterr().err == "error[already_running]: taken\n  next: lf status\n"
    monkeypatch.setattr(child, "run_role", lambda role, settings: 0)
    assert child.main() == 0
