"""`lf bench` as a user runs it: short, on made frames, its stacks ended after it."""

import json

import psutil
import pytest
from stacks import stack

from ledgerflux.bench.evaluate import NOT_TRUSTED, THRESHOLD_MISSED

pytestmark = pytest.mark.slow
__all__ = ["stack"]

JUDGED = (0, NOT_TRUSTED, THRESHOLD_MISSED)
KEYS = {
    "normalize": {
        "normalize_rested",
        "normalize_synthetic_advanced",
        "normalize_synthetic_advanced_tens",
        "normalize_synthetic_exchange",
        "normalize_synthetic_exchange_tens",
    },
    "ingest": {"replay_read", "replay_parsed", "exchange_most", "ingest_most"},
    "e2e": {
        *("version", "help", "up_warm", "idle_cpu", "idle_memory", "restart", "role_cpu"),
        *("stack_cpu", "levels_memory", "e2e_made", "e2e_flurries"),
    },
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("suite", "options"),
    [("normalize", ()), ("ingest", ("--rate", "500")), ("e2e", ("--rate", "500"))],
)
def test_a_suite_measures_every_figure_and_leaves_nothing(stack, suite, options):
    done = stack.lf(
        "bench", suite, "--duration", "1s", *options, "--json", "-", check=None, timeout=500
    )
    assert done.returncode in JUDGED, done.stderr
    document = json.loads(done.stdout)
    assert (document["schema"], document["suite"]) == ("lf.bench/1", suite)
    measured = {row["key"] for row in document["rows"] if row["value"] is not None}
    assert measured >= KEYS[suite], document["rows"]
    left = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in left if str(stack.data_dir) in line]


def test_an_earlier_report_that_was_faster_is_exit_99(stack, tmp_path):
    report = tmp_path / "before.json"
    stack.lf("bench", "normalize", "--duration", "1s", "--json", report, check=None, timeout=200)
    document = json.loads(report.read_text())
    for row in document["rows"]:
        row["value"], row["doubt"] = 1e9, ""
    report.write_text(json.dumps(document))
    done = stack.lf(
        *("bench", "normalize", "--duration", "1s", "--compare", report, "--json", "-"),
        check=None,
        timeout=200,
    )
    told = json.loads(done.stdout)
    trusted = {row["key"] for row in told["rows"] if row["value"] is not None and not row["doubt"]}
    assert {item["key"] for item in told["slower"]} == trusted
    # A neighbour may have disturbed every row: then nothing was compared (98), or all was well.
    assert done.returncode in ((THRESHOLD_MISSED,) if trusted else (0, NOT_TRUSTED))


@pytest.mark.parametrize(
    "options",
    [
        ("everything",),
        ("normalize", "--rate", "5"),
        ("ingest", "--rate", "max"),
        ("e2e", "--peers"),
        ("ingest", "--peers"),
        ("gateway", "--rate", "5"),
        ("gateway", "--rate", "max"),
        ("normalize", "--recording", "nowhere.lfr"),
        ("normalize", "--tolerance", "much"),
        ("normalize", "--compare", "nowhere.json"),
    ],
)
def test_what_a_suite_does_not_take_is_one_line(stack, options):
    done = stack.lf("bench", *options, check=2)
    assert done.stderr.startswith("error[")
    assert done.stdout == ""
