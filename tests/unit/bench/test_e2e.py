import pytest

from ledgerflux.bench import e2e
from ledgerflux.bench.e2e import STEPS_DOWN, carried, highest
from ledgerflux.bench.evaluate import Measured


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


def carrying(limit, tried, doubt=""):
    """A stack that carries `limit` messages a second, and notes what was tried."""

    def carry(rate):
        tried.append(rate)
        good = rate <= limit
        return Measured("k", float(rate) if good else 0.0, f"{rate}", "" if good else doubt)

    return carry


@pytest.mark.parametrize(
    ("limit", "value", "tried"),
    [
        (1_200, 1_000, [1_000, 1_500]),
        (2_600, 2_500, [1_000, 1_500, 2_000, 2_500, 3_000]),
        (9_999, 3_000, [1_000, 1_500, 2_000, 2_500, 3_000]),
        (700, 600, [1_000, 800, 600]),
        (10, 0, [1_000, *(round(1_000 * step) for step in STEPS_DOWN)]),
    ],
)
def test_the_highest_rate_is_looked_for_above_and_below(limit, value, tried):
    seen = []
    found = highest(1_000, carrying(limit, seen))
    assert (found.value, found.doubt, seen) == (value, "", tried)


def test_what_made_the_rate_asked_for_doubtful_stays_a_doubt_of_a_lower_one():
    found = highest(1_000, carrying(700, [], "the client: CPU 99 %"))
    assert (found.value, found.conditions) == (600, "600")
    assert found.doubt == "at 1,000: the client: CPU 99 %"
    assert highest(1_000, carrying(10, [], "others")).doubt == "others"


def test_the_client_that_looks_for_losses_follows_every_book():
    class Lab:
        def command(self, *words):
            self.words = words
            return 0, "{}"

    lab = Lab()
    assert e2e._loaded(lab, 10.0) == {}
    assert lab.words[lab.words.index("--products") + 1] == "all"
