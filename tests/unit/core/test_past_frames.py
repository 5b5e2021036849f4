import pytest
from streams import Numbered

from ledgerflux.core.fanout import Fanout
from ledgerflux.core.limits import Limits
from ledgerflux.core.past_frames import Past, past_frames
from ledgerflux.core.snapshot import Position
from ledgerflux.errors import LogError
from ledgerflux.wire import gateway_frames
from ledgerflux.wire.gateway_reading import read_message

PAST = Past("v", "BTC-USD", 5, lambda *_: False)


def live_and_past(source):
    """Return the frames of the last batch as they were told live, and made again."""
    fanout = Fanout(gateway_frames, Limits(), lambda _: None)
    fanout.begin("v", integrity="none", integrity_rule="none")
    batches = source.take()
    fanout.publish(batches, 5)
    batch = batches[-1]
    whole, before = (batch.channel, batch.product), Position(batch.epoch, batch.first_seq - 1)
    live = []
    while (frame := fanout.ring.next(whole, before)) is not None:
        live.append(frame)
        before = frame.after
    return live, past_frames(PAST, batch, gateway_frames)


@pytest.mark.parametrize(
    "source",
    [
        Numbered().trade().trade(),
        Numbered().trade().trades_missing().trades_missing(),
        Numbered().ticker(),
        Numbered().status("live"),
    ],
)
def test_what_is_made_again_is_what_was_told(source):
    live, past = live_and_past(source)
    assert live
    assert past == live


def test_a_change_of_a_book_has_no_checksum():
    live, past = live_and_past(Numbered().snapshot().update())
    made, told = read_message(past[0].payload), read_message(live[0].payload)
    assert (made.checksum, told.checksum is None) == (None, False)
    assert (past[0].before, past[0].after) == (live[0].before, live[0].after)


@pytest.mark.parametrize("made", ["snapshot", "gap"])
def test_what_takes_a_book_to_another_state_is_not_made_again(made):
    source = Numbered().snapshot()
    source.take()
    getattr(source, made)()
    batch = next(batch for batch in source.take() if batch.channel == "level2")
    assert past_frames(PAST, batch, gateway_frames) is None


def test_what_can_not_be_read_is_an_error():
    batch = Numbered().trades_missing().take()[-1]._replace(body=b"[{}]")
    with pytest.raises(LogError):
        past_frames(PAST, batch, gateway_frames)
