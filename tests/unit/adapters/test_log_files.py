"""Log files stay within their bound, and no line is lost to that."""

import os

import pytest

from ledgerflux.adapters import log_files
from ledgerflux.adapters.log_files import cut_logs, keep_older, older_of


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(log_files, "LOG_BYTES_MAX", 100)


def test_a_log_within_its_bound_is_left_alone(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("x" * 100)
    cut_logs(tmp_path)
    keep_older(log)
    assert log.read_text() == "x" * 100
    assert not older_of(log).exists()


def test_a_log_that_is_written_is_cut_and_written_on(tmp_path):
    log = tmp_path / "a.log"
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, b"first " * 20)
    older_of(log).write_text("much older")
    cut_logs(tmp_path)
    os.write(descriptor, b"then")
    os.close(descriptor)
    assert log.read_bytes() == b"then"
    assert older_of(log).read_bytes() == b"first " * 20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log", "a.log.1"]


def test_only_logs_are_cut_and_a_log_that_vanished_is_no_error(tmp_path):
    (tmp_path / "other.txt").write_text("x" * 200)
    (tmp_path / "gone.log").symlink_to(tmp_path / "nowhere")
    cut_logs(tmp_path)
    assert (tmp_path / "other.txt").read_text() == "x" * 200


def test_before_a_start_a_large_log_is_put_aside(tmp_path):
    log = tmp_path / "logs" / "a.log"
    keep_older(log)
    log.write_text("x" * 200)
    keep_older(log)
    assert not log.exists()
    assert older_of(log).read_text() == "x" * 200
