"""The monitoring port of a real nats-server, as the snapshot role looks at it."""

import pytest
from processes import gone, naming

from ledgerflux.adapters.embedded.nats_server import NatsServer, find_binary
from ledgerflux.adapters.files import write_private
from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.nats_monitor import NatsMonitor
from ledgerflux.adapters.nats_streams import prepare
from ledgerflux.adapters.process import Child, Command
from ledgerflux.adapters.sockets import free_port
from ledgerflux.errors import BusError, ConfigError


class Monitored(NatsServer):
    """The server of a local stack, with a monitoring port."""

    monitor_port = 0

    async def launch(self, spawn=Child.spawn):
        child = await super().launch()
        await child.stop()
        self.monitor_port = free_port("127.0.0.1")
        config = self.directory / "nats.conf"
        text = f'{config.read_text()}\nhttp: "127.0.0.1:{self.monitor_port}"\n'
        write_private(config, text.encode())
        return await spawn(Command((str(find_binary()), "-c", str(config)), self.log))


@pytest.fixture(params=["process", "disk"])
async def server(request, tmp_path):
    made = Monitored(tmp_path / "nats", tmp_path / "nats.log", durability=request.param)
    child = await made.launch()
    await made.wait_ready(child)
    yield made
    await child.stop()
    for process in naming(tmp_path):
        process.kill()
    gone(tmp_path)


async def test_a_server_says_what_its_streams_hold_and_what_it_survives(server):
    monitor = NatsMonitor(f"http://127.0.0.1:{server.monitor_port}/")
    url, user, password = server.access
    async with NatsBus.open(url, user=user, password=password) as bus:
        await prepare(bus)
        for last in range(3):
            await bus.append("MD_RAW", "md.raw.00.test", b"x" * 50, expected_last=last)
        state = await monitor()
    raw = next(stream for stream in state.streams if stream.name == "MD_RAW")
    assert (raw.messages, raw.first_sequence, raw.last_sequence) == (3, 1, 3)
    assert raw.size_bytes > 150
    assert state.durability == server.durability
    assert state.connections == 1
    assert 0 < state.storage_bytes < state.storage_bytes_max
    assert state.memory_bytes > 1_000_000


async def test_a_port_that_nobody_listens_on_is_told():
    monitor = NatsMonitor(f"http://127.0.0.1:{free_port('127.0.0.1')}")
    with pytest.raises(BusError, match="does not answer"):
        await monitor()


@pytest.mark.parametrize("url", ["nats:8222", "file:///etc/passwd", "http://", "https://nats"])
def test_what_is_no_such_address_is_refused(url):
    with pytest.raises(ConfigError, match="no address"):
        NatsMonitor(url)
