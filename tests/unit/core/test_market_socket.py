from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.dialect import Request, Route
from ledgerflux.core.market_socket import (
    BATCH_BYTES_MAX,
    BATCH_FRAMES_MAX,
    BYTES_MAX,
    FRAMES_MAX,
    Goodbye,
    Socket,
)
from ledgerflux.core.market_source import Item

OURS = {"level2_50": "level2", "matches": "trades"}
ROUTE = Route(("level2",), ("A-B",))


def socket():
    return Socket(1, lambda name: OURS.get(name, name), set())


def item(step=1, frame=b"<0>", digits=(1, 2)):
    return Item(0, frame, ROUTE, digits, step)


def sent(made):
    frames = []
    while batch := made.take():
        frames += batch
    return frames


def test_subscriptions_add_up_and_are_held_by_the_acknowledged_name():
    made = socket()
    made.apply(Request("subscribe", (("level2_50", ("A-B", "C-D")), ("status", ()))))
    made.apply(Request("subscribe", (("level2", ("A-B",)), ("matches", ("A-B",)))))
    assert {name: list(held) for name, held in made.held.items()} == {
        "level2_50": ["A-B", "C-D"],
        "status": [""],
        "level2": ["A-B"],
        "matches": ["A-B"],
    }
    assert made.pairs == {
        ("level2", "A-B"),
        ("level2", "C-D"),
        ("status", ""),
        ("trades", "A-B"),
    }
    made.apply(Request("unsubscribe", (("level2_50", ("A-B", "X-Y")), ("nothing", ()))))
    assert list(made.held["level2_50"]) == ["C-D"]
    assert ("level2", "A-B") in made.pairs
    made.apply(Request("unsubscribe", (("level2", ()), ("level2_50", ("C-D",)))))
    assert list(made.held) == ["status", "matches"]


def test_frames_are_wanted_by_channel_and_product():
    made = socket()
    assert not made.listens(())
    made.apply(Request("subscribe", (("matches", ("A-B",)), ("heartbeats", ()))))
    assert made.wants(("trades", "full"), "A-B")
    assert not made.wants(("trades",), "C-D")
    assert not made.wants(("level2",), "A-B")
    assert made.wants((), "A-B")
    assert not made.wants((), "C-D")
    assert made.listens(("heartbeats",))
    assert made.listens(())
    assert not made.listens(("status",))


def test_numbers_start_at_zero_and_own_frames_count():
    made = socket()
    made.say(b"<0>", (1, 2), 0, 0)
    made.pass_on(item(), 0, 0)
    made.say(b"error", None, 1, 0)
    made.say(b"<0>", (1, 2), 1, 0)
    made.pass_on(item(), 1, 0)
    assert sent(made) == [b"<0>", b"<1>", b"error", b"<2>", b"<3>"]


def test_unusual_steps_stay_whether_their_frame_arrives_or_not():
    made = socket()
    made.miss(2)
    made.pass_on(item(step=5), 0, 0)
    made.pass_on(item(step=2), 0, 0)
    made.miss(3)
    made.pass_on(item(step=1), 0, 0)
    made.pass_on(item(step=0), 0, 0)
    made.miss(1)
    made.pass_on(item(step=-1), 0, 0)
    made.pass_on(item(digits=None, frame=b"plain"), 0, 0)
    assert sent(made) == [b"<0>", b"<2>", b"<5>", b"<5>", b"<4>", b"plain"]


def test_frames_that_were_taken_are_unsettled_until_the_next_take():
    made = socket()
    assert made.oldest is None
    made.pass_on(item(), 7, 70)
    made.pass_on(item(), 8, 80)
    assert (made.oldest.position, made.oldest.since_ns) == (7, 70)
    assert made.frames_waiting == 2
    assert len(made.take()) == 2
    assert made.frames_waiting == 0
    made.pass_on(item(), 9, 90)
    assert made.oldest.position == 7
    made.take()
    assert made.oldest.position == 9
    assert made.take() == []
    assert made.oldest is None


def test_batches_and_queues_are_bounded_by_frames():
    made = socket()
    for _ in range(FRAMES_MAX):
        made.pass_on(item(), 0, 0)
    assert not made.full
    made.pass_on(item(), 0, 0)
    assert made.full
    assert len(made.take()) == BATCH_FRAMES_MAX
    assert not made.full


def test_batches_and_queues_are_bounded_by_bytes():
    made = socket()
    made.pass_on(item(frame=bytes(BYTES_MAX), digits=None), 0, 0)
    assert not made.full
    made.pass_on(item(frame=bytes(BATCH_BYTES_MAX - 1), digits=None), 0, 0)
    made.pass_on(item(frame=b"x", digits=None), 0, 0)
    made.pass_on(item(frame=b"y", digits=None), 0, 0)
    assert made.full
    assert [len(frame) for frame in made.take()] == [BYTES_MAX]
    assert not made.full
    assert [len(frame) for frame in made.take()] == [BATCH_BYTES_MAX - 1, 1]
    assert made.bytes_waiting == 1
    assert made.take() == [b"y"]


def test_a_goodbye_comes_after_what_waited_and_costs_nothing():
    made = socket()
    made.pass_on(item(), 0, 0)
    made.dismiss(Goodbye(1001, "over"), 1, 0)
    assert made.leaving
    assert made.take() == [b"<0>", Goodbye(1001, "over")]
    assert made.bytes_waiting == 0


@given(st.lists(st.sampled_from(["own", "passed", "missed"]), max_size=60))
def test_a_regular_source_is_gapless_for_every_subscriber(history):
    made = socket()
    made.say(b"<0>", (1, 2), 0, 0)
    for event in history:
        if event == "own":
            made.say(b"<0>", (1, 2), 0, 0)
        elif event == "passed":
            made.pass_on(item(), 0, 0)
        else:
            made.miss(1)
    numbers = [int(frame[1:-1]) for frame in sent(made)]
    assert numbers == list(range(len(numbers)))


def test_what_was_abandoned_sends_nothing_more_and_ends():
    made = socket()
    made.pass_on(item(), 7, 70)
    made.take()
    made.pass_on(item(), 8, 80)
    made.abandon()
    assert made.leaving
    assert (made.oldest, made.bytes_waiting) == (None, 0)
    assert made.take() == []
