import os
import stat

import pytest

from ledgerflux.adapters.files import secret_of, write_private


def test_a_file_is_replaced_whole_and_stays_private(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"a much longer old content")
    path.chmod(0o644)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_a_write_that_fails_changes_nothing(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_private(path, "no bytes")
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_can_be_given_to_another_user(tmp_path):
    write_private(tmp_path / "file", b"x", uid=1, gid=2)
    found = (tmp_path / "file").stat()
    assert (found.st_uid, found.st_gid) == (1, 2)


def test_a_secret_is_made_once(tmp_path):
    secret = secret_of(tmp_path / "secret")
    assert len(bytes.fromhex(secret)) == 16
    assert secret_of(tmp_path / "secret") == secret
    assert secret_of(tmp_path / "other") != secret


def test_an_empty_secret_file_is_filled(tmp_path):
    (tmp_path / "secret").touch()
    assert secret_of(tmp_path / "secret")
