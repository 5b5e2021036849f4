import pytest

from ledgerflux.client.goodbyes import PAUSE_MAX_S, Goodbyes
from ledgerflux.errors import GatewayError
from ledgerflux.wire.gateway_reading import Message


def heard(*messages: Message) -> Goodbyes:
    goodbyes = Goodbyes()
    for message in messages:
        goodbyes.hear(message)
    return goodbyes


def goodbye(after_ms, *, reconnect=True) -> Message:
    return Message(type="goodbye", reconnect=reconnect, reconnect_after_ms=after_ms)


def test_the_pause_is_what_the_gateway_said_once():
    goodbyes = heard(goodbye(1730), Message(type="gap"))
    assert (goodbyes.pause_s(), goodbyes.pause_s()) == (1.73, None)
    assert heard(Message(type="error")).pause_s() is None
    assert heard(goodbye(None)).pause_s() is None


def test_nobody_is_sent_away_for_ever():
    assert heard(goodbye(10**12)).pause_s() == PAUSE_MAX_S


def test_who_may_come_back_is_no_error():
    heard(goodbye(5)).judge(1012, "restart", "closed with 1012 restart")
    heard().judge(None, "", "is gone")


@pytest.mark.parametrize(
    ("goodbyes", "code", "reason", "told"),
    [
        (heard(), 4505, "idle", "idle"),
        (heard(), 4999, "", "closed"),
        (heard(goodbye(None, reconnect=False)), 1003, "text messages only", "protocol_error"),
        (heard(goodbye(None, reconnect=False)), None, "", "protocol_error"),
    ],
)
def test_who_may_not_come_back_hears_why(goodbyes, code, reason, told):
    with pytest.raises(GatewayError, match="the gateway left") as caught:
        goodbyes.judge(code, reason, "left")
    assert caught.value.code == told
