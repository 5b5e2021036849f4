import pytest
from streams import Numbered

from ledgerflux.core.batch_events import GAPS, RAWS, STATUSES, losses, out_of_order, read
from ledgerflux.core.snapshot import Position
from ledgerflux.errors import LogError
from ledgerflux.wire.norm import Batch


def batch(body=b"[]", first=1) -> Batch:
    return Batch("BTC-USD", "status", "status", "run1", first, 1, body)


def test_events_are_read_as_far_as_they_are_used():
    body = b'[{"seq":1,"state":"live","reason":"","ts_exchange":null,"ts_receive":"t"}]'
    [event] = read(STATUSES, batch(body))
    assert event.state == "live"
    [raw] = read(RAWS, batch(body))
    assert bytes(raw) == body[1:-1]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"nonsense", "BTC-USD status: unreadable events: "),
        (b"[{}]", "BTC-USD status: unreadable events: "),
        (b"[]", "BTC-USD status: a batch without events"),
    ],
)
def test_what_can_be_no_batch_is_an_error_that_names_it(body, why):
    with pytest.raises(LogError, match=why) as caught:
        read(GAPS, batch(body))
    assert caught.value.code == "log_corrupt"


@pytest.mark.parametrize(("first", "code"), [(9, "log_incomplete"), (4, "log_regressed")])
def test_a_batch_out_of_order_says_which_way(first, code):
    error = out_of_order(batch(first=first), Position("run1", 5))
    assert (error.code, error.message) == (code, f"BTC-USD status: seq {first} follows 5")


def test_what_a_batch_of_gaps_says_is_missing_is_told_one_by_one():
    [batch] = Numbered().trades_missing().trades_missing().take()
    found = losses(batch)
    assert [(one.from_seq, one.to_seq, one.missing, one.cause) for one in found] == [
        (1, 1, 2, "upstream"),
        (2, 2, 2, "upstream"),
    ]
