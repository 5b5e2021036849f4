import stat

import pytest

from ledgerflux_cli import bugs
from ledgerflux_cli.bugs import bug_file, keep_trace, told_bug


def raised(message="oops"):
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError(message)
    return caught.value


@pytest.fixture
def home(tmp_path):
    return {"HOME": str(tmp_path)}


def test_a_bug_names_its_file_and_the_report_to_make(home, tmp_path):
    error = told_bug(ExceptionGroup("unhandled", [raised()]), ["up", "--nats", "secret"], home)
    assert (error.code, error.exit_code) == ("bug", 1)
    assert error.message == "RuntimeError: oops (a bug in lf)"
    kept = tmp_path / ".local/state/ledgerflux" / bugs.FILE
    assert error.try_next[0] == f"see {kept}"
    assert "lf doctor --report" in error.try_next[1]
    text = kept.read_text()
    assert "lf up\n" in text
    assert "Traceback" in text
    assert "secret" not in text


def test_the_file_is_private_grows_and_is_bounded(home, monkeypatch):
    path = keep_trace(raised("one"), [], home)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    keep_trace(raised("two"), [], home)
    assert "one" in path.read_text()
    assert "two" in path.read_text()
    monkeypatch.setattr(bugs, "FILE_BYTES_MAX", 10)
    keep_trace(raised("three"), [], home)
    assert "two" not in path.read_text()
    assert "three" in path.read_text()


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["up", "--data-dir", "{}"], {}),
        (["up", "--data-dir={}"], {}),
        (["up"], {"LF_DATA_DIR": "{}"}),
    ],
)
def test_a_bug_of_a_stack_is_kept_beside_its_logs(home, tmp_path, arguments, extra):
    stack = tmp_path / "stack"
    (stack / "logs").mkdir(parents=True)
    environment = home | {name: value.format(stack) for name, value in extra.items()}
    kept = keep_trace(raised(), [word.format(stack) for word in arguments], environment)
    assert kept == stack / "logs" / bugs.FILE


def test_a_data_directory_that_is_not_there_is_not_made(home, tmp_path):
    assert bug_file(tmp_path / "none", home).parent == tmp_path / ".local/state/ledgerflux"


def test_where_no_file_can_be_written_the_traceback_can_be_asked_for(tmp_path):
    (tmp_path / "file").write_text("")
    error = told_bug(raised(), [], {"HOME": str(tmp_path / "file")})
    assert error.try_next[0].startswith("LF_DEBUG=1 lf")
