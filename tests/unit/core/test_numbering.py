import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.core.numbering import Numbering, exchange_time
from ledgerflux.model.events import BookUpdate
from ledgerflux.model.stream import CHANNELS, Level2Update, Made, StatusEvent


def test_seqs_count_from_one_per_channel():
    numbering = Numbering("BTC-USD", [])
    assert [numbering.next("level2"), numbering.next("level2"), numbering.next("trades")] == [
        1,
        2,
        1,
    ]


def test_another_epoch_counts_from_one_again():
    numbering = Numbering("BTC-USD", [])
    numbering.begin("r1")
    numbering.next("level2")
    numbering.begin("r2")
    assert numbering.epoch == "r2"
    assert [numbering.next(channel) for channel in CHANNELS] == [1, 1, 1, 1]


def test_events_carry_product_channel_and_epoch_into_one_list():
    out: list[Made] = []
    first, second = Numbering("BTC-USD", out), Numbering("ETH-USD", out, epoch="r1")
    event = StatusEvent(1, "live", "snapshot", "t")
    second.emit("status", "status", event)
    first.emit("status", "status", event)
    assert out == [
        Made("ETH-USD", "status", "status", "r1", event),
        Made("BTC-USD", "status", "status", "", event),
    ]


@pytest.mark.parametrize(("exchange_ns", "text"), [(None, None), (5, exchange_time(5))])
def test_an_update_is_numbered_and_handed_out_in_one_step(exchange_ns, text):
    out: list[Made] = []
    numbering = Numbering("BTC-USD", out, epoch="r1")
    numbering.next("level2")
    changes = [("buy", "1", "2")]
    numbering.update(BookUpdate("BTC-USD", changes, exchange_ns), 9, "received")
    told = Level2Update(2, text, "received", changes, 9)
    assert out == [Made("BTC-USD", "level2", "update", "r1", told)]
    assert numbering.next("level2") == 3


@given(st.lists(st.sampled_from(CHANNELS), max_size=30), st.integers(0, 30))
def test_a_numbering_made_from_saved_seqs_goes_on(channels, cut):
    whole = Numbering("BTC-USD", [], epoch="r1")
    seqs = [whole.next(channel) for channel in channels]
    first = Numbering("BTC-USD", [], epoch="r1")
    before = [first.next(channel) for channel in channels[:cut]]
    second = Numbering("BTC-USD", [], epoch=first.epoch, seqs=dict(first.seqs))
    assert before + [second.next(channel) for channel in channels[cut:]] == seqs


@pytest.mark.parametrize(
    ("exchange_ns", "text"),
    [(None, None), (1_786_253_022_223_540_862, "2026-08-09T05:23:42.223540862Z")],
)
def test_the_venues_time_is_told_as_it_is_or_not_at_all(exchange_ns, text):
    assert exchange_time(exchange_ns) == text
