import pytest

from ledgerflux.client import way
from ledgerflux.client.way import Way
from ledgerflux_cli.app import run_command
from ledgerflux_cli.command_table import COMMANDS
from ledgerflux_cli.root import build_command


@pytest.fixture(autouse=True)
def unchanged(monkeypatch):
    monkeypatch.setattr(way, "_usual", Way())


def test_each_command_that_asks_a_gateway_elsewhere_can_be_told_whom_to_trust():
    taking = {
        entry.name
        for entry in COMMANDS
        if any("--gateway-ca" in parameter.opts for parameter in build_command(entry).params)
    }
    assert taking == {"status", "wait", "top", "sub", "book", "products"}


def test_a_file_to_trust_that_is_none_is_told_in_one_line(tmp_path, capsys):
    file = tmp_path / "ca.pem"
    file.touch()
    asked = ["products", "--gateway", "https://127.0.0.1:1", "--gateway-ca", str(file)]
    assert run_command(asked) == 2
    assert "error[bad_certificate]" in capsys.readouterr().err


def test_the_variable_says_the_same(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LF_GATEWAY_CA", str(tmp_path / "none.pem"))
    assert run_command(["products", "--gateway", "https://127.0.0.1:1"]) == 2
    assert "none.pem" in capsys.readouterr().err
