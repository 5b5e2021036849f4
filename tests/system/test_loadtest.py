"""`lf loadtest` as a user runs it, on a stack that it starts and ends itself."""

import json

import pytest
from processes import gone

from ledgerflux.loadtest.report import Report


@pytest.mark.slow
def test_a_load_test_of_its_own_stack_loses_nothing_and_leaves_nothing(
    stack, tmp_path, monkeypatch
):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    path = tmp_path / "report.json"
    done = stack.lf(
        *("loadtest", "--clients", 10, "--duration", "5s", "--ramp", "1s", "--source"),
        *("synthetic:300", "--slo", "none", "--json", path, "--no-live"),
        check=None,
        timeout=180,
    )
    # A machine with other work makes a late generator: then it is 98, and said.
    assert done.returncode in (0, 98), (done.stdout, done.stderr)
    report = Report.model_validate(json.loads(path.read_text()))
    assert report.own_stack
    assert report.latency_ms.basis == "planned"
    assert report.integrity.violations == report.integrity.duplicates == 0
    assert not [row for row in report.integrity.missing if row.cause == "unannounced"]
    assert report.clients.subscribed == 10
    assert report.delivered.updates > 0
    assert {"gateway", "ingest", "nats"} <= {role.name for role in report.roles}
    assert "starting one of its own" in done.stderr
    gone(tmp_path)
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith("lf-load")] == []
