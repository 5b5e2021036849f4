"""`lf bench gateway` in small: a few clients, one round, peers that come with the project."""

import psutil
import pytest

from ledgerflux.bench.evaluate import judge
from ledgerflux.bench.gateway.arena import Plan
from ledgerflux.bench.gateway.suite import measure

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PLAN = Plan(
    0.4,
    clients=20,
    crowd=40,
    idle=40,
    stalled_of=10,
    storm=20,
    chaos_messages=10_000,
    rounds=1,
    contenders=("ours", "broadcast", "nats"),
)
MEASURED = {
    *("gateway_message", "gateway_broadcast", "gateway_nats", "gateway_one_broadcast"),
    *("gateway_spread", "gateway_idle", "gateway_idle_nats", "gateway_crowd"),
    *("gateway_stalled_share", "gateway_stalled_p99", "gateway_stalled_memory"),
    *("gateway_storm_share", "gateway_storm", "gateway_killed_share", "gateway_killed"),
    *("gateway_chaos_silent", "gateway_chaos_wrong", "gateway_chaos_messages"),
}


def test_every_row_is_measured_whoever_is_missing_is_named_and_nothing_is_left():
    rows = {row.key: row for row in judge(measure(PLAN, lambda _: None, peers=False))}
    left_out = {key for key, row in rows.items() if row.doubt == "left out"}
    assert set(rows) == MEASURED | left_out
    assert {key for key, row in rows.items() if row.value is not None} == MEASURED, rows
    for key in ("gateway_stalled_share", "gateway_storm_share", "gateway_killed_share"):
        assert rows[key].value == 100.0, rows[key]
    for key in ("gateway_chaos_silent", "gateway_chaos_wrong"):
        assert rows[key].value == 0.0, rows[key]
    assert rows["gateway_chaos_messages"].value >= PLAN.chaos_messages
    left = psutil.Process().children(recursive=True)
    assert [" ".join(child.cmdline()) for child in left if "lf-bench-" in str(child)] == []
    assert left == []
