import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.supervision import (
    BACKOFF_MAX_NS,
    BACKOFF_MIN_NS,
    DEATHS_MAX,
    STEADY_NS,
    Ask,
    Kill,
    Service,
    Start,
    Supervision,
)

S = 1_000_000_000
STACK = (
    Service("nats", grace_ns=4 * S),
    Service("postgres", grace_ns=4 * S),
    Service("ingest", ("nats",), grace_ns=3 * S),
    Service("snapshot", ("nats", "postgres"), grace_ns=3 * S),
)


def standing(stack, name):
    return next(row for row in stack.standings if row.name == name)


def running(*services, now_ns=0):
    """Return a stack whose services are all ready, with pids 1, 2, ..."""
    stack = Supervision(services, now_ns=now_ns)
    pids = iter(range(1, 100))
    todo = stack.tick(now_ns)
    while todo:
        name = todo.pop(0).name
        assert stack.started(name, next(pids), now_ns) == []
        todo += stack.ready(name, now_ns)
    assert stack.up
    return stack


def test_a_service_starts_once_what_it_needs_is_ready():
    stack = Supervision(STACK, now_ns=0)
    assert stack.tick(0) == [Start("nats"), Start("postgres")]
    assert stack.tick(0) == []
    stack.started("nats", 1, 0)
    stack.started("postgres", 2, 0)
    assert stack.ready("nats", 1) == [Start("ingest")]
    assert stack.ready("postgres", 2) == [Start("snapshot")]
    assert not stack.up
    stack.started("ingest", 3, 2)
    stack.started("snapshot", 4, 2)
    stack.ready("ingest", 3)
    assert stack.ready("snapshot", 3) == []
    assert stack.up
    assert stack.next_ns() is None


def test_readiness_counts_only_for_a_process_that_is_there():
    stack = Supervision([Service("a")], now_ns=0)
    assert stack.ready("a", 0) == []
    assert standing(stack, "a").state == "starting"
    stack.tick(0)
    stack.started("a", 1, 0)
    stack.ready("a", 5)
    stack.ready("a", 9)
    assert standing(stack, "a").since_ns == 5


def test_a_death_is_followed_by_a_start_after_the_back_off():
    stack = running(Service("a"))
    assert stack.exited("a", -9, 100, "killed") == []
    row = standing(stack, "a")
    assert (row.state, row.pid, row.detail, row.exit_code) == ("restarting", None, "killed", -9)
    assert row.exited_ns == 100
    assert stack.next_ns() == 100 + BACKOFF_MIN_NS
    assert stack.tick(99 + BACKOFF_MIN_NS) == []
    assert stack.tick(100 + BACKOFF_MIN_NS) == [Start("a")]
    assert row.restarts == 1
    stack.started("a", 2, 100 + BACKOFF_MIN_NS)
    stack.ready("a", S)
    assert stack.up


def test_the_back_off_doubles_to_its_limit_and_starts_over_after_a_steady_time():
    stack = running(Service("a"))
    now, waits = 0, []
    for _ in range(8):
        stack.exited("a", 1, now)
        waits.append(stack.next_ns() - now)
        now = stack.next_ns()
        stack.tick(now)
        stack.started("a", 2, now)
        stack.ready("a", now)
    assert waits[:3] == [BACKOFF_MIN_NS, 2 * BACKOFF_MIN_NS, 4 * BACKOFF_MIN_NS]
    assert waits[-1] == BACKOFF_MAX_NS
    now += STEADY_NS
    stack.exited("a", 1, now)
    assert stack.next_ns() - now == BACKOFF_MIN_NS


@pytest.mark.parametrize("code", [2, 5, 6])
def test_a_death_that_trying_again_cannot_cure_is_final(code):
    stack = running(Service("a"))
    stack.exited("a", code, 5, "fenced by b")
    failed = stack.failed()
    assert failed is not None
    assert (failed.name, failed.state, failed.detail) == ("a", "failed", "fenced by b")
    assert stack.next_ns() is None
    assert stack.tick(10 * S) == []
    assert not stack.up


def test_a_service_that_never_became_ready_is_given_up():
    stack = Supervision([Service("a")], now_ns=0)
    now = 0
    for death in range(1, DEATHS_MAX + 1):
        assert stack.tick(now) == [Start("a")]
        stack.started("a", death, now)
        stack.exited("a", 1, now)
        now = stack.next_ns() or now
    assert stack.failed() is standing(stack, "a")
    assert stack.down


def test_a_start_that_never_made_a_process_is_given_up_too():
    now = 1000 * STEADY_NS
    stack = Supervision([Service("a")], now_ns=now)
    for _ in range(DEATHS_MAX):
        assert stack.tick(now) == [Start("a")]
        stack.exited("a", 1, now, "no such program")
        now = stack.next_ns() or now
    assert stack.failed() is standing(stack, "a")


def test_a_start_that_fails_counts_as_a_death():
    stack = Supervision([Service("a")], now_ns=0)
    stack.tick(0)
    stack.exited("a", 5, 0, "no wheel")
    assert stack.failed() is not None
    assert stack.down


def test_a_dead_dependency_takes_nobody_with_it_but_holds_back_starts():
    stack = running(*STACK)
    stack.exited("nats", -9, 0)
    assert standing(stack, "ingest").state == "ready"
    stack.exited("ingest", 1, 0)
    assert stack.tick(BACKOFF_MIN_NS) == [Start("nats")]
    stack.started("nats", 9, BACKOFF_MIN_NS)
    assert stack.ready("nats", BACKOFF_MIN_NS) == [Start("ingest")]


def test_the_end_of_its_work_is_no_death_where_a_service_ends():
    stack = running(Service("a", ends=True), Service("b", ("a",)))
    stack.exited("a", 0, 5)
    assert standing(stack, "a").state == "stopped"
    assert stack.up
    assert stack.next_ns() is None
    stack.exited("b", 0, 6)
    assert standing(stack, "b").state == "restarting"
    assert stack.tick(6 + BACKOFF_MIN_NS) == [Start("b")]


def test_stopping_goes_from_the_top_down():
    stack = running(*STACK)
    assert stack.stop(0) == [Ask("ingest"), Ask("snapshot")]
    assert stack.stopping
    assert stack.stop(1) == []
    assert stack.exited("snapshot", 0, 1) == [Ask("postgres")]
    assert stack.exited("ingest", 0, 2) == [Ask("nats")]
    assert stack.exited("postgres", 0, 3) == []
    assert not stack.down
    assert stack.exited("nats", 1, 3) == []
    assert stack.down
    assert {row.state for row in stack.standings} == {"stopped"}
    assert stack.next_ns() is None


def test_who_outlives_the_grace_is_killed():
    stack = running(*STACK)
    stack.stop(0)
    assert stack.next_ns() == 3 * S
    assert stack.tick(3 * S - 1) == []
    assert stack.tick(3 * S) == [Kill("ingest"), Kill("snapshot")]
    stack.exited("ingest", -9, 3 * S)
    stack.exited("snapshot", -9, 3 * S)
    assert stack.next_ns() == 4 * S
    assert stack.tick(4 * S) == [Kill("nats"), Kill("postgres")]


def test_force_kills_everything_at_once():
    stack = running(*STACK)
    assert {action.name for action in stack.force(0)} == {"nats", "postgres", "ingest", "snapshot"}
    assert stack.stopping


def test_nothing_starts_once_the_stop_has_begun():
    stack = running(Service("a"), Service("b"))
    stack.exited("a", 1, 0)
    assert stack.stop(0) == [Ask("b")]
    assert standing(stack, "a").state == "stopped"
    assert stack.tick(S) == []
    stack.exited("b", 0, S)
    assert stack.down


def test_a_process_that_appears_during_the_stop_is_asked_to_go():
    stack = Supervision([Service("a"), Service("b", ("a",))], now_ns=0)
    stack.tick(0)
    assert stack.stop(0) == []
    assert not stack.down
    assert stack.started("a", 1, 1) == [Ask("a")]
    stack.exited("a", 0, 2)
    assert stack.down


def test_what_was_given_up_stays_failed_through_the_stop():
    stack = running(Service("a"), Service("b"))
    stack.exited("a", 6, 0, "fenced")
    stack.stop(1)
    assert standing(stack, "a").state == "failed"


def test_names_and_needs_must_fit():
    with pytest.raises(AssertionError):
        Supervision([Service("a"), Service("a")], now_ns=0)
    with pytest.raises(AssertionError):
        Supervision([Service("a", ("b",))], now_ns=0)


@given(st.lists(st.tuples(st.sampled_from("nris"), st.integers(-9, 7)), max_size=40))
def test_a_stack_always_comes_down_in_bounded_time(events):
    """Whatever happens, after `stop` the asks and kills reach every process."""
    names = {"n": "nats", "r": "postgres", "i": "ingest", "s": "snapshot"}
    stack, now, pid = Supervision(STACK, now_ns=0), 0, 0

    def carry_out(actions):
        nonlocal pid
        for action in actions:
            pid += 1
            if isinstance(action, Start):
                stack.started(action.name, pid, now)

    carry_out(stack.tick(0))
    for letter, code in events:
        now += S
        row = standing(stack, names[letter])
        if row.pid is None:
            carry_out(stack.tick(now))
        elif code < 0:
            carry_out(stack.ready(row.name, now))
        else:
            carry_out(stack.exited(row.name, code, now))
    asked = {action.name for action in stack.stop(now)}
    while not stack.down:
        now = max(now, stack.next_ns())
        killed = {action.name for action in stack.tick(now)}
        assert asked | killed, "nobody is told, somebody is alive"
        asked = set()
        for name in killed:
            asked |= {action.name for action in stack.exited(name, -9, now)}
    assert all(row.pid is None for row in stack.standings)


def test_a_service_is_started_anew_at_once_and_that_is_no_death():
    stack = running(Service("a", grace_ns=S))
    assert stack.renew("a", 100) == [Ask("a")]
    assert stack.renew("a", 101) == []
    assert stack.next_ns() == 100 + S
    stack.exited("a", 6, 200)
    row = standing(stack, "a")
    assert (row.state, row.deaths, stack.next_ns()) == ("restarting", 0, 200)
    assert stack.tick(200) == [Start("a")]
    assert row.restarts == 1
    assert stack.renew("a", 201) == []
    stack.started("a", 2, 202)
    stack.exited("a", 1, 203)
    assert row.deaths == 1


def test_who_does_not_end_to_be_started_anew_is_killed():
    stack = running(Service("a", grace_ns=S))
    stack.renew("a", 0)
    assert stack.tick(S - 1) == []
    assert stack.tick(S) == [Kill("a")]
    stack.exited("a", -9, S)
    assert stack.tick(S) == [Start("a")]


def test_who_was_given_up_is_started_when_somebody_asks():
    stack = running(Service("a"))
    stack.exited("a", 6, 5)
    assert stack.renew("a", 9) == []
    assert stack.tick(9) == [Start("a")]
    assert standing(stack, "a").state == "starting"


def test_who_has_come_to_its_end_and_who_stops_are_not_started_anew():
    stack = running(Service("a", ends=True), Service("b"))
    stack.exited("a", 0, 5)
    assert stack.renew("a", 6) is None
    stack.stop(7)
    assert stack.renew("b", 8) == []
    stack.exited("b", 0, 9)
    assert stack.renew("b", 9) is None
