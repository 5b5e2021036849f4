from pathlib import Path

import msgspec
import pytest

from ledgerflux.adapters.embedded.nats_server import NatsServer
from ledgerflux.adapters.embedded.postgres_server import PostgresServer
from ledgerflux.errors import ConfigError
from ledgerflux.settings import UpRequest
from ledgerflux.stack.link import BusLink
from ledgerflux.stack.members import (
    RoleRunner,
    build_members,
    child_environment,
    needs_of,
    role_arguments,
    services_of,
    work_of,
)
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.wire.health import Health, PartitionHealth

EVERYTHING = (
    "nats", "postgres", "exchange", "ingest", "normalize-0", "normalize-1", "snapshot", "gateway",
)  # fmt: skip


PAIR = "BTC-USD,ETH-USD"


def request(*services, **more):
    return UpRequest(services=services, shards=2, **more)


def test_everything_is_started_where_nothing_is_named():
    assert services_of(request()) == EVERYTHING


def test_a_live_source_has_no_exchange():
    assert "exchange" not in services_of(request(source="coinbase-advanced"))
    assert needs_of("ingest", request(source="coinbase-advanced")) == ("nats",)


@pytest.mark.parametrize(
    ("named", "started"),
    [
        (("nats", "postgres"), ("nats", "postgres")),
        (("snapshot",), ("nats", "postgres", "snapshot")),
        (("ingest",), ("nats", "exchange", "ingest")),
        (("normalize",), ("nats", "normalize-0", "normalize-1")),
        (("normalize-1", "gateway"), ("nats", "normalize-1", "gateway", "gateway-1")),
        (("gateway-1",), ("nats", "gateway-1")),
    ],
)
def test_a_service_brings_what_it_needs(named, started):
    assert services_of(request(*named, gateways=2)) == started


def test_an_unknown_service_is_refused_with_those_that_exist():
    with pytest.raises(ConfigError, match="normalize-0, normalize-1, snapshot") as caught:
        services_of(request("normalise"))
    assert caught.value.code == "unknown_service"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("normalize-1", "normalize --shard 1 --shards 2"),
        ("snapshot", "snapshot"),
        ("gateway", "gateway --host 127.0.0.1 --port 8001"),
        ("gateway-1", "gateway --host 127.0.0.1 --port 8001 --instance 1"),
        ("ingest", f"ingest --source synthetic:50 --products {PAIR}"),
        (
            "exchange",
            f"exchange --source synthetic:50 --products {PAIR} --speed 2.0 --at-end hold --paused",
        ),
    ],
)
def test_each_role_gets_its_own_flags(name, arguments):
    asked = request(source="synthetic:50", products=("BTC-USD", "ETH-USD"), speed=2.0, paused=True)
    assert " ".join(role_arguments(name, asked, 8001)) == arguments


def test_members_name_the_directory_in_every_command(tmp_path):
    run_dir = RunDir(tmp_path)
    asked = request(at_end="exit")
    members = build_members(
        asked,
        services_of(asked),
        run_dir,
        nats=NatsServer(run_dir.nats, run_dir.log("nats")),
        postgres=PostgresServer(run_dir.postgres, run_dir.log("postgres")),
        link=BusLink(None),
        ports={"gateway": 8000},
        role_command=("lf", "run"),
    )
    assert tuple(member.service.name for member in members) == EVERYTHING
    roles = [member for member in members if isinstance(member.runner, RoleRunner)]
    assert len(roles) == 6
    for member in roles:
        assert member.runner._argv[:2] == ("lf", "run")
        assert str(tmp_path) in member.runner._argv
        assert "--take-over" in member.runner._argv
    assert [member.service.name for member in members if member.service.ends] == ["exchange"]
    snapshot = next(member.service for member in members if member.service.name == "snapshot")
    assert snapshot.needs == ("nats", "postgres")


def test_a_role_is_not_led_away_from_its_stack():
    variables = {"LF_NATS_URL": "nats://elsewhere", "LF_DEBUG": "1", "PATH": "/bin"}
    assert child_environment(variables) == {"LF_DEBUG": "1", "PATH": "/bin"}
    assert "PATH" in child_environment()


async def test_a_role_is_ready_when_its_own_record_says_so(tmp_path):
    link = BusLink(None)
    runner = RoleRunner(("true",), Path(tmp_path / "log"), link)
    child = await runner.launch(_spawn)
    assert runner.address == ""
    held = [PartitionHealth(1, ["ETH-USD"]), PartitionHealth(2, ["BTC-USD"])]
    health = Health("normalize", "0", child.pid, "ready", 1, 1, partitions=held)
    link.receive(msgspec.json.encode(health))
    await runner.wait_ready(child)
    assert runner.address == "BTC-USD ETH-USD"


class Spawned:
    pid = 77


async def _spawn(command):
    assert command.argv == ("true",)
    return Spawned()


def test_work_is_the_products_held():
    assert work_of(Health("exchange", "0", 1, "ready", 1, 1)) == ""
