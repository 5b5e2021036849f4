import msgspec
import pytest

from ledgerflux.core.market_profile import Profiler
from ledgerflux.core.seek_target import Seek
from ledgerflux.wire.replay import RecordingMark, ReplayOrder, decode_order, encode_order, told

MS = 1_000_000


@pytest.mark.parametrize(
    ("order", "seek"),
    [
        (ReplayOrder("seek", to_ms=5), Seek(to_ns=5 * MS)),
        (ReplayOrder("seek", at_ms=0), Seek(at_ns=0)),
        (ReplayOrder("seek", by_ms=-10), Seek(by_ns=-10 * MS)),
        (ReplayOrder("seek"), None),
        (ReplayOrder("seek", at_ms=1, by_ms=1), None),
    ],
)
def test_a_seek_says_one_place(order, seek):
    assert order.seek == seek
    assert decode_order(encode_order(order)) == order


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"action":"jump"}',
        b'{"action":"speed","speed":0.05}',
        b'{"action":"speed","speed":1001}',
        b'{"action":"speed","speed":"fast"}',
        b'{"action":"step","count":0}',
        b'{"action":"step","count":10001}',
        b'{"action":"seek","at_ms":1e30}',
        b'{"action":"pause","why":1}',
    ],
)
def test_what_is_no_order_is_refused(text):
    with pytest.raises(msgspec.DecodeError):
        decode_order(text)


def test_speeds_are_numbers_or_max():
    assert decode_order(b'{"action":"speed","speed":"max"}').speed == "max"
    assert decode_order(b'{"action":"speed","speed":10}').speed == 10.0


def test_marks_are_told():
    profiler = Profiler()
    profiler.mark("close", 7)
    assert told(profiler.profile()) == (RecordingMark("close", 7),)
