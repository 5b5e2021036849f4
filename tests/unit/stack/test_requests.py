import errno
import socket
from dataclasses import replace

import msgspec
import pytest

from ledgerflux.errors import ConfigError, Conflict, FeedError
from ledgerflux.settings import DEFAULT_PORT, UpRequest
from ledgerflux.stack import requests
from ledgerflux.stack.requests import choose_ports, differences, resolve, venue_answers


async def yes(_):
    return True


async def no(_):
    return False


@pytest.fixture
def taken():
    """Yield a port that somebody listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


async def test_auto_takes_the_first_venue_that_answers():
    assert (await resolve(UpRequest(source="auto"), yes)).source == "coinbase-advanced"


async def test_auto_falls_back_to_the_synthetic_market():
    assert (await resolve(UpRequest(source="auto"), no)).source == "synthetic:200"


async def test_a_recording_is_named_by_its_whole_path(tmp_path, monkeypatch):
    (tmp_path / "a.lfr").touch()
    monkeypatch.chdir(tmp_path)
    request = await resolve(UpRequest(source="replay:a.lfr"), no)
    assert request.source == f"replay:{tmp_path / 'a.lfr'}"


async def test_a_recording_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="no recording"):
        await resolve(UpRequest(source=f"replay:{tmp_path}/none.lfr"), no)


async def test_other_sources_stay_as_they_are():
    asked = UpRequest(source="synthetic:7")
    assert await resolve(asked, no) is asked


class Socket:
    async def close(self):
        pass


class Feed:
    def __init__(self, error=None):
        self.error = error

    async def connect(self, url):
        assert url.startswith("wss://")
        if self.error:
            raise self.error
        return Socket()


async def test_a_venue_answers_when_it_opens_a_socket():
    assert await venue_answers(Feed(), "coinbase-advanced")
    assert not await venue_answers(Feed(FeedError("no")), "coinbase-advanced")
    assert not await venue_answers(Feed(TimeoutError()), "coinbase-advanced")


def test_a_stack_without_gateway_needs_no_port():
    assert choose_ports(UpRequest(services=("nats",), port=1)) == {}


def test_the_port_asked_for_is_taken_where_it_is_free(taken):
    free = choose_ports(UpRequest(port=0))["gateway"]
    assert free > 0
    assert choose_ports(UpRequest(port=free)) == {"gateway": free}


def test_a_port_asked_for_and_taken_is_a_conflict_naming_its_holder(taken):
    with pytest.raises(Conflict, match=rf"port {taken} is in use by .*pid \d+") as caught:
        choose_ports(UpRequest(port=taken))
    assert (caught.value.code, caught.value.exit_code) == ("port_in_use", 6)


def test_the_next_free_port_is_taken_where_none_was_asked_for(taken, monkeypatch):
    monkeypatch.setattr(requests, "DEFAULT_PORT", taken)
    assert choose_ports(UpRequest())["gateway"] != taken
    monkeypatch.setattr(requests, "PORTS_TRIED", 1)
    assert choose_ports(UpRequest())["gateway"] not in (0, taken)


def test_several_gateways_have_a_port_each(monkeypatch):
    monkeypatch.setattr(requests, "bind_error", lambda *_: None)
    asked = UpRequest(gateways=3, port=9000)
    assert choose_ports(asked) == {"gateway": 9000, "gateway-1": 9001, "gateway-2": 9002}
    assert choose_ports(replace(asked, services=("gateway-1",))) == {"gateway-1": 9001}
    assert len(set(choose_ports(replace(asked, port=0)).values())) == 3
    with pytest.raises(ConfigError, match="gateway-1 would need port 65536"):
        choose_ports(replace(asked, port=65535))


def test_gateways_without_a_port_asked_for_take_free_ones(monkeypatch):
    taken = {8000, 8002}
    error = OSError(errno.EADDRINUSE, "taken")
    monkeypatch.setattr(requests, "bind_error", lambda port, _: error if port in taken else None)
    ports = choose_ports(UpRequest(gateways=3))
    assert list(ports.values()) == [8001, 8003, 8004]


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(ConfigError, match="can't listen on"):
        choose_ports(UpRequest(host="192.0.2.1", insecure_public=True))


def test_others_come_in_without_tls_only_where_that_was_asked_for():
    with pytest.raises(ConfigError) as caught:
        choose_ports(UpRequest(host="0.0.0.0", port=0))
    assert caught.value.code == "insecure_listen"
    assert choose_ports(UpRequest(host="0.0.0.0", port=0, insecure_public=True))
    assert choose_ports(UpRequest(host="0.0.0.0", services=("nats",))) == {}


def test_a_port_for_root_is_told(monkeypatch):
    monkeypatch.setattr(requests, "bind_error", lambda *_: PermissionError(13, "no"))
    with pytest.raises(ConfigError, match="more rights"):
        choose_ports(UpRequest(port=80))


def running(**asked):
    return msgspec.to_builtins(UpRequest(**asked))


def test_the_same_request_has_no_differences():
    assert differences(running(), UpRequest()) == []
    assert differences(running(port=8000), UpRequest()) == []
    every = ("nats", "postgres", "exchange", "ingest", "normalize", "snapshot", "gateway")
    assert differences(running(), UpRequest(services=every)) == []


def test_every_difference_is_named():
    asked = UpRequest(
        source="synthetic:7",
        products=("BTC-USD",),
        speed="max",
        at_end="loop",
        host="::1",
        port=DEFAULT_PORT,
        durability="disk",
    )
    assert differences(running(shards=4, products=("A-B", "C-D")), asked) == [
        "source: running synthetic:200, asked synthetic:7",
        "products: running A-B,C-D, asked BTC-USD",
        "speed: running 1.0, asked max",
        "at-end: running hold, asked loop",
        "host: running 127.0.0.1, asked ::1",
        "durability: running process, asked disk",
        "port: running none asked for, asked 8000",
    ]
    found = differences(running(services=("nats",), port=1), UpRequest(services=("nats",), port=2))
    assert found == ["port: running 1, asked 2"]
    assert differences(running(), UpRequest(services=("nats",)))[0].endswith("asked nats")


def test_a_request_of_another_version_differs():
    assert differences({"future": 1}, UpRequest()) == ["it was started by another version"]
