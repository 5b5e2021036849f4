import json

import pytest

from ledgerflux.settings.layers import MASK
from ledgerflux_cli.app import run_command


@pytest.fixture
def lf(capsys, tmp_path, monkeypatch):
    """Run a command in an empty directory of a new user; return (code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "LF_DATA_DIR", "LF_SOURCE", "LF_PORT"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        code = run_command(["config", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def settings(lf, *arguments):
    document = json.loads(lf("show", "--json", *arguments)[1])
    assert document["schema"] == "lf.config/1"
    return document["settings"]


def test_the_settings_are_shown_with_what_they_mean_here(lf, tmp_path):
    lines = lf("show")[1].splitlines()
    assert f"data_dir                {tmp_path}/.local/state/ledgerflux/default" in lines
    assert "speed                   1" in lines
    assert "paused                  false" in lines
    assert "port                    -" in lines
    assert "default" not in lines[2]


def test_the_origin_is_shown_on_request(lf, tmp_path, monkeypatch):
    (tmp_path / "ledgerflux.toml").write_text("\nshards = 2\n")
    monkeypatch.setenv("LF_PORT", "9")
    lines = [line.split() for line in lf("show", "--origin", "--data-dir", "/x")[1].splitlines()]
    assert ["shards", "2", f"{tmp_path}/ledgerflux.toml:2"] in lines
    assert ["port", "9", "env", "LF_PORT"] in lines
    assert ["data_dir", "/x", "flag", "--data-dir"] in lines
    assert ["host", "127.0.0.1", "default"] in lines
    assert settings(lf)["shards"] == {"value": 2, "origin": f"{tmp_path}/ledgerflux.toml:2"}


def test_a_secret_is_masked(lf, monkeypatch):
    monkeypatch.setenv("LF_NATS_URL", "nats://u:hush@h:1")
    assert "hush" not in lf("show", "--origin")[1]
    assert settings(lf)["nats_url"] == {"value": MASK, "origin": "env LF_NATS_URL"}


def test_the_places_of_files_are_named(lf, tmp_path):
    assert lf("path")[1].splitlines() == [
        f"{tmp_path}/ledgerflux.toml",
        f"{tmp_path}/.config/ledgerflux/config.toml",
    ]
    document = json.loads(lf("path", "--json")[1])
    assert document["schema"] == "lf.config-path/1"
    assert [file["exists"] for file in document["files"]] == [False, False]


def test_faults_are_one_line_each_and_exit_2(lf, tmp_path, monkeypatch):
    assert lf("validate") == (0, "", "no fault: no file\n")
    (tmp_path / "ledgerflux.toml").write_text("shards = 99\nhosst = 'x'\n")
    monkeypatch.setenv("LF_PORT", "x")
    code, out, _ = lf("validate")
    assert code == 2
    first, second, third = out.splitlines()
    assert first.startswith(f"{tmp_path}/ledgerflux.toml:1: shards: ")
    assert second.endswith(":2: unknown setting 'hosst': did you mean 'host'?")
    assert third.startswith("LF_PORT: ")


def test_one_file_is_checked_alone(lf, tmp_path, monkeypatch):
    monkeypatch.setenv("LF_PORT", "x")
    (tmp_path / "other.toml").write_text("shards = 3\n")
    assert lf("validate", "other.toml") == (0, "", "no fault: other.toml\n")
    (tmp_path / "other.toml").write_text("shards = 99\n")
    code, out, _ = lf("validate", "other.toml", "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (2, "lf.config-faults/1")
    assert document["faults"][0].items() >= {"place": "other.toml", "line": 1}.items()
    assert "No such file" in lf("validate", "none.toml")[1]


def test_what_holds_can_not_be_shown_while_a_file_is_wrong(lf, tmp_path):
    (tmp_path / "ledgerflux.toml").write_text("sharts = 1\n")
    code, out, err = lf("show")
    assert (code, out) == (2, "")
    assert "ledgerflux.toml:1: unknown setting 'sharts'" in err
