import pytest

from ledgerflux.venues.base import Refused


def test_refused_names_its_reason_and_says_what_was_wrong():
    with pytest.raises(Refused) as caught:
        raise Refused("number", "no plain decimal: '1e5'")
    assert caught.value.reason == "number"
    assert caught.value.detail == "no plain decimal: '1e5'"
    assert str(caught.value) == "number: no plain decimal: '1e5'"
