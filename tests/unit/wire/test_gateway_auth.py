import json

from ledgerflux.core.credentials import Grant
from ledgerflux.wire.gateway_auth import authenticated
from ledgerflux.wire.gateway_messages import check

NOW_NS = 1_700_000_000_000_000_000


def test_the_answer_says_who_what_and_until_when():
    for expires_ns, told in ((NOW_NS, "2023-11-14T22:13:20.000000000Z"), (None, None)):
        grant = Grant("desk", ("BTC-*",), ("level2",), expires_ns)
        raw = authenticated(grant, request_id=5, times=(NOW_NS, NOW_NS))
        check(raw)
        document = json.loads(raw)
        assert (document["subject"], document["req_id"]) == ("desk", 5)
        assert (document["products"], document["channels"]) == (["BTC-*"], ["level2"])
        assert document["expires_at"] == told
