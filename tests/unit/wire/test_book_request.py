import pytest

from ledgerflux.errors import LogError
from ledgerflux.wire.book_request import BookRequest, decode_request, encode_request


def test_a_request_is_one_json_object_and_comes_back_as_it_was():
    request = BookRequest("BTC-USD", "a hole")
    assert encode_request(request) == b'{"product":"BTC-USD","reason":"a hole"}'
    assert decode_request(encode_request(request)) == request


def test_who_gives_no_reason_gets_a_book_too():
    assert decode_request(b'{"product":"BTC-USD"}') == BookRequest("BTC-USD")


@pytest.mark.parametrize(
    "payload",
    [b"", b"nonsense", b"[]", b"{}", b'{"product":7}', b'"\xff"', b"[" * 100_000],
    ids=["nothing", "no JSON", "a list", "no product", "a number", "no UTF-8", "deep"],
)
def test_what_is_no_request_is_refused(payload):
    with pytest.raises(LogError, match="a request for a book can't be read"):
        decode_request(payload)
