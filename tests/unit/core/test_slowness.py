from ledgerflux.core.outbox import Outbox
from ledgerflux.core.slowness import Slowness
from ledgerflux.model.units import NANOS_PER_S


class Rig:
    def __init__(self) -> None:
        self.outbox = Outbox(100, 50)
        self.slowness = Slowness(10)

    def judge(self, second: int, *, catching_up: bool = False) -> bool:
        now_ns = second * NANOS_PER_S
        return self.slowness.judge(self.outbox, catching_up=catching_up, now_ns=now_ns)


def test_nothing_to_take_is_never_too_slow():
    rig = Rig()
    assert not any(rig.judge(second) for second in range(60))


def test_nothing_taken_for_longer_than_allowed_is():
    rig = Rig()
    rig.outbox.put(b"x")
    assert [rig.judge(second) for second in (1, 11, 12)] == [False, False, True]


def test_something_waits_for_it_though_its_outbox_is_empty():
    rig = Rig()
    assert not rig.judge(1, catching_up=True)
    assert rig.judge(12, catching_up=True)


def test_a_little_taken_is_not_enough_where_it_does_not_drain():
    rig = Rig()
    for _ in range(30):
        rig.outbox.put(bytes(10))
    found = []
    for second in range(1, 13):
        found.append(rig.judge(second))
        rig.outbox.pop_up_to(10)
    assert found == [False] * 11 + [True]


def test_drained_now_and_then_is_fast_enough():
    rig = Rig()
    for second in range(1, 60):
        for _ in range(15):
            rig.outbox.put(bytes(10))
        assert not rig.judge(second)
        if second % 9 == 0:
            while rig.outbox.size:
                rig.outbox.pop_up_to(10)
            assert not rig.judge(second)


def test_it_is_suspected_as_soon_as_a_look_finds_it_not_taking():
    rig = Rig()
    rig.judge(1)
    assert not rig.slowness.suspected
    rig.outbox.put(b"x")
    rig.judge(2)
    assert rig.slowness.suspected
    rig.outbox.pop_up_to(10)
    rig.judge(3)
    assert not rig.slowness.suspected
