import os
import socket
from pathlib import Path

import pytest
from stack_states import STATE

from ledgerflux.stack import build
from ledgerflux.stack.run_dir import RunDir
from ledgerflux_cli.app import run_command


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """Return the list of (role, settings) that were run; each ends with 0."""
    calls = []

    def run_role(role, settings):
        calls.append((role, settings))
        return 0

    monkeypatch.setattr(build, "run_role", run_role)
    monkeypatch.setenv("LF_DATA_DIR", str(tmp_path / "lf"))
    for name in ("LF_NATS_URL", "LF_POSTGRES_DSN", "LF_SHARD", "LF_PRODUCTS"):
        monkeypatch.delenv(name, raising=False)
    run_dir = RunDir(tmp_path / "lf")
    run_dir.claim()
    run_dir.write(STATE)
    return calls


def settings_of(ran, *arguments):
    assert run_command(["run", *arguments]) == 0
    role, settings = ran.pop()
    assert role == arguments[0]
    return settings


def test_servers_are_found_in_the_data_directory(ran, tmp_path):
    settings = settings_of(ran, "snapshot")
    assert settings.data_dir == tmp_path / "lf"
    assert (settings.nats_url, settings.nats_user, settings.nats_password) == (
        "nats://127.0.0.1:5", "u", "p",
    )  # fmt: skip
    assert settings.postgres_dsn == "postgresql://here"


def test_servers_elsewhere_are_named_by_flag_or_variable(ran, monkeypatch):
    settings = settings_of(ran, "ingest", "--nats", "nats://a%40b:c@host:4222")
    assert (settings.nats_url, settings.nats_user, settings.nats_password) == (
        "nats://host:4222", "a@b", "c",
    )  # fmt: skip
    monkeypatch.setenv("LF_NATS_URL", "nats://other:1")
    monkeypatch.setenv("LF_POSTGRES_DSN", "postgresql://there")
    settings = settings_of(ran, "snapshot")
    assert (settings.nats_url, settings.nats_user) == ("nats://other:1", None)
    assert settings.postgres_dsn == "postgresql://there"


def test_each_role_gets_its_own_settings(ran):
    settings = settings_of(
        ran, "exchange", "--source", "synthetic:7", "--products", "btc-usd, ETH-USD",
        "--speed", "max", "--paused", "--at-end", "loop",
    )  # fmt: skip
    assert (settings.source, settings.products) == ("synthetic:7", ("BTC-USD", "ETH-USD"))
    assert (settings.speed, settings.paused, settings.at_end) == ("max", True, "loop")
    settings = settings_of(ran, "normalize", "--shard", "2", "--shards", "3")
    assert (settings.shard, settings.shards, settings.instance) == (2, 3, "2")
    settings = settings_of(ran, "gateway", "--host", "0.0.0.0", "--port", "0")
    assert (settings.host, settings.port, settings.instance) == ("0.0.0.0", 0, "0")


def test_who_may_reach_a_gateway_is_set_by_flag_or_variable(ran, monkeypatch):
    settings = settings_of(
        ran, "gateway", "--tls-cert", "c.pem", "--tls-key", "k.pem",
        "--origins", "https://A.example:443, http://b.example:3000",
        "--shared-networks", "10.0.0.0/8, 192.0.2.1",
    )  # fmt: skip
    assert (settings.tls_cert, settings.tls_key) == (Path("c.pem"), Path("k.pem"))
    assert settings.origins == ("https://a.example", "http://b.example:3000")
    assert settings.shared_networks == ("10.0.0.0/8", "192.0.2.1/32")
    assert not settings.insecure_public
    monkeypatch.setenv("LF_INSECURE_PUBLIC", "true")
    assert settings_of(ran, "gateway").insecure_public


def test_what_all_roles_share(ran):
    settings = settings_of(
        ran, "ingest", "--http-port", "9", "--log-level", "error", "--take-over", "--instance", "x"
    )
    assert (settings.http_port, settings.log_level) == (9, "error")
    assert (settings.take_over, settings.instance) == (True, "x")


def test_the_password_is_not_handed_on_in_the_environment(ran, monkeypatch):
    monkeypatch.setenv("LF_NATS_URL", "nats://u:secret@host:1")
    settings = settings_of(ran, "ingest")
    assert "LF_NATS_URL" not in os.environ
    assert "secret" not in repr(settings)


def test_the_exit_code_is_the_roles_own(ran, monkeypatch):
    monkeypatch.setattr(build, "run_role", lambda *_: 6)
    assert run_command(["run", "gateway"]) == 6


def test_passwords_are_taken_from_files(ran, tmp_path):
    (tmp_path / "word").write_text("secret\n")
    file = str(tmp_path / "word")
    nats = ("--nats", "nats://someone@host:4222", "--nats-password-file", file)
    settings = settings_of(
        ran, "snapshot", *nats, "--postgres", "host=db", "--postgres-password-file", file
    )
    assert (settings.nats_url, settings.nats_user) == ("nats://host:4222", "someone")
    assert (settings.nats_password, settings.postgres_password) == ("secret", "secret")
    assert settings.postgres_dsn == "host=db"


def test_an_exchange_listens_and_is_found_where_it_is_told(ran):
    settings = settings_of(
        ran, "exchange", "--exchange-host", "0.0.0.0", "--exchange-port", "9000",
        "--advertise", "ws://exchange:9000/",
    )  # fmt: skip
    assert (settings.exchange_host, settings.exchange_port) == ("0.0.0.0", 9000)
    assert settings.advertise == "ws://exchange:9000/"
    assert settings_of(ran, "exchange").advertise is None


def test_an_address_of_another_kind_is_refused(ran, capsys):
    assert run_command(["run", "exchange", "--advertise", "http://exchange"]) == 2
    assert "--advertise" in capsys.readouterr().err


def test_a_shard_has_the_number_of_its_host(ran, monkeypatch, capsys):
    monkeypatch.setattr(socket, "gethostname", lambda: "normalize-2")
    assert settings_of(ran, "normalize").shard == 2
    assert settings_of(ran, "normalize").instance == "2"
    assert settings_of(ran, "normalize", "--shard", "1").shard == 1
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    assert run_command(["run", "normalize"]) == 2
    assert "which shard?" in capsys.readouterr().err


def test_metrics_are_answered_elsewhere_when_asked(ran):
    assert settings_of(ran, "ingest").http_host == "127.0.0.1"
    assert settings_of(ran, "ingest", "--http-host", "0.0.0.0").http_host == "0.0.0.0"
