from ledgerflux.core.admission import Admission
from ledgerflux.core.limits import Limits
from ledgerflux.core.parting import Close
from ledgerflux.core.ratelimit import TokenBucket
from ledgerflux.core.throttling import Throttled

SECOND = 1_000_000_000
LIMITS = Limits(requests_per_s=10, requests_burst=2, refusals_max=4, faults_max=2)


def test_halfway_to_the_end_a_client_is_warned_once():
    admission = Admission(LIMITS, 0, None)
    wait_ns = SECOND // 10
    assert [admission.admit(0) for _ in range(6)] == [
        (0, None),
        (0, None),
        (wait_ns, None),
        (wait_ns, Throttled("requests", "refusing", 2, 100, 2)),
        (wait_ns, None),
        (Close(4002, "rate_limited"), None),
    ]


def test_an_admitted_request_forgives_the_refused_ones_and_ends_the_warning():
    admission = Admission(LIMITS, 0, None)
    for second in range(10):
        told = [admission.admit(second * SECOND)[1] for _ in range(5)]
        ended = Throttled("requests", "ended", 3) if second else None
        assert told[0] == ended
        assert told[3].mode == "refusing"
        assert told.count(None) == (3 if second else 4)


def test_the_bucket_of_an_address_is_spent_too():
    shared = TokenBucket(1, 1, 0)
    one, other = (Admission(LIMITS, 0, shared) for _ in range(2))
    assert one.admit(0) == (0, None)
    assert other.admit(0) == (SECOND, None)


def test_messages_that_are_no_requests_end_it_when_they_come_in_a_row():
    admission = Admission(LIMITS, 0, None)
    assert admission.hear(understood=False) is None
    assert admission.hear(understood=True) is None
    assert admission.hear(understood=False) is None
    assert admission.hear(understood=False) == Close(4502, "protocol_error")
