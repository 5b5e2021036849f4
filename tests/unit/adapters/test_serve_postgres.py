import os
import socket
import threading

import pytest

from ledgerflux.adapters.embedded import serve_postgres
from ledgerflux.adapters.embedded.serve_postgres import command, is_ready, main, make_data
from ledgerflux.errors import StackError


@pytest.fixture
def programs(tmp_path):
    """Return a folder of programs that write down how they were called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("initdb", "postgres"):
        path = folder / name
        path.write_text(
            f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/calls\n'
            f"[ {name} = initdb ] && mkdir -p $2 && echo 18 > $2/PG_VERSION\n"
            f"cat >> {tmp_path}/calls\n"
            f"[ ! -e {tmp_path}/fail ] || {{ echo no room >&2; exit 3; }}\n"
        )
        path.chmod(0o755)
    return folder


def test_the_data_are_made_once_with_a_password_and_our_database(tmp_path, programs):
    make_data(programs, tmp_path / "postgres", tmp_path / "word")
    calls = (tmp_path / "calls").read_text()
    assert f"--pwfile {tmp_path}/word --auth=scram-sha-256" in calls
    assert "CREATE DATABASE ledgerflux" in calls
    assert "host all all all scram-sha-256" in (tmp_path / "postgres" / "pg_hba.conf").read_text()
    assert not (tmp_path / "postgres.new").exists()


def test_what_fails_on_the_way_leaves_no_data(tmp_path, programs):
    (tmp_path / "fail").touch()
    with pytest.raises(StackError, match="initdb failed: no room"):
        make_data(programs, tmp_path / "postgres", tmp_path / "word")
    assert not (tmp_path / "postgres").exists()


def test_this_process_becomes_the_server(tmp_path, programs, monkeypatch):
    became = []
    monkeypatch.setattr(serve_postgres, "find_programs", lambda: programs)
    monkeypatch.setattr(os, "execv", lambda path, argv: became.append((path, argv)))
    arguments = ["--data-dir", str(tmp_path)]
    with pytest.raises(SystemExit):
        main(arguments)
    main([*arguments, "--password-file", str(tmp_path / "word")])
    main(arguments)
    argv = command(programs, tmp_path / "postgres")
    assert became == [(str(programs / "postgres"), argv)] * 2
    assert "listen_addresses=*" in argv


@pytest.mark.parametrize(("answer", "ready"), [(b"R", True), (b"E", False), (b"", False)])
def test_a_server_that_asks_for_a_password_is_ready(answer, ready):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            line, _ = server.accept()
            with line:
                line.recv(100)
                line.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert is_ready(port=server.getsockname()[1]) is ready
        thread.join()


def test_where_nothing_listens_nothing_is_ready(monkeypatch):
    monkeypatch.setattr(serve_postgres, "PORT", 1)
    assert is_ready(port=1) is False
    monkeypatch.setattr(serve_postgres, "is_ready", lambda: True)
    assert main(["--is-ready"]) == 0
