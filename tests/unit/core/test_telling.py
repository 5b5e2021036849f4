from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import Missing, Replaced, Said
from ledgerflux.model.stream import CHANNELS
from ledgerflux.wire.norm import Batch


def test_everything_told_is_for_one_channel():
    batch = Batch("BTC-USD", "trades", "trade", "e", 1, 2, b"[{},{}]")
    told = [
        Said(batch),
        Missing("ticker", "e", 1, 0, "epoch", "init"),
        Replaced(Position("e", 0), "epoch"),
    ]
    assert [telling.channel for telling in told] == ["trades", "ticker", "level2"]
    assert all(telling.channel in CHANNELS for telling in told)
