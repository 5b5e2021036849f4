"""`lf up --target compose` on a real engine: killed, cut off, rolled, stopped, and nothing is lost.

Where no registry can be reached NATS and Postgres are those of the wheels; the official images
are not tried here.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from engine import EMBEDDED, IMAGE, ROOT
from exchanges import recording_of
from recordings import recording
from reference import rebuild

from ledgerflux.deploy.compose.project import name_of
from ledgerflux.deploy.image_tag import image_tag

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(600)]

PRODUCTS = "BTC-USD,ETH-USD,SOL-USD,XRP-USD"
CUT_S = 5.0
ENGINE = ("DOCKER_HOST", "DOCKER_BUILDKIT")


class Stack:
    """One project on the engine, driven by `lf` alone."""

    def __init__(self, engine, data_dir):
        self.engine = engine
        self.data_dir = data_dir
        kept = {key: value for key, value in os.environ.items() if not key.startswith("LF_")}
        here = str(Path(sys.executable).parent)
        self.env = kept | {"PATH": f"{here}:{kept['PATH']}"}
        self.env |= {key: engine.env[key] for key in ENGINE if key in engine.env}
        self.port = None

    def lf(self, *arguments, check=True, timeout_s=180):
        """Run `lf`; return how it ended."""
        ran = subprocess.run(
            [sys.executable, "-m", "ledgerflux_cli", *arguments, "--data-dir", str(self.data_dir)],
            env=self.env, capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        if check:
            assert ran.returncode == 0, f"lf {' '.join(arguments)}: {ran.stdout}{ran.stderr}"
        return ran

    def up(self, *more):
        from ledgerflux.adapters.sockets import free_port

        self.port = self.port or free_port()
        flags = ("--target", "compose", "--offline", "--port", str(self.port))
        known = () if "--products" in more else ("--products", PRODUCTS)
        return self.lf("up", *flags, *known, "--wait-timeout", "120s", *more)

    def status(self):
        return json.loads(self.lf("status", "--json", check=False).stdout)

    def container(self, service):
        return f"{name_of(self.data_dir)}-{service}-1"

    def wait(self, condition, seconds, told):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, told()
            time.sleep(0.2)

    def heads(self):
        return {row["name"]: row.get("messages", 0) for row in self.streams()}

    def streams(self):
        return json.loads(self.lf("stream", "ls", "--json").stdout)["streams"]

    def flowing(self):
        """Wait until every shard is ready and has nothing left to do."""
        told = []

        def well():
            ran = self.lf("status", "--json", check=False)
            told[:] = [ran.stdout + ran.stderr]
            return ran.returncode == 0

        self.wait(well, 90, lambda: told[0])


@pytest.fixture(scope="module")
def stack(engine, tmp_path_factory):
    """Yield a stack that runs on the synthetic market; nothing of it is left."""
    tag = image_tag(ROOT)
    engine.docker("tag", IMAGE, f"ledgerflux:{tag}")
    engine.docker("tag", EMBEDDED, f"ledgerflux:{tag}-embedded")
    made = Stack(engine, tmp_path_factory.mktemp("compose") / "data")
    try:
        made.up("--source", "synthetic:200")
        yield made
    finally:
        made.lf("down", "--volumes", "--yes", check=False)


def test_all_are_healthy_and_the_log_is_on_the_disk(stack):
    stack.flowing()
    status = stack.status()
    assert status["state"] == "healthy"
    assert status["durability"] == "disk"
    names = stack.engine.docker(
        "ps", "--filter", "health=healthy", "--format", "{{.Names}}"
    ).split()
    assert len([name for name in names if name.startswith(name_of(stack.data_dir))]) == 10


def test_a_second_up_changes_nothing(stack):
    def ids():
        return sorted(stack.engine.docker("ps", "-q", "--no-trunc").split())

    before = ids()
    stack.up("--source", "synthetic:200")
    assert ids() == before


@pytest.mark.parametrize("victim", ["normalize-1", "ingest", "gateway"])
def test_a_killed_service_comes_back_and_nothing_is_lost(stack, victim):
    stack.engine.docker("kill", "-s", "KILL", stack.container(victim))
    stack.engine.docker("start", stack.container(victim))
    stack.flowing()
    stack.lf("verify")


def test_a_service_cut_off_for_five_seconds_catches_up(stack):
    network = f"{name_of(stack.data_dir)}_default"
    container = stack.container("normalize-2")
    stack.engine.docker("network", "disconnect", network, container)
    time.sleep(CUT_S)
    stack.engine.docker("network", "connect", "--alias", "normalize-2", network, container)
    stack.flowing()
    stack.lf("verify")


@contextmanager
def strict_client(stack):
    """Keep a client that ends with an error where anything it is told is wrong or missing."""
    client = subprocess.Popen(
        [sys.executable, "-m", "ledgerflux_cli", "sub", *PRODUCTS.split(","), "--strict",
         "--duration", "20s", "--json", "--data-dir", str(stack.data_dir)],
        env=stack.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield
        _, told = client.communicate(timeout=60)
    finally:
        client.kill()
    assert client.returncode == 0, told


def test_a_strict_client_sees_no_violation_while_the_normalizers_are_rolled(stack):
    with strict_client(stack):
        for number in (3, 2, 1, 0):
            stack.lf("restart", f"normalize/{number}")
            stack.flowing()
    stack.lf("verify")


def test_a_strict_client_goes_on_where_it_was_when_its_gateway_is_killed(stack):
    with strict_client(stack):
        stack.wait(lambda: stack.status()["gateways"][0]["clients"] > 0, 30, stack.status)
        stack.engine.docker("kill", "-s", "KILL", stack.container("gateway"))
        stack.engine.docker("start", stack.container("gateway"))
        stack.flowing()
    stack.lf("verify")


def test_a_load_test_finds_no_gap(stack):
    ran = stack.lf(
        "loadtest", "--clients", "100", "--duration", "10s", "--json", "-",
        check=False, timeout_s=120,
    )  # fmt: skip
    report = json.loads(ran.stdout)
    assert ran.returncode in (0, 98, 99), ran.stderr
    assert report["clients"]["connected"] == 100, report
    assert (report["integrity"]["gaps"], report["integrity"]["violations"]) == (0, 0), report


def test_a_doctor_finds_all_that_is_needed(stack):
    checks = json.loads(stack.lf("doctor", "--target", "compose", "--json").stdout)["checks"]
    assert [one["name"] for one in checks] == ["engine", "compose", "image", "directory", "port"]
    assert "is there" in checks[2]["finding"]


def test_logs_are_those_of_the_service_asked_for(stack):
    told = stack.lf("logs", "normalize-1", "--tail", "3", "--since", "1h").stdout
    assert 1 <= len(told.splitlines()) <= 3
    assert all(line.startswith("normalize-1") for line in told.splitlines())


def test_what_was_stored_survives_down_and_up(stack):
    def rows():
        sql = "select count(*) from trade"
        script = (
            "import psycopg;p=open('/run/secrets/postgres_password').read();"
            "c=psycopg.connect('host=postgres dbname=ledgerflux user=ledgerflux',password=p);"
            f"print(c.execute('{sql}').fetchone()[0])"
        )
        told = stack.engine.docker("exec", stack.container("snapshot"), "python", "-c", script)
        return int(told)

    stack.wait(lambda: rows() > 0, 30, lambda: "no trade was stored")
    before, heads = rows(), stack.heads()
    stack.lf("down")
    assert stack.lf("status", check=False).returncode == 3
    stack.up("--source", "synthetic:200")
    stack.flowing()
    assert rows() >= before
    assert all(stack.heads()[name] >= count for name, count in heads.items() if "MD_" in name)
    stack.lf("verify")


def test_down_with_its_volumes_leaves_nothing(stack):
    stack.lf("down", "--volumes", "--yes")
    mark = name_of(stack.data_dir)
    assert mark not in stack.engine.docker("ps", "-a", "--format", "{{.Names}}")
    assert mark not in stack.engine.docker("volume", "ls", "-q")
    assert mark not in stack.engine.docker("network", "ls", "--format", "{{.Name}}")


def test_a_recording_is_replayed_to_the_reference_books(engine, stack, tmp_path):
    tmp_path.chmod(0o755)
    path = tmp_path / "day.jsonl.gz"
    shutil.copy(recording("coinbase-advanced-20260809-btcusd-trades"), path)
    path.chmod(0o644)
    reference = rebuild(path)
    products = sorted(reference.books)
    other = Stack(engine, tmp_path / "replay")
    try:
        other.up("--source", f"replay:{path}", "--products", ",".join(products),
                 "--speed", "max", "--paused")  # fmt: skip
        other.lf("replay", "start")
        other.lf("wait", "--for", "replay-end", "--timeout", "60s")
        other.lf("wait", "--for", "lag=0", "--timeout", "30s")
        for product, book in reference.books.items():
            document = json.loads(other.lf("book", product, "--json", "--depth", "full").stdout)
            assert document["state"] == "live"
            assert (document["bids"], document["asks"]) == (book.bids(), book.asks())
        verified = json.loads(
            other.lf("verify", "--renormalize", "--shards", "1,4,7", "--json").stdout
        )
        assert verified["ok"]
        assert verified["counts"]["exchange_sent"] == verified["counts"]["raw_frames"]
    finally:
        other.lf("down", "--volumes", "--yes", check=False)


def test_a_recording_closed_to_containers_is_refused(stack, tmp_path):
    source = recording_of(tmp_path / "day.lfr", 3)
    tmp_path.chmod(0o700)
    ran = stack.lf("up", "--target", "compose", "--offline", "--source", source, check=False)
    assert ran.returncode == 2
    assert "may not read" in ran.stderr


@pytest.mark.parametrize("name", ["compose.yaml", "compose.observability.yaml"])
def test_a_compose_file_is_as_its_schema_says(name):
    program = str(Path(sys.executable).with_name("check-jsonschema"))
    schema = ("--builtin-schema", "vendor.compose-spec")
    ran = subprocess.run(
        [program, *schema, str(ROOT / "compose" / name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "beside", [(), ("offline",), ("observability",), ("offline", "observability")]
)
def test_the_files_go_together(beside):
    program = str(Path(sys.executable).with_name("docker-compose"))
    names = ["compose.yaml", *(f"compose.{name}.yaml" for name in beside)]
    files = [text for name in names for text in ("-f", str(ROOT / "compose" / name))]
    ran = subprocess.run(
        [program, *files, "config", "--format", "json"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "warning" not in ran.stderr
    services = json.loads(ran.stdout)["services"]
    for service in services.values():
        published = [port["host_ip"] for port in service.get("ports", ())]
        assert set(published) <= {"127.0.0.1"}
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["mem_limit"]
        for volume in service.get("volumes", ()):
            bound = volume["type"] == "bind"
            assert not bound or Path(volume["source"]).exists(), volume
