import json

import pytest

from ledgerflux.bench.gateway.following import Chain, Mark, Ours, SocketIo, Told
from ledgerflux.bench.gateway.messages import PRODUCTS
from ledgerflux.wire.gateway_requests import BadRequest, parse_request

PRODUCT = PRODUCTS[0]


def chain(*told):
    made = Chain()
    for item in told:
        made.take(item)
    return made


def update(before, after):
    return Told("update", PRODUCT, before, after)


def told_of(made):
    return made.places[PRODUCT], made.silent, made.announced, made.twice


BOOK = Told("snapshot", PRODUCT, -1, 5)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([BOOK, update(5, 6), update(6, 8)], (8, 0, 0, 0)),
        ([update(5, 6), update(7, 8)], (8, 1, 0, 0)),
        ([update(5, 6), update(5, 6), update(6, 7)], (7, 0, 0, 1)),
        ([update(5, 6), update(5, 8)], (8, 0, 0, 1)),
        ([update(5, 6), Told("gap", PRODUCT, 6, 9), update(9, 10)], (10, 0, 3, 0)),
        ([update(5, 6), Told("gap", PRODUCT, 7, 9)], (9, 1, 0, 0)),
        ([BOOK, Told("snapshot", PRODUCT, -1, 7)], (7, 2, 0, 0)),
        ([BOOK, Told("snapshot", PRODUCT, -1, 4)], (4, 0, 0, 1)),
        ([BOOK, Told("snapshot", PRODUCT, 5, 7)], (7, 0, 0, 0)),
    ],
)
def test_every_loss_is_counted_once_as_what_it_is(told, found):
    assert told_of(chain(*told)) == found


def test_who_has_no_book_begins_anew():
    made = chain(BOOK, Told("gap", PRODUCT, 5, 9))
    made.begin_anew()
    assert made.places == {}
    made = chain(BOOK, Told("gap", PRODUCT, 5, 9), Told("snapshot", PRODUCT, -1, 9))
    made.begin_anew()
    assert made.places == {PRODUCT: 9}
    assert made.reached({PRODUCT: 9})
    assert not made.reached({PRODUCT: 10})
    assert not made.reached({"other": 0})


def test_ours_asks_to_go_on_where_it_is():
    dialect = Ours("run1")
    request = parse_request(dialect.says({PRODUCT: 7}, Mark()).decode())
    assert not isinstance(request, BadRequest)
    assert request.params.places == {PRODUCT: ("run1", 7)}
    assert request.params.resume_mode == "strict"
    assert "resume" not in json.loads(dialect.says({}, Mark()))["params"]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"type": "update", "product_id": PRODUCT, "prev_seq": 4, "seq": 6}, update(4, 6)),
        (
            {"type": "gap", "product_id": PRODUCT, "from_seq": 5, "to_seq": 9},
            Told("gap", PRODUCT, 4, 9),
        ),
        ({"type": "snapshot", "product_id": PRODUCT, "prev_seq": None, "seq": 5}, BOOK),
        ({"type": "snapshot", "product_id": PRODUCT, "part": 1, "parts": 2}, Told("other")),
        ({"type": "subscribed", "recovered": {}}, Told("ack")),
        ({"type": "subscribed", "recovered": dict.fromkeys(PRODUCTS, False)}, Told("ack")),
        (
            {"type": "subscribed", "recovered": dict.fromkeys(PRODUCTS, True)},
            Told("ack", recovered=True),
        ),
        ({"type": "goodbye"}, Told("goodbye")),
        ({"type": "heartbeat"}, Told("other")),
    ],
)
def test_what_ours_tells(message, told):
    assert Ours("run1").read(json.dumps(message).encode()) == told


def test_socket_io_knows_a_client_by_what_it_was_told():
    dialect = SocketIo()
    assert dialect.read(b'40{"sid":"s","pid":"p"}') == Told("ack", secret="p")
    body = '{"type":"update","product_id":"A-B","epoch":"e","prev_seq":4,"seq":5,"data":[]}'
    told = dialect.read(f'42["update",{body},"Oq1"]'.encode())
    assert told == Told("update", "A-B", 4, 5, offset="Oq1")
    assert dialect.read(b'0{"sid":"s"}') == dialect.read(b"2") == Told("other")
    assert dialect.says({}, Mark()) == b"40"
    assert dialect.says({"A-B": 5}, Mark("p", "Oq1")) == b'40{"pid": "p", "offset": "Oq1"}'
