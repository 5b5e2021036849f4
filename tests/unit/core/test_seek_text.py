import pytest

from ledgerflux.core.seek_target import Seek
from ledgerflux.core.seek_text import DAY_NS, read_seek

S = 1_000_000_000
DAY = 20_000 * DAY_NS
BEGIN = DAY + (23 * 3600 + 50 * 60) * S + 5
SPAN = 1800 * S


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("start", Seek(at_ns=0)),
        ("end", Seek(at_ns=SPAN)),
        ("+10s", Seek(by_ns=10 * S)),
        ("-1m", Seek(by_ns=-60 * S)),
        ("+1.5h", Seek(by_ns=5400 * S)),
        ("-250ms", Seek(by_ns=-250_000_000)),
        ("50%", Seek(at_ns=900 * S)),
        ("900%", Seek(at_ns=SPAN)),
        ("23:50", Seek(to_ns=BEGIN - 5)),
        ("23:55:01.5", Seek(to_ns=DAY + (23 * 3600 + 55 * 60 + 1) * S + S // 2)),
        ("0:05", Seek(to_ns=DAY + DAY_NS + 300 * S)),
        ("1970-01-01T00:00:01Z", Seek(to_ns=S)),
        ("24:00", None),
        ("1:60", None),
        ("10", None),
        ("10s", None),
        ("", None),
        ("+s", None),
        ("٣%", None),
    ],
)
def test_a_place_is_read(text, expected):
    assert read_seek(text, SPAN, BEGIN) == expected


def test_without_times_there_is_no_time_of_day():
    assert read_seek("13:00", SPAN, None) is None
    assert read_seek("+1s", SPAN, None) == Seek(by_ns=S)
