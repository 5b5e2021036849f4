import pytest

from ledgerflux.bench.e2e import carried


def report_of(*, p99=20.0, gaps=0, violations=0, held=30_000.0, doubts=()):
    return {
        "latency_ms": {"all": None if p99 is None else {"p50": 5.0, "p99": p99}},
        "integrity": {"gaps": gaps, "violations": violations},
        "rate": {"asked": 30_000.0, "held": held},
        "generator": {"valid": not doubts, "doubts": list(doubts)},
    }


@pytest.mark.parametrize(
    ("report", "value"),
    [
        (report_of(), 30_000.0),
        (report_of(held=29_200.0), 30_000.0),
        (report_of(held=25_000.0), 25_000.0),
        (report_of(p99=100.0), 0.0),
        (report_of(p99=None), 0.0),
        (report_of(gaps=1), 0.0),
        (report_of(violations=1), 0.0),
        (report_of(held=None), 0.0),
    ],
)
def test_a_rate_was_carried_or_what_was_is_told(report, value):
    found = carried("e2e_made", 30_000, report, "made frames", "")
    assert (found.key, found.value, found.doubt) == ("e2e_made", value, "")
    assert found.conditions.startswith("made frames; one client, p50 ")


def test_why_a_rate_was_not_carried_may_be_the_client_or_the_machine():
    slow = report_of(held=20_000.0, doubts=["CPU 99 %"])
    assert carried("e2e_made", 30_000, slow, "", "others").doubt == "the client: CPU 99 %"
    crowded = report_of(held=20_000.0)
    assert carried("e2e_made", 30_000, crowded, "", "others").doubt == "others"
    assert carried("e2e_made", 30_000, report_of(), "", "others").doubt == ""
