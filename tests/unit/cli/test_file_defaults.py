import pytest

from ledgerflux.stack import build
from ledgerflux_cli.app import run_command
from ledgerflux_cli.command_table import COMMANDS
from ledgerflux_cli.file_defaults import file_defaults
from ledgerflux_cli.root import build_command


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a function that writes ./ledgerflux.toml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("LF_DATA_DIR", "LF_SHARDS", "LF_TIMEOUT", "LF_PRODUCTS", "LF_SOURCE"):
        monkeypatch.delenv(name, raising=False)
    return (tmp_path / "ledgerflux.toml").write_text


def told(capsys, *arguments):
    assert run_command(arguments) == 3
    return capsys.readouterr().err


def test_a_file_stands_below_variable_and_flag(project, tmp_path, monkeypatch, capsys):
    project(f'data_dir = "{tmp_path}/file"\n')
    assert f"no stack runs in {tmp_path}/file" in told(capsys, "status")
    monkeypatch.setenv("LF_DATA_DIR", f"{tmp_path}/variable")
    assert f"no stack runs in {tmp_path}/variable" in told(capsys, "status")
    assert f"no stack runs in {tmp_path}/flag" in told(
        capsys, "status", "--data-dir", f"{tmp_path}/flag"
    )


def test_a_typed_default_beats_the_file(project, tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(build, "run_role", lambda _role, settings: given.append(settings) or 0)
    project('nats_url = "nats://h:1"\nshards = 9\nproducts = ["eth-usd"]\npaused = true\n')
    run = ["--data-dir", str(tmp_path / "lf")]
    assert run_command(["run", "normalize", "--shard", "0", *run]) == 0
    assert run_command(["run", "normalize", "--shard", "0", "--shards", "4", *run]) == 0
    assert run_command(["run", "exchange", *run]) == 0
    assert [settings.shards for settings in given[:2]] == [9, 4]
    assert (given[2].products, given[2].paused) == (("ETH-USD",), True)


def test_a_fault_in_a_file_ends_every_command_but_help_and_config(project, capsys):
    project("sharts = 4\n")
    assert run_command(["status"]) == 2
    assert "ledgerflux.toml:1: unknown setting 'sharts': did you mean" in capsys.readouterr().err
    for arguments in (["status", "--help"], ["help"], ["config", "path"], ["version"]):
        assert run_command(arguments) == 0


def test_a_parameter_that_only_shares_a_name_is_no_setting(project):
    verify = build_command(next(entry for entry in COMMANDS if entry.name == "verify"))
    project('shards = 9\ndata_dir = "/d"\n')
    assert file_defaults("verify", verify, []) == {"data_dir": "/d"}
