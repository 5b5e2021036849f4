import msgspec
import pytest

from ledgerflux.model import events
from ledgerflux.model.events import BookUpdate, Event, Parsed, Ticker

KINDS = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
]


def test_every_kind_of_event_is_known_here():
    assert {kind.__name__ for kind in KINDS} == {
        "BookSnapshot", "BookUpdate", "Trade", "RecentTrades", "Ticker", "Heartbeat",
        "Subscriptions", "VenueError", "VenueCandles", "VenueStatus", "OrderReceived",
        "OrderOpened", "OrderDone", "OrderChanged", "Ignored", "Unknown",
    }  # fmt: skip


@pytest.mark.parametrize("kind", [*KINDS, Parsed], ids=lambda kind: kind.__name__)
def test_events_are_frozen_and_say_what_they_are(kind):
    assert kind.__struct_config__.frozen
    assert kind.__doc__


def test_an_event_cannot_be_changed():
    update = BookUpdate("BTC-USD", [("buy", "1", "2")], None)
    with pytest.raises(AttributeError):
        update.product = "ETH-USD"
    assert update == BookUpdate("BTC-USD", [("buy", "1", "2")], None)
    assert update != BookUpdate("BTC-USD", [("buy", "1", "2.0")], None)


def test_a_ticker_needs_no_more_than_product_and_price():
    fields = msgspec.structs.asdict(Ticker("BTC-USD", "1"))
    assert fields.pop("product") == "BTC-USD"
    assert fields.pop("price") == "1"
    assert set(fields.values()) == {None}
