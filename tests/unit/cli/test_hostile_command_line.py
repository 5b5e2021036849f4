"""Command lines that mean nothing: one line with a code, and nothing started or written."""

import json

import pytest
from hostile import rows
from hypothesis import HealthCheck, given, settings
from strategies.command_line import arguments

from ledgerflux_cli.app import run_command


@pytest.fixture
def lf(capsys, tmp_path, monkeypatch):
    """Run a command on an empty home; return (exit code, stdout, stderr)."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "LF_DATA_DIR", "LF_SOURCE", "LF_DEBUG", "LF_NATS_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*argv):
        code = run_command(argv)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize("row", rows("command_line"))
def test_a_mistake_is_one_line_with_its_code_and_nothing_is_left(lf, row, tmp_path):
    code, out, err = lf(*row["argv"])
    assert (code, out) == (row["exit"], "")
    first, *rest = err.splitlines()
    assert first.startswith(f"error[{row['code']}]: ")
    assert row["said"] in first
    assert all(line.startswith("  ") for line in rest)
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/dev/null", "/proc/nope", "a-file"])
def test_a_data_directory_that_can_not_be_one_is_told_in_one_line(lf, tmp_path, place):
    (tmp_path / "a-file").write_text("mine")
    path = tmp_path / place if place == "a-file" else place
    code, out, err = lf("up", "--data-dir", str(path), "--json")
    error = json.loads(err)["error"]
    assert (error["exit"], out) == (code, "")
    assert error["code"] in ("bad_config", "system", "permission_denied", "already_running")
    assert (tmp_path / "a-file").read_text() == "mine"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(argv=arguments)
def test_nonsense_never_ends_in_a_traceback(lf, argv):
    code, _, err = lf(*argv)
    assert code in (0, 2, 3)
    assert "Traceback" not in err
    assert "error[bug]" not in err
