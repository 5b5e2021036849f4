"""`lf top`, `lf products` and `lf open` against a gateway that is a table of answers."""

import json
import webbrowser

import pytest

from ledgerflux.client import addresses
from ledgerflux.errors import GatewayError
from ledgerflux_cli.app import run_command
from ledgerflux_cli.commands import products, top

STATUS = {
    "schema": "lf.status/1", "state": "healthy", "source": "synthetic:200",
    "durability": "process", "services": [], "gaps": 0, "disk_bytes": 1, "clients": 0,
    "shards": [{"shard": 3, "products": ["BTC-USD"], "state": "ready", "rate": 1.0,
                "lag_records": 0, "lag_ms": 0.0, "p50_ms": 1.0, "p99_ms": 2.0}],
    "counts": {"exchange_sent": 1, "raw_frames": 1, "raw_gap_frames": 0, "norm_events": 1,
               "dlq": 0},
    "heads": {}, "problems": [],
}  # fmt: skip
HEAD = {"epoch": "e", "trades": 4, "state": "live", "integrity": "none"}
GATEWAY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def answers(monkeypatch):
    """Return what the gateway answers by path; a product moves by ten at every look."""
    known = {"/v1/status": STATUS, "looks": 0}

    def get_json(url, path, *, timeout_s=0.0):
        if path not in known and path != "/v1/products":
            raise GatewayError("nobody answers")
        if path == "/v1/status":
            return known[path]
        known["looks"] += 1
        row = {"product_id": "BTC-USD", "partition": 17, "level2": 10 * known["looks"], **HEAD}
        rows = [row, {**row, "product_id": "NEW-USD", "epoch": str(known["looks"])}]
        return {"schema": "lf.products/1", "venue": "v", "products": rows}

    monkeypatch.setattr(addresses, "get_json", get_json)
    monkeypatch.setattr(products, "RATE_S", 0.01)
    monkeypatch.setattr(top, "DELAY_MIN_S", 0.001)
    return known


def lf(*arguments):
    return run_command([*arguments, "--gateway", GATEWAY])


def test_products_are_listed_with_source_shard_and_proof(capsys):
    assert lf("products") == 0
    source, title, row, _ = capsys.readouterr().out.splitlines()
    assert source == "source synthetic:200"
    assert "UPD/S" not in title
    assert row.split() == ["BTC-USD", "v", "17", "3", "live", "unproven", "10", "4"]


def test_rates_of_products_are_measured_when_asked_for(capsys):
    assert lf("products", "--rate", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "lf.product-list/1"
    known, new = document["products"]
    assert known["rate"] > 0
    assert new["rate"] is None, "another epoch: nothing to compare with"
    assert (known["shard"], new["shard"]) == (3, None)


def test_a_gateway_that_answers_something_else_is_told(answers, capsys):
    answers["/v1/status"] = {"schema": "other"}
    assert lf("products") == 3
    assert "answered no status" in capsys.readouterr().err


def test_top_writes_as_many_frames_as_asked_for(capsys):
    assert lf("top", "-n", "2", "-d", "1ms") == 0
    assert capsys.readouterr().out.count("healthy") == 2
    assert lf("top", "--once", "-d", "1ms", "--screen", "shards") == 0
    assert capsys.readouterr().out.count("healthy") == 1


def test_top_as_json_is_one_document_a_frame(capsys):
    assert lf("top", "-n", "2", "-d", "1ms", "--json") == 0
    frames = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [frame["schema"] for frame in frames] == ["lf.top/1"] * 2
    assert frames[0]["status"] == STATUS


def test_ctrl_c_is_the_normal_end_of_top(monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(top.time, "sleep", interrupt)
    assert lf("top") == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["top", "--screen", "moon"], "'moon' is none of overview"),
        (["top", "-d", "0s"], "less than 100ms"),
        (["top", "-n", "0"], "-n"),
        (["open", "moon"], "'moon' can't be opened"),
    ],
)
def test_mistakes_are_told_in_a_line(capsys, arguments, words):
    assert lf(*arguments) == 2
    assert words in capsys.readouterr().err


@pytest.fixture
def browser(monkeypatch):
    """Return the addresses that a browser was given."""
    given = []
    monkeypatch.setattr(webbrowser, "open", lambda url: given.append(url) or True)
    monkeypatch.setenv("DISPLAY", ":0")
    return given


def test_open_gives_the_address_to_the_browser(browser, capsys):
    assert lf("open", "gateway") == 0
    assert browser == [f"{GATEWAY}/"]
    assert capsys.readouterr() == ("", f"opened {GATEWAY}/\n")


def test_open_prints_when_it_is_asked_to(browser, capsys):
    assert lf("open", "gateway", "--print") == 0
    assert (browser, capsys.readouterr().out) == ([], f"{GATEWAY}/\n")


def test_without_a_display_the_address_is_printed(browser, monkeypatch, capsys):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert lf("open", "gateway", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {"schema": "lf.open/1", "url": f"{GATEWAY}/", "opened": False}
    assert browser == []


def test_a_browser_that_does_not_start_is_no_failure(monkeypatch, browser, capsys):
    def fail(url):
        raise webbrowser.Error("none")

    monkeypatch.setattr(webbrowser, "open", fail)
    assert lf("open", "gateway") == 0
    assert capsys.readouterr().out == f"{GATEWAY}/\n"
