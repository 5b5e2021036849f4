"""What the gateway is asked for when the focus changes: only what differs, anew."""

import pytest

from ledgerflux_tui.sources.base import Focus
from ledgerflux_tui.sources.gateway import DETAILS, GatewaySource, differing
from ledgerflux_tui.state.view_state import ViewState

BTC = Focus("BTC-USD")


class Asked:
    """A client that notes what it is asked, and knows no gateway."""

    url = "ws://127.0.0.1:9/v1/ws"

    def __init__(self):
        self.calls = []

    async def subscribe(self, channel, products, **terms):
        self.calls.append(("+", channel, *products, *terms.values()))

    async def unsubscribe(self, channel, products):
        self.calls.append(("-", channel, *products))

    def position(self, channel, product):
        return None


@pytest.fixture
async def focused():
    source, client = GatewaySource(["a"], now_ns=lambda: 7, random=lambda: 0.5), Asked()
    source._state = ViewState()
    source._seed = nothing
    await source._change_focus(client, BTC)
    client.calls.clear()
    return source, client


async def nothing(client, product):
    """Have nothing of before."""


def test_another_product_is_followed_whole_and_the_same_only_where_it_differs():
    assert differing(None, BTC) == DETAILS == differing(Focus("ETH-USD"), BTC)
    assert differing(BTC, BTC._replace(depth=50)) == ("level2",)
    assert differing(BTC, BTC._replace(interval="5m")) == ("candles",)
    assert differing(BTC, BTC) == ()


async def test_a_deeper_book_leaves_picture_tape_and_candles(focused):
    source, client = focused
    book = source._state.books.of("BTC-USD")
    source._state.tape.trades.append("a trade")
    await source._change_focus(client, BTC._replace(depth=50))
    assert client.calls == [("-", "level2", "BTC-USD"), ("+", "level2", "BTC-USD", 50, "100ms")]
    assert source._state.books.of("BTC-USD") is book
    assert book.depth == 50
    assert source._state.tape.trades


async def test_longer_candles_leave_book_and_tape(focused):
    source, client = focused
    await source._change_focus(client, BTC._replace(interval="5m"))
    assert client.calls == [("-", "candles", "BTC-USD"), ("+", "candles", "BTC-USD", "5m")]
    assert source._state.candles.interval == "5m"


async def test_another_product_begins_anew(focused):
    source, client = focused
    await source._change_focus(client, Focus("ETH-USD"))
    assert [call[:2] for call in client.calls] == [
        *(("-", channel) for channel in DETAILS),
        *(("+", channel) for channel in DETAILS),
    ]
    assert source._state.tape.product == "ETH-USD"
