from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.resync import ResyncPolicy, ResyncStep

SECOND = 1_000_000_000
WAIT, RESUBSCRIBE, RECONNECT = ResyncStep.WAIT, ResyncStep.RESUBSCRIBE, ResyncStep.RECONNECT


def policy(**bounds):
    made = ResyncPolicy(**bounds)
    made.connected(0)
    return made


def asked(policy, *seconds, product="BTC-USD"):
    return [policy.ask(product, int(at * SECOND)) for at in seconds]


def test_the_first_doubt_resubscribes_the_product_and_the_next_ones_wait():
    assert asked(policy(), 30, 30.001, 34.999) == [RESUBSCRIBE, WAIT, WAIT]


def test_a_resubscription_that_did_not_help_makes_a_new_socket():
    assert asked(policy(), 30, 35) == [RESUBSCRIBE, RECONNECT]


def test_long_after_a_resubscription_a_doubt_is_a_new_one():
    assert asked(policy(), 30, 50, 54, 56) == [RESUBSCRIBE, RESUBSCRIBE, WAIT, RECONNECT]


def test_products_are_resubscribed_independently():
    held = policy()
    assert asked(held, 30) == asked(held, 30, product="ETH-USD") == [RESUBSCRIBE]


def test_a_socket_just_made_is_not_made_again():
    steps = asked(policy(), 1, 7, 19, 20, 24)
    assert steps == [RESUBSCRIBE, RESUBSCRIBE, RESUBSCRIBE, WAIT, RECONNECT]


def test_all_products_that_did_not_recover_share_one_new_socket():
    held = policy()
    assert asked(held, 30) == asked(held, 30, product="ETH-USD") == [RESUBSCRIBE]
    assert asked(held, 36) == [RECONNECT]
    assert asked(held, 36, product="ETH-USD") == [WAIT]


def test_a_new_socket_that_is_never_made_is_asked_for_again():
    assert asked(policy(patience_s=100), 30, 36, 55, 56) == [
        RESUBSCRIBE,
        RECONNECT,
        WAIT,
        RECONNECT,
    ]


def test_a_fresh_socket_forgets_the_steps_before_it():
    held = policy()
    assert asked(held, 30) == [RESUBSCRIBE]
    held.connected(36 * SECOND)
    assert asked(held, 37) == [RESUBSCRIBE]


def test_before_any_socket_nothing_holds_a_new_one_back():
    assert asked(ResyncPolicy(), 1, 7) == [RESUBSCRIBE, RECONNECT]


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(["A-B", "C-D", "E-F"])), max_size=200)
)
def test_however_often_it_is_asked_steps_keep_their_distance(asks):
    held, now_ns = policy(), 0
    steps, reconnects = {}, [0]
    for step_ms, product in asks:
        now_ns += step_ms * 1_000_000
        step = held.ask(product, now_ns)
        if step is RECONNECT:
            assert now_ns - reconnects[-1] >= 20 * SECOND
            reconnects.append(now_ns)
            held.connected(now_ns)
            steps.clear()
        elif step is RESUBSCRIBE:
            assert now_ns - steps.get(product, -SECOND * 60) >= 5 * SECOND
            steps[product] = now_ns
