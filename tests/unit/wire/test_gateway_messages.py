import pytest
from pydantic import ValidationError

from ledgerflux.wire.gateway_control import Pong
from ledgerflux.wire.gateway_messages import Gap, Level2Update, check

GOOD = (
    '{"channel":"level2","type":"update","venue":"v","product_id":"BTC-USD","epoch":"e",'
    '"prev_seq":1,"seq":2,"ts_publish":"2024-01-01T00:00:00.000000000Z","checksum":7,"data":[{"seq":2,'
    '"ts_exchange":null,"ts_receive":"2024-01-01T00:00:00.000000000Z",'
    '"changes":[["buy","1.50","0"]]}]}'
)
PONG = '{"type":"pong","req_id":null,"success":true,"time_in":null,"time_out":null,"nonce":"x"}'


def test_messages_are_found_by_channel_and_type():
    assert isinstance(check(GOOD), Level2Update)
    assert isinstance(check(PONG), Pong)


def test_a_gap_exists_in_every_channel_of_a_product():
    for channel in ("level2", "trades", "ticker", "status"):
        text = (
            f'{{"channel":"{channel}","type":"gap","venue":"v","product_id":"BTC-USD",'
            '"epoch":"e","from_seq":1,"to_seq":0,"cause":"epoch","next":"live","detail":"",'
            '"state":"init","missing":null,"from_id":null,"to_id":null,'
            '"ts_publish":"2024-01-01T00:00:00.000000000Z"}'
        )
        assert isinstance(check(text), Gap)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"epoch":"e"', '"epoch":"e","surprise":1'),
        ('"seq":2,"ts_publish"', '"seq":2.5,"ts_publish"'),
        ("2024-01-01T00:00:00.000000000Z", "2024-01-01T00:00:00Z"),
        ('"1.50"', '"1e5"'),
        ('"1.50"', "1.5"),
        ('"buy"', '"BUY"'),
        ("BTC-USD", "btc usd"),
        ('"data":[{', '"data":[],"x":[{'),
        ('"prev_seq":1,', ""),
    ],
)
def test_anything_else_is_refused(old, new):
    with pytest.raises(ValidationError):
        check(GOOD.replace(old, new))
