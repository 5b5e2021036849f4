from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.outbox import DRAINED_BYTES, MARK_BYTES, Outbox


def pop(outbox):
    """Return the oldest message alone, None where there is none."""
    batch = outbox.pop_up_to(1)
    return batch[0] if batch else None


def test_messages_come_out_in_order_then_nothing():
    outbox = Outbox()
    outbox.put(b"one")
    outbox.put(b"two")
    assert [pop(outbox), pop(outbox), pop(outbox)] == [b"one", b"two", None]


def test_above_begins_past_the_mark_and_ends_below_the_drained_mark():
    outbox = Outbox()
    outbox.put(bytes(MARK_BYTES))
    assert not outbox.above
    outbox.put(bytes(DRAINED_BYTES))
    assert outbox.above
    outbox.put(b"x")
    pop(outbox)
    assert outbox.size == DRAINED_BYTES + 1
    assert outbox.above
    assert not outbox.has_room
    pop(outbox)
    assert not outbox.above
    assert outbox.has_room
    assert outbox.drained_total == 1
    assert outbox.statistics() == (1, MARK_BYTES + DRAINED_BYTES + 1, 1)


def test_a_batch_is_one_message_and_what_fits_beside_it():
    outbox = Outbox()
    for size in (10, 4, 5, 1):
        outbox.put(bytes(size))
    assert [len(message) for message in outbox.pop_up_to(9)] == [10]
    assert [len(message) for message in outbox.pop_up_to(9)] == [4, 5]
    assert [len(message) for message in outbox.pop_up_to(9)] == [1]
    assert outbox.pop_up_to(9) == []
    assert (outbox.size, outbox.taken_total) == (0, 4)


def test_clear_forgets_everything():
    outbox = Outbox()
    outbox.put(bytes(MARK_BYTES + 1))
    outbox.clear()
    assert pop(outbox) is None
    assert not outbox.above
    assert outbox.statistics().queued_bytes == 0


@given(st.lists(st.integers(min_value=-1, max_value=MARK_BYTES), max_size=40))
def test_size_is_what_is_queued_and_above_never_lies(steps):
    outbox, queued = Outbox(), []
    for step in steps:
        if step < 0:
            taken = pop(outbox)
            assert taken == (queued.pop(0) if queued else None)
        else:
            outbox.put(bytes(step))
            queued.append(bytes(step))
        assert outbox.size == sum(map(len, queued))
        assert outbox.above or outbox.size <= MARK_BYTES
        assert not (outbox.above and outbox.size < DRAINED_BYTES)


def test_what_is_forgotten_is_told():
    outbox = Outbox()
    outbox.put(b"one")
    assert (outbox.clear(), outbox.size, outbox.clear()) == ([b"one"], 0, [])
