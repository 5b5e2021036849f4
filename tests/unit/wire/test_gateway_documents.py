import json
from typing import get_args

import pytest
from pydantic import ValidationError

from ledgerflux.core.book_cut import DEPTHS
from ledgerflux.wire.gateway_documents import BookDocument, Depth, ProblemDocument

TIME = "2024-01-02T03:04:05.000000006Z"
BOOK = {
    "schema": "lf.book/1", "venue": "v", "product_id": "BTC-USD", "epoch": "e", "seq": 1,
    "depth": "50", "state": "live", "integrity": "none", "integrity_rule": "none",
    "ts_exchange": None, "ts_receive": None, "ts_publish": TIME, "bids": [["1", "2"]], "asks": [],
}  # fmt: skip


def test_the_depths_described_are_those_served():
    assert get_args(Depth) == tuple(DEPTHS)


def test_a_book_is_one():
    assert BookDocument.model_validate_json(json.dumps(BOOK)).bids == (("1", "2"),)


@pytest.mark.parametrize(
    "change", [{"schema": "lf.book/2"}, {"depth": 50}, {"bids": [[1, 2]]}, {"other": 1}]
)
def test_anything_else_is_none(change):
    with pytest.raises(ValidationError):
        BookDocument.model_validate_json(json.dumps({**BOOK, **change}))


def test_a_problem_may_say_more():
    error = {"code": "not_ready", "message": "m", "retryable": True, "retry_after_ms": 250, "x": 1}
    assert ProblemDocument.model_validate({"error": error}).error.code == "not_ready"
