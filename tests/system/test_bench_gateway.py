"""`lf bench gateway` in small: a few clients, one round, peers that come with the project."""

import psutil
import pytest

from ledgerflux.bench.evaluate import judge
from ledgerflux.bench.gateway.arena import Plan
from ledgerflux.bench.gateway.suite import measure

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PLAN = Plan(0.4, 20, 40, 40, 10, 1, ("ours", "broadcast", "nats"))
MEASURED = {
    *("gateway_message", "gateway_broadcast", "gateway_nats", "gateway_one_broadcast"),
    *("gateway_spread", "gateway_idle", "gateway_idle_nats", "gateway_crowd"),
    *("gateway_stalled_share", "gateway_stalled_p99", "gateway_stalled_memory"),
}


def test_every_row_is_measured_whoever_is_missing_is_named_and_nothing_is_left():
    rows = {row.key: row for row in judge(measure(PLAN, lambda _: None, peers=False))}
    left_out = {key for key, row in rows.items() if row.doubt == "left out"}
    assert set(rows) == MEASURED | left_out
    assert {key for key, row in rows.items() if row.value is not None} == MEASURED, rows
    assert rows["gateway_stalled_share"].value == 100.0
    left = psutil.Process().children(recursive=True)
    assert [" ".join(child.cmdline()) for child in left if "lf-bench-" in str(child)] == []
    assert left == []
