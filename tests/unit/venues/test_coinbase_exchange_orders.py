import json

import pytest
from data.hostile_frames import BAD_COUNTS, BAD_DECIMALS, BAD_PRODUCTS
from data.venue_frames import EXCHANGE

from ledgerflux.model.events import OrderChanged, OrderDone, OrderOpened, OrderReceived
from ledgerflux.venues.base import Refused
from ledgerflux.venues.coinbase_exchange import CoinbaseExchange
from ledgerflux.venues.coinbase_exchange_messages import MESSAGE

VENUE = CoinbaseExchange()
AT_NS = 1786253022000000000
KINDS = ["received", "open", "done", "change"]


def changed(kind, **fields):
    """Return the frame of `kind` with other fields; `...` leaves one out."""
    value = json.loads(EXCHANGE[kind]) | fields
    return json.dumps({key: item for key, item in value.items() if item is not ...}).encode()


def with_json(kind, key, text):
    """Return the frame of `kind` with the JSON `text` for `key`."""
    return changed(kind, **{key: "HERE"}).replace(b'"HERE"', text.encode())


def event(frame):
    (only,) = VENUE.parse(frame).events
    return only


def reason_of(frame):
    with pytest.raises(Refused) as caught:
        VENUE.parse(frame)
    return caught.value.reason


def test_a_limit_order_is_received_with_price_and_size():
    assert event(EXCHANGE["received"]) == OrderReceived(
        product="BTC-USD",
        sequence=10,
        order_id="d50ec984",
        side="buy",
        order_type="limit",
        price="502.1",
        size="1.34",
        exchange_ns=AT_NS,
    )


def test_a_market_order_is_received_without_price():
    frame = changed("received", order_type="market", price=None, size=..., funds="3000.234")
    order = event(frame)
    assert (order.order_type, order.price, order.size) == ("market", None, None)


def test_the_rest_of_an_order_opens():
    assert event(EXCHANGE["open"]) == OrderOpened(
        product="BTC-USD",
        sequence=11,
        order_id="d50ec984",
        side="buy",
        price="502.1",
        size="1.00",
        exchange_ns=AT_NS,
    )


def test_an_order_is_done_for_a_reason():
    assert event(EXCHANGE["done"]) == OrderDone(
        product="BTC-USD",
        sequence=12,
        order_id="d50ec984",
        side="buy",
        reason="filled",
        price="502.1",
        size="0",
        exchange_ns=AT_NS,
    )


def test_a_market_order_is_done_without_price_and_size():
    order = event(changed("done", price=..., remaining_size=..., order_type="market"))
    assert (order.price, order.size) == (None, None)


def test_an_order_changes_its_size():
    assert event(EXCHANGE["change"]) == OrderChanged(
        product="BTC-USD",
        sequence=13,
        order_id="d50ec984",
        side="buy",
        price="400.23",
        new_price=None,
        old_size="12.2",
        new_size="5.2",
        exchange_ns=AT_NS,
    )


def test_a_modified_order_names_its_old_and_its_new_price():
    frame = changed("change", reason="modify_order", price=..., old_price="400", new_price="401")
    order = event(frame)
    assert (order.price, order.new_price) == ("400", "401")


def test_a_change_may_lack_every_price():
    order = event(changed("change", price=..., time=...))
    assert (order.price, order.new_price, order.exchange_ns) == (None, None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_message_accounts_for_each_of_its_quotes(kind):
    assert MESSAGE.decode(EXCHANGE[kind]).quotes() == EXCHANGE[kind].count(b'"')


@pytest.mark.parametrize(
    ("kind", "key"),
    [("received", "price"), ("received", "size"), ("done", "price"), ("done", "remaining_size"),
     ("change", "price"), ("change", "old_price"), ("change", "new_price"), ("change", "old_size"),
     ("change", "new_size")],
)  # fmt: skip
def test_an_optional_price_or_size_is_a_plain_decimal_or_null(kind, key):
    fields = {"price": None} if key == "old_price" else {}
    frame = changed(kind, **(fields | {key: "HERE"}))
    for text in BAD_DECIMALS:
        if text != "null":
            assert reason_of(frame.replace(b'"HERE"', text.encode())) == "number"
    assert event(frame.replace(b'"HERE"', b"null")).sequence > 0


@pytest.mark.parametrize("text", BAD_DECIMALS, ids=lambda text: text[:20])
@pytest.mark.parametrize("key", ["price", "remaining_size"])
def test_an_order_on_the_book_has_price_and_size(key, text):
    assert reason_of(with_json("open", key, text)) == "number"


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_names_a_product_and_a_sequence_number(kind):
    for text in BAD_PRODUCTS:
        assert reason_of(with_json(kind, "product_id", text)) == "subject"
    for text in [*BAD_COUNTS, '"5"', "null"]:
        assert reason_of(with_json(kind, "sequence", text)) == "number"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["product_id", "sequence", "order_id", "side"])
def test_an_order_without_these_is_malformed(kind, key):
    assert reason_of(changed(kind, **{key: ...})) == "malformed"


@pytest.mark.parametrize(
    ("kind", "key"),
    [("received", "order_type"), ("open", "price"), ("open", "remaining_size"), ("done", "reason")],
)
def test_each_kind_of_order_message_needs_its_own_fields(kind, key):
    assert reason_of(changed(kind, **{key: ...})) == "malformed"
