import pytest

from ledgerflux.venues.base import Refused, complaint
from ledgerflux.venues.registry import venue


def test_refused_names_its_reason_and_says_what_was_wrong():
    with pytest.raises(Refused) as caught:
        raise Refused("number", "no plain decimal: '1e5'")
    assert caught.value.reason == "number"
    assert caught.value.detail == "no plain decimal: '1e5'"
    assert str(caught.value) == "number: no plain decimal: '1e5'"


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (b'{"type":"error","message":"rate limit exceeded"}', "rate limit exceeded"),
        (b'{"type":"error","message":', None),
        (b'{"type":"heartbeat"}', None),
    ],
)
def test_what_a_venue_complains_of_is_told_and_nothing_else(frame, said):
    complained = complaint(venue("coinbase-exchange"), frame)
    assert (complained.message if complained else None) == said
