import msgspec
import pytest

from ledgerflux.wire.replay import Refused
from ledgerflux.wire.service_order import (
    RestartAnswer,
    RestartOrder,
    decode_restart,
    decode_restarted,
    encode_restart,
)


def test_an_order_and_its_answer_come_through():
    assert decode_restart(encode_restart(RestartOrder("ingest"))) == RestartOrder("ingest")
    refused = RestartAnswer(error=Refused("unknown_service", "none"))
    assert decode_restarted(msgspec.json.encode(refused)) == refused


def test_more_than_a_service_is_no_order():
    with pytest.raises(msgspec.DecodeError):
        decode_restart(b'{"service":"a","signal":9}')
