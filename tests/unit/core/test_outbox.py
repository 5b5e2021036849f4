from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.outbox import DRAINED_BYTES, MARK_BYTES, Outbox


def test_messages_come_out_in_order_then_nothing():
    outbox = Outbox()
    outbox.put(b"one")
    outbox.put(b"two")
    assert [outbox.pop(), outbox.pop(), outbox.pop()] == [b"one", b"two", None]


def test_above_begins_past_the_mark_and_ends_below_the_drained_mark():
    outbox = Outbox()
    outbox.put(bytes(MARK_BYTES))
    assert not outbox.above
    outbox.put(bytes(DRAINED_BYTES))
    assert outbox.above
    outbox.put(b"x")
    outbox.pop()
    assert outbox.size == DRAINED_BYTES + 1
    assert outbox.above
    assert not outbox.has_room
    outbox.pop()
    assert not outbox.above
    assert outbox.has_room
    assert outbox.drained_total == 1
    assert outbox.statistics() == (1, MARK_BYTES + DRAINED_BYTES + 1, 1)


def test_clear_forgets_everything():
    outbox = Outbox()
    outbox.put(bytes(MARK_BYTES + 1))
    outbox.clear()
    assert outbox.pop() is None
    assert not outbox.above
    assert outbox.statistics().queued_bytes == 0


@given(st.lists(st.integers(min_value=-1, max_value=MARK_BYTES), max_size=40))
def test_size_is_what_is_queued_and_above_never_lies(steps):
    outbox, queued = Outbox(), []
    for step in steps:
        if step < 0:
            taken = outbox.pop()
            assert taken == (queued.pop(0) if queued else None)
        else:
            outbox.put(bytes(step))
            queued.append(bytes(step))
        assert outbox.size == sum(map(len, queued))
        assert outbox.above or outbox.size <= MARK_BYTES
        assert not (outbox.above and outbox.size < DRAINED_BYTES)
