import pytest

from ledgerflux.bench.evaluate import judge
from ledgerflux.bench.gateway.rounds import (
    Round,
    Stall,
    compared,
    cost_us,
    crowded,
    latency_ms,
    percentile,
    stall_figures,
    trouble,
    whole,
)

NAMES = ("ours", "theirs")


def round_of(cost_us=1.0, *, delivered=1000, expected=1000, **more):
    values = {
        "passed_s": 1.0,
        "uneven": 0,
        "broken": 0,
        "latencies_ms": [10.0],
        "burst_s": 0.01,
        **more,
    }
    return Round(cost_us * delivered / 1e6, delivered=delivered, expected=expected, **values)


def test_the_median_round_counts():
    assert cost_us([round_of(1.0), round_of(9.0), round_of(2.0)]) == pytest.approx(2.0)


def test_latencies_are_of_all_rounds_together():
    rounds = [round_of(latencies_ms=[1.0, 2.0]), round_of(latencies_ms=[3.0, 4.0])]
    assert [latency_ms(rounds, share) for share in (0.5, 0.99)] == [3.0, 4.0]
    assert percentile([], 0.5) is None


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"delivered": 990}, "99.00% of the messages"),
        ({"uneven": 2}, "2 clients"),
        ({"broken": 3}, "3 messages did not continue"),
    ],
)
def test_a_round_in_which_not_all_was_seen_counts_for_nothing(spoilt, why):
    good, bad = [round_of()] * 2, [round_of(), round_of(**spoilt)]
    assert (trouble(good), trouble([])) == ("", "no round was run")
    assert why in trouble(bad)
    for ours, theirs, name in ((bad, good, "ours"), (good, bad, "theirs")):
        found = compared("gateway_bun", NAMES, ours, theirs, "500 clients")
        assert found.value is None
        assert found.doubt.startswith(f"{name}: ")
    assert whole("gateway_message", 1.0, bad, "", "").value is None
    assert whole("gateway_message", 1.0, good, "", "others ran").doubt == "others ran"


def test_a_ratio_is_theirs_to_ours_and_the_other_way_round_where_nobody_is_faster():
    ours, theirs = [round_of(2.0)] * 3, [round_of(20.0)] * 3
    found = compared("gateway_fastapi", NAMES, ours, theirs, "500 clients")
    assert (found.value, found.doubt) == (10.0, "")
    assert found.conditions == (
        "500 clients; ours: 2.00 us, p50 10.0 ms, p99 10.0 ms; "
        "theirs: 20.00 us, p50 10.0 ms, p99 10.0 ms"
    )
    assert compared("gateway_bun", NAMES, ours, theirs, "", inverse=True).value == 0.1


def test_rounds_that_differ_put_their_ratio_in_doubt():
    restless = [round_of(1.0), round_of(2.0), round_of(2.0)]
    for ours, theirs in ((restless, [round_of()]), ([round_of()], restless)):
        assert "the rounds differ" in compared("gateway_ws", NAMES, ours, theirs, "").doubt


def test_of_a_stall_the_others_share_p99_and_the_growth_are_told():
    before, during = round_of(latencies_ms=[10.0]), round_of(latencies_ms=[11.0])
    found = stall_figures([Stall(before, during, 0.5), Stall(before, during, 0.25)], 50, "")
    assert [row.value for row in found] == [100.0, 1.1, 0.38]
    assert [row.outcome for row in judge(found)] == ["met", "met", "met"]
    assert "p99 over all rounds 10.0 ms without, 11.0 ms with" in found[1].conditions


def test_a_restless_machine_puts_the_p99_in_doubt_and_nothing_else():
    slow = round_of(latencies_ms=[99.0])
    found = stall_figures([Stall(round_of(), slow, 0.0)], 50, "others ran")
    assert [row.outcome for row in judge(found)] == ["met", "doubtful", "met"]


def test_others_that_get_less_are_a_miss_and_have_no_p99():
    during = round_of(delivered=210)
    share, p99, _ = stall_figures([Stall(round_of(), during, 0.0)], 50, "")
    assert (share.value, p99.value) == (21.0, None)
    assert [row.outcome for row in judge([share])] == ["missed"]


def test_where_messages_are_lost_without_a_stall_nothing_is_said_of_one():
    lossy = round_of(delivered=999)
    found = stall_figures([Stall(lossy, round_of(), 0.0)], 50, "")
    assert [row.value for row in found] == [None, 1.0, None]


def test_a_crowd_takes_the_cpu_of_the_time_its_messages_were_for():
    found = crowded(round_of(1.5, delivered=400_000, expected=400_000), 1.0, "4,000 clients", "")
    assert (found.value, found.doubt) == (0.6, "")
    assert "400,000 msg/s" in found.conditions


def test_a_crowd_that_is_served_late_is_not_held():
    found = crowded(round_of(passed_s=2.2), 1.0, "", "")
    assert (found.value, found.doubt) == (None, "not held in real time")
