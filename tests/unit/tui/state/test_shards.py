from tui_health import NOW_NS, a_shard, a_stack, killed

from ledgerflux_tui.state.shards import HISTORY_MAX, SHARDS_MAX, Ended, Shards

SECOND = 1_000_000_000


def told(*statuses, every_s=1.0):
    shards = Shards()
    for at, status in enumerate(statuses):
        shards.take(status, NOW_NS + int(at * every_s * SECOND))
    return shards


def test_shards_stand_in_the_order_of_their_numbers_with_all_that_is_told():
    shards = told(a_stack(a_shard(1), a_shard(0)))
    assert [row.shard for row in shards.rows] == [0, 1]
    row = shards.rows[1]
    assert (row.owner, row.pid, row.seq, row.cpu) == ("normalize-1", 81_234, 8_102_332, 0.09)
    assert shards.of_product()["BTC-USD"] == 1
    assert shards.told_ns == NOW_NS


def test_a_gateway_that_tells_less_of_shards_is_understood():
    less = {key: value for key, value in a_shard().items() if key not in ("owner", "pid", "seq",
            "cpu", "rss_bytes", "restarts", "since", "reason", "last_exit")}  # fmt: skip
    service = {"name": "normalize-0", "pid": 7, "cpu": 0.5, "rss_bytes": 9, "restarts": 2,
               "since": "2026-01-01T00:00:00Z"}  # fmt: skip
    [row] = told(a_stack(less, services=[service])).rows
    assert (row.owner, row.pid, row.restarts, row.seq) == ("normalize-0", 7, 2, None)
    [row] = told(a_stack(less)).rows
    assert (row.pid, row.restarts, row.last_exit) == (None, None, None)


def test_the_last_minute_is_kept_a_value_a_second():
    shards = told(*(a_stack(a_shard(rate=float(at))) for at in range(HISTORY_MAX + 5)))
    rates = shards.history[0].rate.values
    assert len(rates) == HISTORY_MAX
    assert (rates[0], rates[-1]) == (5.0, HISTORY_MAX + 4.0)


def test_a_restart_is_an_absence_until_the_shard_is_ready_again():
    before = a_stack(a_shard(seq=500))
    gone = a_stack(a_shard(seq=500, lag_records=30, **killed()))
    late = a_stack(a_shard(seq=480, lag_records=412, state="catching_up", pid=9))
    back = a_stack(a_shard(seq=900, pid=9, restarts=1))
    shards = told(before, gone, every_s=0.1)
    absence = shards.history[0].absence
    assert (absence.seq, absence.back_ns, absence.lag_max) == (500, None, 30)
    assert shards.rows[0].last_exit == Ended(None, "SIGKILL", "2026-01-02T03:04:11.000000000Z", "")
    shards = told(before, gone, late, back, back, every_s=0.1)
    absence = shards.history[0].absence
    assert (absence.since_ns, absence.back_ns) == (NOW_NS + SECOND // 10, NOW_NS + 3 * SECOND // 10)
    assert absence.lag_max == 412


def test_another_process_that_is_ready_at_once_is_an_absence_too():
    shards = told(a_stack(a_shard(pid=7)), a_stack(a_shard(pid=8)))
    absence = shards.history[0].absence
    assert absence.since_ns == absence.back_ns == NOW_NS + SECOND
    assert told(a_stack(a_shard()), a_stack(a_shard())).history[0].absence is None


def test_a_shard_that_was_never_ready_was_not_left():
    shards = told(a_stack(a_shard(state="starting")), a_stack(a_shard(state="starting", pid=8)))
    assert shards.history[0].absence is None


def test_a_process_that_does_not_know_its_work_yet_is_shown_with_what_it_was_before():
    blank = a_shard(state="starting", pid=9, products=[], partitions=[])
    [row] = told(a_stack(a_shard()), a_stack(blank)).rows
    assert (row.products, row.partitions) == (("SOL-USD", "XRP-USD"), (0, 4))
    idle = a_shard(products=[], partitions=[])
    assert told(a_stack(a_shard()), a_stack(idle)).rows[0].products == ()


def test_an_end_is_told_by_signal_or_code():
    assert Ended(None, "SIGKILL", "", "").word == "SIGKILL"
    assert Ended(3, None, "", "").word == "code 3"


def test_shards_that_are_gone_leave_no_history_and_too_many_are_left_out():
    shards = told(a_stack(*map(a_shard, range(SHARDS_MAX + 3))), a_stack(a_shard(1)))
    assert shards.history.keys() == {1}
    assert len(told(a_stack(*map(a_shard, range(SHARDS_MAX + 3)))).rows) == SHARDS_MAX
