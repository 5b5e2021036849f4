from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.resync import ResyncPolicy, ResyncStep

SECOND = 1_000_000_000
WAIT, RESUBSCRIBE, RECONNECT = ResyncStep.WAIT, ResyncStep.RESUBSCRIBE, ResyncStep.RECONNECT


def asked(policy, *seconds, product="BTC-USD"):
    return [policy.ask(product, int(at * SECOND)) for at in seconds]


def test_the_first_doubt_resubscribes_the_product_and_the_next_ones_wait():
    assert asked(ResyncPolicy(), 30, 30.001, 34.999) == [RESUBSCRIBE, WAIT, WAIT]


def test_a_resubscription_that_did_not_help_makes_a_new_socket():
    assert asked(ResyncPolicy(), 30, 35) == [RESUBSCRIBE, RECONNECT]


def test_long_after_a_resubscription_a_doubt_is_a_new_one():
    assert asked(ResyncPolicy(), 30, 50, 54, 56) == [RESUBSCRIBE, RESUBSCRIBE, WAIT, RECONNECT]


def test_products_are_resubscribed_independently():
    held = ResyncPolicy()
    assert asked(held, 30) == asked(held, 30, product="ETH-USD") == [RESUBSCRIBE]


def test_all_products_that_did_not_recover_share_one_new_socket():
    held = ResyncPolicy()
    assert asked(held, 30) == asked(held, 30, product="ETH-USD") == [RESUBSCRIBE]
    assert asked(held, 36) == [RECONNECT]
    assert asked(held, 36, product="ETH-USD") == [WAIT]


def test_a_new_socket_that_is_never_made_is_asked_for_again():
    assert asked(ResyncPolicy(), 30, 36, 40, 41) == [RESUBSCRIBE, RECONNECT, WAIT, RECONNECT]


def test_a_fresh_socket_forgets_the_steps_before_it():
    held = ResyncPolicy()
    assert asked(held, 30) == [RESUBSCRIBE]
    held.connected()
    assert asked(held, 37) == [RESUBSCRIBE]


def test_without_credit_for_a_socket_the_product_is_subscribed_again():
    held = ResyncPolicy(burst=1)
    assert asked(held, 0, 5) == [RESUBSCRIBE, RECONNECT]
    held.connected()
    assert asked(held, 6, 11, 12, 16) == [RESUBSCRIBE, RESUBSCRIBE, WAIT, RESUBSCRIBE]


def test_credit_comes_back_one_socket_a_minute_and_never_more_than_the_burst():
    held = ResyncPolicy(burst=2)
    assert [held.ask_socket(at * SECOND) for at in (0, 5, 10, 59, 60)] == [
        RECONNECT, RECONNECT, WAIT, WAIT, RECONNECT,
    ]  # fmt: skip
    assert [held.ask_socket(at * SECOND) for at in (1000, 1005, 1010)] == [
        RECONNECT, RECONNECT, WAIT,
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(0, 9000), st.sampled_from(["A-B", "C-D", "E-F"])), max_size=200)
)
def test_however_often_it_is_asked_steps_keep_their_distance(asks):
    held, now_ns = ResyncPolicy(), 0
    resubscribed, reconnects = {}, []
    for step_ms, product in asks:
        now_ns += step_ms * 1_000_000
        step = held.ask(product, now_ns)
        if step is RECONNECT:
            assert product in resubscribed, "the product comes before the socket"
            reconnects.append(now_ns)
            held.connected()
            resubscribed.clear()
        elif step is RESUBSCRIBE:
            assert now_ns - resubscribed.get(product, -SECOND * 60) >= 5 * SECOND
            resubscribed[product] = now_ns
    for place, start in enumerate(reconnects):
        for sockets, at in enumerate(reconnects[place:], 1):
            assert sockets <= 3 + (at - start) // (60 * SECOND)
    assert all(later - earlier >= 5 * SECOND for earlier, later in pairwise(reconnects))


def test_a_product_that_never_recovers_costs_three_sockets_in_a_minute_and_then_one_each():
    held, reconnects = ResyncPolicy(), []
    for at_s in range(600):  # the normalizer asks once a second, as long as it is suspect
        if held.ask("BTC-USD", at_s * SECOND) is RECONNECT:
            reconnects.append(at_s)
            held.connected()
    by_minute = [sum(at // 60 == minute for at in reconnects) for minute in range(10)]
    assert by_minute[0] <= 3
    assert max(by_minute[1:]) <= 1
    assert sum(by_minute) >= 10, "it is not given up either"
