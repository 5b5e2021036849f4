import json

import pytest
from streams import TIME, Numbered

from ledgerflux.core.candle_variant import CandleVariant
from ledgerflux.core.limits import Limits
from ledgerflux.core.mirror import Verdict
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import Missing
from ledgerflux.core.terms import Terms
from ledgerflux.errors import GatewayError
from ledgerflux.wire import gateway_frames as frames
from ledgerflux.wire.gateway_reading import Follower, Message, Place, read_message


class Rig:
    """A product's stream on one side, a follower on the other."""

    def __init__(self) -> None:
        self.source = Numbered()
        self.stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
        self.follower = Follower()

    def begin(self, channel="level2", seq=0) -> None:
        streams = {"BTC-USD": Position("run1", seq)}
        assert self.take(frames.subscribed(channel, streams, venue="v")) is None

    def take(self, raw: bytes):
        return self.follower.take(read_message(raw))

    def data(self, batch) -> bytes:
        checksum = self.stream.checksum() if batch.channel == "level2" else None
        return frames.data(self.stream, batch, checksum)

    def batches(self):
        for batch in self.source.take():
            self.stream.apply(batch, 1)
            yield batch

    @property
    def mirror(self):
        return self.follower.mirrors[("level2", "BTC-USD")]


def test_a_message_keeps_its_text_and_knows_its_fields():
    raw = frames.error("idle", "why")
    message = read_message(raw)
    assert (message.type, message.code, message.raw) == ("error", "idle", raw)


def test_keys_of_a_newer_gateway_are_ignored():
    assert read_message(b'{"type":"pong","new":{"a":1}}') == Message(
        type="pong", raw=b'{"type":"pong","new":{"a":1}}'
    )


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"type":1}', b'{"type":"gap","to_seq":"x"}'])
def test_what_is_no_message_is_an_error_of_ours(raw):
    with pytest.raises(GatewayError) as caught:
        read_message(raw)
    assert caught.value.code == "protocol_error"


def test_events_are_read_on_demand():
    rig = Rig()
    rig.source.update().trade().ticker().status("halted")
    update, trade, ticker, status = (read_message(rig.data(batch)) for batch in rig.source.take())
    assert update.updates()[0].changes == [("buy", "99.5", "7")]
    assert trade.trades()[0].trade_id == 1
    assert ticker.tickers()[0].derived
    assert status.statuses()[0].state == "halted"
    assert read_message(frames.system(b'{"state":"down"}')).document() == {"state": "down"}
    with pytest.raises(GatewayError):
        update.trades()


def test_a_subscription_a_snapshot_and_updates_make_the_book():
    rig = Rig()
    rig.begin()
    rig.source.snapshot()
    list(rig.batches())
    judged = rig.take(frames.part(rig.stream.snapshot(), 1, "subscribe", None))
    assert judged.verdict is Verdict.APPLIED
    rig.source.update()
    for batch in rig.batches():
        judged = rig.take(rig.data(batch))
    assert judged.verdict is Verdict.APPLIED
    assert rig.mirror.book.bids() == rig.source.book.bids()
    assert (rig.mirror.state, rig.mirror.integrity, rig.mirror.live) == ("live", "none", True)
    assert (rig.mirror.ts_exchange, rig.mirror.ts_receive) == (TIME, TIME)


def test_a_book_with_another_checksum_is_broken():
    rig = Rig()
    rig.begin()
    rig.source.snapshot()
    list(rig.batches())
    rig.take(frames.part(rig.stream.snapshot(), 1, "subscribe", None))
    rig.source.update()
    [batch] = rig.batches()
    judged = rig.take(frames.data(rig.stream, batch, rig.stream.checksum() ^ 1))
    assert (judged.verdict, judged.mirror.live) == (Verdict.BROKEN, False)
    assert "checksum" in judged.mirror.why


def test_a_ticker_without_a_place_before_it_applies_from_anywhere():
    rig = Rig()
    rig.begin("ticker", 4)
    rig.source.ticker().ticker().ticker()
    list(rig.batches())
    position, event = rig.stream.latest("ticker")
    judged = rig.take(frames.latest(rig.stream, "ticker", position, event, None))
    assert (judged.verdict, judged.mirror.position) == (Verdict.APPLIED, position)


def test_the_net_of_several_updates_has_no_number_of_its_own():
    element = {"ts_exchange": None, "ts_receive": TIME, "changes": [("buy", "1", "2")]}
    raw = frames.changes(Rig().stream, Position("e", 1), Position("e", 4), [element], 0)
    [told] = read_message(raw).updates()
    assert (told.seq, told.changes) == (None, [("buy", "1", "2")])


def test_a_gap_and_data_of_other_channels_follow_the_same_rule():
    rig = Rig()
    rig.begin("trades", 4)
    gap = frames.gap(rig.stream, Missing("trades", "run1", 5, 7, "slow_consumer", "live"))
    assert rig.take(gap).verdict is Verdict.APPLIED
    rig.source.seqs["trades"] = 7
    [batch] = rig.source.trade().take()
    assert rig.take(rig.data(batch)).verdict is Verdict.APPLIED
    assert rig.take(rig.data(batch)).verdict is Verdict.REPEATED
    rig.source.trade().take()
    [batch] = rig.source.trade().take()
    assert rig.take(rig.data(batch)).verdict is Verdict.BROKEN


def test_data_before_a_subscription_breaks_the_rule():
    rig = Rig()
    [batch] = rig.source.trade().take()
    assert rig.take(rig.data(batch)).verdict is Verdict.BROKEN


def test_control_messages_belong_to_no_stream():
    rig = Rig()
    where = {"connection_id": "c", "server": "s", "venue": "v", "source": "x", "system": "online"}
    welcome = frames.welcome(**where, now_ns=0, limits=Limits()._asdict())
    assert rig.take(welcome) is None
    assert rig.take(frames.pong(1, None, (0, 0))) is None


def test_what_is_left_is_forgotten():
    rig = Rig()
    rig.begin()
    assert rig.take(frames.unsubscribed("level2", ["BTC-USD", "ETH-USD"])) is None
    assert rig.follower.mirrors == {}


def test_a_message_tells_where_its_subscription_stands():
    raw = frames.subscribed("trades", {"BTC-USD": Position("e", 3)}, venue="v")
    assert read_message(raw).streams == {"BTC-USD": Place("e", 3)}


def test_events_that_cannot_be_read_are_an_error_and_none_are_no_event():
    rig = Rig()
    rig.begin()
    head = {"channel": "level2", "type": "update", "product_id": "BTC-USD", "epoch": "run1"}
    empty = json.dumps({**head, "prev_seq": 0, "seq": 1, "data": []}).encode()
    assert rig.take(empty).verdict is Verdict.APPLIED
    broken = json.dumps({**head, "prev_seq": 1, "seq": 2, "data": [1]}).encode()
    with pytest.raises(GatewayError):
        rig.take(broken)


@pytest.mark.parametrize(("seq", "live"), [(1, True), (2, False)])
def test_a_book_goes_on_where_what_it_missed_is_replayed(seq, live):
    rig = Rig()
    rig.begin()
    rig.source.snapshot()
    list(rig.batches())
    rig.take(frames.part(rig.stream.snapshot(), 1, "subscribe", None))
    rig.mirror.lose()
    place, products = {"epoch": "run1", "seq": seq}, ["BTC-USD"]
    answer = {"type": "subscribed", "channel": "level2", "product_ids": products}
    answer |= {"streams": {"BTC-USD": place}, "via": {"BTC-USD": "replay"}}
    rig.take(json.dumps(answer).encode())
    assert rig.mirror.live is live


def test_bars_are_read_and_continue_where_only_time_passed():
    rig = Rig()
    variant = CandleVariant(rig.stream, Terms(interval="1m"), frames)
    for batch in rig.source.trade().take():
        rig.stream.apply(batch, 1)
    told = read_message(variant.tick().payload)
    [bar] = told.candles()
    assert (told.interval, bar.open, bar.volume, bar.whole) == ("1m", "100.75", "0.1", False)
    follower = Follower()
    follower.take(
        read_message(frames.subscribed("candles", {"BTC-USD": Position("run1", 0)}, venue="v"))
    )
    assert follower.take(told).verdict is Verdict.APPLIED
    again = frames.candles(rig.stream, "1m", Position("run1", 1), b"", 1)
    assert follower.take(read_message(again)).verdict is Verdict.APPLIED
