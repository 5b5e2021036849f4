import json

import pytest
from loadtests import made

from ledgerflux.loadtest.report import Report
from ledgerflux.loadtest.run import View
from ledgerflux_cli.loadtest_lines import live_lines, report_lines
from ledgerflux_tui.lines import text_of


def test_the_report_of_a_bad_run_names_what_failed():
    _, report = made(
        updates=100,
        missed={"BTC-USD level2 unannounced": 7},
        skipped={"BTC-USD level2 reconnect": 3},
        errors={"throttled": 2},
        disconnects={"1006": 1},
        violations=1,
        reconnects=4,
    )
    text = "\n".join(map(text_of, report_lines(report)))
    for said in (
        "missing 7 of BTC-USD level2: unannounced",
        "skipped 3: reconnect",
        "2 errors throttled · 1 disconnects 1006",
        "✗ gaps 7 > 0",
        "✓ p95 40.0 ms ≤ 50.0 ms",
        "✗ cpu: not measured",
        "recovery    restart ingest: 0.5 s",
        "slowest client #1",
        "from planned publish time to client",
        "CPU 50% of a core",
        "FAIL",
    ):
        assert said in text, text
    assert report.exit_code == 99


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "all products"),
        ({"products": ["BTC-USD", "ETH-USD"]}, "BTC-USD, ETH-USD"),
        ({"products_each": 1}, "1 product each"),
        ({"products_each": 3}, "3 products each"),
    ],
)
def test_the_report_says_what_each_client_followed(asked, said):
    _, report = made(updates=1)
    told = report.model_copy(update={"asked": report.asked.model_copy(update=asked)})
    assert f" · {said} · " in text_of(report_lines(told)[0])


def test_the_report_is_its_schema():
    _, report = made(updates=1)
    assert Report.model_validate(json.loads(report.to_json())) == report
    assert (
        Report.model_json_schema(by_alias=True)["properties"]["schema"]["const"] == "lf.loadtest/1"
    )


@pytest.mark.parametrize(("seconds", "said"), [(-1.0, "connecting"), (3.0, "  3.0 of 30 s")])
def test_the_live_lines_say_how_far_it_is(seconds, said):
    measured, _ = made(updates=5)
    status = {"services": [{"name": "gateway", "cpu": 0.3}]}
    lines = [text_of(line) for line in live_lines(View(seconds, 30.0, measured, status))]
    assert lines[0].startswith(said.rstrip())
    assert lines[-1] == "CPU gateway 30%"
