"""Every panel of both dashboards returns data from a real Prometheus that scrapes a real stack.

Grafana itself is not run: that its pages look right was never seen by a test.
"""

import asyncio
import json
import re
import subprocess
import time
from pathlib import Path

import msgspec
import pytest
from dashboards import BOARDS, WIDTH, document, file_of, text_of
from prometheus import prometheus

from ledgerflux.adapters.embedded.nats_server import MAX_PAYLOAD_BYTES, find_binary
from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.adapters.sockets import free_port
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.stack.servers import nats_of
from ledgerflux.wire.health import HEALTH_BUCKET, Health

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(300)]

PANELS = [
    pytest.param(panel, id=f"{board.uid.removeprefix('ledgerflux-')}: {panel['title']}")
    for board in BOARDS
    for panel in document(board)["panels"]
]
ROLES = ("exchange", "ingest", "normalize", "snapshot", "gateway")
METRICS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
CHOICES = ("job", "instance", "product", "shard")


def documented():
    return set(re.findall(r"^\| `(\w+)`", METRICS.read_text(), re.MULTILINE))


def chosen(expression):
    """Return an expression as Grafana sends it, with all chosen."""
    for name in CHOICES:
        expression = expression.replace(f"${name}", ".*")
    return expression.replace("$__rate_interval", "10s")


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_a_file_is_what_its_list_makes(board):
    assert file_of(board).read_text() == text_of(board), "python tests/dashboards.py"


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_a_dashboard_keeps_the_rules_of_the_linter(board):
    made = document(board)
    names = [variable["name"] for variable in made["templating"]["list"]]
    assert names[:3] == ["datasource", "job", "instance"]
    assert all(one.get("refresh", 2) == 2 for one in made["templating"]["list"])
    assert not made["editable"]
    assert "__inputs" not in made
    titles = [panel["title"] for panel in made["panels"]]
    assert len(set(titles)) == len(titles)
    for panel in made["panels"]:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${datasource}"


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_no_panel_lies_on_another(board):
    taken = set()
    for panel in document(board)["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= WIDTH
        taken |= cells


def test_prices_spreads_and_volumes_come_first():
    market = document(BOARDS[0])["panels"]
    assert [panel["title"] for panel in market[:3]] == ["Price", "Spread", "Volume traded"]


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_asks_for_what_exists_as_it_should(panel):
    import promql_parser

    for target in panel["targets"]:
        expression = chosen(target["expr"])
        promql_parser.parse(expression)
        names = set(re.findall(r"\b(?:ledgerflux)_\w+", expression))
        bare = {re.sub(r"_(bucket|count|sum)$", "", name) for name in names}
        assert bare - documented() == set()
        for name in re.findall(r"(\w+_total)\b", target["expr"]):
            counted = f"rate({name}" in target["expr"] or panel["type"] == "stat"
            assert counted, "a counter is told as a rate"
        assert "[$__rate_interval]" in target["expr"] or "rate(" not in target["expr"]
        assert target["expr"].count('job=~"$job"') == target["expr"].count("instance=~")


async def places(stack):
    """Return the addresses of every role of a stack, by role."""
    login = nats_of(RunDir(stack.data_dir))
    bus_of = NatsBus.open(login.nats_url, user=login.nats_user, password=login.nats_password)
    found = {}
    async with bus_of as bus:
        for role in ROLES:
            for number in range(4 if role == "normalize" else 1):
                value = await bus.get(HEALTH_BUCKET, f"{role}.{number}")
                http = msgspec.json.decode(value, type=Health).http
                found.setdefault(role, []).append(http.removeprefix("http://"))
    return found


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Yield a Prometheus that has seen a stack at work for some seconds."""
    from stacks import Stack

    folder = tmp_path_factory.mktemp("watched")
    stack, client, monitor, port = Stack(folder / "lf"), free_port(), free_port(), free_port()
    conf = folder / "nats.conf"
    conf.write_text(
        f'port: {client}\nhttp: "127.0.0.1:{monitor}"\nmax_payload: {MAX_PAYLOAD_BYTES}\n'
        f'jetstream {{ store_dir: "{folder}/js", sync_interval: always }}\n'
    )
    with (folder / "nats.log").open("w") as log:
        nats = subprocess.Popen([find_binary(), "-c", conf], stdout=log, stderr=log)
    try:
        stack.start("--source", "synthetic:500", "--products", "BTC-USD,ETH-USD,SOL-USD,XRP-USD")
        stack.wait("healthy")
        jobs = asyncio.run(places(stack))
        jobs["snapshot"].append(f"127.0.0.1:{port}")
        looks = ("--nats", f"nats://127.0.0.1:{client}", "--http-port", port, "--instance", "1",
                 "--nats-monitor-url", f"http://127.0.0.1:{monitor}")  # fmt: skip
        with (
            stack.run_role("snapshot", "snapshot", *looks),
            prometheus(folder, jobs) as found,
            stack.follow("sub", "BTC-USD", "ETH-USD"),
        ):
            wait_seen(found)
            yield found
    finally:
        stack.down()
        nats.terminate()
        nats.wait(20)


def wait_seen(found):
    """Wait until every counter was seen often enough for a rate, in every job."""
    wanted = (
        "rate(ledgerflux_gateway_delivered_total[10s]) > 0",
        "rate(ledgerflux_market_trades_total[10s]) > 0",
        "rate(ledgerflux_snapshot_books_total[10s])",
        "ledgerflux_jetstream_stream_bytes",
    )
    assert all(seen(found, one, seconds=60) for one in wanted)


def seen(found, expression, seconds=20.0):
    """Return the series of a query; on a busy machine a scrape may come late."""
    deadline = time.monotonic() + seconds
    while not (series := found.query(expression)) and time.monotonic() < deadline:
        time.sleep(0.5)
    return series


@pytest.mark.parametrize("panel", PANELS)
def test_every_query_of_a_panel_returns_data(watched, panel):
    for target in panel["targets"]:
        assert seen(watched, chosen(target["expr"])), (
            f"{target['legendFormat']}: {json.dumps(target['expr'])}"
        )
