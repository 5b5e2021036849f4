from streams import Numbered

from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.snapshot import Position
from ledgerflux.core.unsent import unsent
from ledgerflux.wire import gateway_frames


def messages(source: Numbered) -> list[bytes]:
    stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    told = [telling for batch in source.take() for telling in stream.apply(batch, 1)]
    made = []
    for telling in told:
        if hasattr(telling, "batch"):
            made.append(gateway_frames.data(stream, telling.batch, 1))
        elif hasattr(telling, "from_seq") and telling.cause != "epoch":
            made.append(gateway_frames.gap(stream, telling))
    return made


def test_the_first_message_of_a_stream_says_from_where_it_would_have_gone_on():
    trades = messages(Numbered().trade().trades_missing().trade())
    assert unsent(trades) == {("trades", "BTC-USD"): Position("run1", 0)}
    assert unsent(trades[1:]) == {("trades", "BTC-USD"): Position("run1", 1)}
    assert unsent(trades[2:]) == {("trades", "BTC-USD"): Position("run1", 2)}


def test_a_gap_into_another_epoch_continues_no_place():
    stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    for batch in Numbered().trade().take():
        told = stream.apply(batch, 1)
    [gap] = [each for each in told if getattr(each, "cause", "") == "epoch"][:1]
    assert unsent([gateway_frames.gap(stream, gap)]) == {(gap.channel, "BTC-USD"): None}


def test_a_book_continues_no_place_and_answers_are_of_no_stream():
    stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    book = gateway_frames.part(stream.snapshot(), 1, "subscribe", None)
    pong = gateway_frames.pong(1, None, (1, 2))
    assert unsent([pong, book, *messages(Numbered().snapshot().update())]) == {
        ("level2", "BTC-USD"): None,
        ("status", "BTC-USD"): Position("run1", 0),
    }
    assert unsent([]) == {}
