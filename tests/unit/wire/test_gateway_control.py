import pytest
from pydantic import ValidationError

from ledgerflux.wire.gateway_control import ErrorMessage, Place


def test_an_unknown_code_is_refused():
    good = {
        "type": "error",
        "req_id": 1,
        "success": False,
        "code": "idle",
        "message": "m",
        "retryable": False,
        "retry_after_ms": None,
        "product_ids": (),
    }
    assert ErrorMessage(**good).code == "idle"
    with pytest.raises(ValidationError):
        ErrorMessage(**{**good, "code": "nonsense"})


def test_a_place_is_an_epoch_and_a_number_that_every_language_can_hold():
    assert Place(epoch="e", seq=2**53 - 1).seq == 2**53 - 1
    for seq in (-1, 2**53, "1", 1.5):
        with pytest.raises(ValidationError):
            Place(epoch="e", seq=seq)
