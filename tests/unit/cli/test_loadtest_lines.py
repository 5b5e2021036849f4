import json

import pytest

from ledgerflux.loadtest.assemble import Facts, Target, assemble
from ledgerflux.loadtest.measurement import Measurement
from ledgerflux.loadtest.observer import Observer
from ledgerflux.loadtest.orders import ClientReport, Counts, Final, Progress
from ledgerflux.loadtest.plan import LoadPlan, Times
from ledgerflux.loadtest.recovery import Recovered
from ledgerflux.loadtest.report import Report
from ledgerflux.loadtest.run import View
from ledgerflux.loadtest.verdict import parse_slos
from ledgerflux_cli.loadtest_lines import live_lines, report_lines
from ledgerflux_tui.lines import text_of

SECOND = 1_000_000_000
TIMES = Times(0, SECOND, 11 * SECOND, 1_700_000_000 * SECOND)


def progress(at_s, cpu_s, **counts):
    return Progress(
        time_ns=at_s * SECOND,
        connected=2,
        subscribed=2,
        books=4,
        books_live=3,
        stalest_ns=None,
        counts=Counts(**counts),
        cpu_ns=int(cpu_s * SECOND),
        latency=[(1500, 90), (40_000, 10)],
        latency_slow=[(90_000, 5)],
        first_snapshot=[(18_000, 2)],
        lag=[(1100, 50)],
    )


def made(slos=("p95=50ms", "gaps=0", "cpu=50%", "rss=1MiB", "recovery=1s"), **counts):
    measured = Measurement(1, TIMES.from_ns, TIMES.until_ns)
    measured.take(0, progress(2, 1.0))
    client = ClientReport(1, False, False, 10, 0, 0, 0, 0, 2, 2, "", 1500, 40_000, 41_000, 42_000)
    measured.finish(0, Final(progress(10, 5.0, **counts), [client]))
    observer = Observer("http://x", 0, 0)
    facts = Facts(LoadPlan(), Target("http://x"), TIMES, "synthetic:1000", planned=True)
    ended = facts.ended(20 * SECOND, 0.0, interrupted=False)
    recovered = [Recovered("restart ingest", 0.5)]
    return measured, assemble(ended, measured, observer, parse_slos(slos, ()), recovered)


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
