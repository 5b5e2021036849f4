import pytest
from streams import Numbered

from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.snapshot import Position
from ledgerflux.core.telling import Missing
from ledgerflux.wire.gateway_backfill import address


def following() -> ProductStream:
    """A stream whose gateway keeps trades 3 to 5."""
    stream = ProductStream("v", "BTC-USD", integrity="none", integrity_rule="none")
    source = Numbered(epoch="run 1").trade().trade().trade().trade().trade()
    for batch in source.take():
        stream.apply(batch, 7)
    stream.trades.begin(Position("run 1", 2))
    for seq in (3, 4, 5):
        stream.trades.add(Position("run 1", seq), [b"{}"], gap=False)
    return stream


def gap(channel="trades", epoch="run 1", first=3, last=4, cause="slow_consumer"):
    return Missing(channel, epoch, first, last, cause, "live")


def test_trades_that_are_kept_have_an_address():
    assert address(following(), gap()) == (
        "/v1/products/BTC-USD/trades?epoch=run+1&from_seq=3&to_seq=4"
    )
    assert address(following(), gap(cause="store")) is not None


@pytest.mark.parametrize(
    "missing",
    [
        gap(channel="ticker"),
        gap(cause="upstream"),
        gap(cause="overflow"),
        gap(first=5, last=4),
        gap(first=2),
        gap(epoch="run 2"),
    ],
)
def test_anything_else_has_none(missing):
    assert address(following(), missing) is None
