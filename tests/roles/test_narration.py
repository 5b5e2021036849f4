"""What a role says between two health records."""

import pytest

from ledgerflux.roles.narration import Narration, changes
from ledgerflux.wire.health import Health, PartitionHealth


def health(state="ready", role="normalize", states=None, **more):
    partitions = [PartitionHealth(0, list(states or {}), states=states or {})]
    return Health(role, "0", 1, state, 0, 0, partitions=partitions, **more)


def said(before, after):
    return [tuple(one) for one in changes(before, after)]


def test_every_state_is_said_once():
    first = health("starting", reason="waiting for a source")
    assert said(None, first) == [
        ("info", "role.starting", {"reason": "waiting for a source"}),
    ]
    assert said(first, health("starting", reason="another")) == []
    assert said(first, health(http="http://x")) == [("info", "role.ready", {"http": "http://x"})]


def test_a_degraded_role_says_why():
    after = health("degraded", reason="no socket")
    assert said(health(), after) == [("warning", "role.degraded", {"reason": "no socket"})]


def test_books_that_change_together_are_one_line():
    before = health(states={"A-USD": "syncing", "B-USD": "syncing", "C-USD": "live"})
    after = health(states={"A-USD": "live", "B-USD": "live", "C-USD": "suspect"})
    assert said(before, after) == [
        ("info", "books.live", {"products": "A-USD B-USD"}),
        ("warning", "books.suspect", {"products": "C-USD"}),
    ]


def test_only_the_normalizer_speaks_of_books():
    before = health(role="gateway", states={"A-USD": "live"})
    assert said(before, health(role="gateway", states={"A-USD": "stale"})) == []


def test_growing_counts_of_losses_are_said():
    before, after = health(counts={"dlq": 2, "raw_frames": 5}), health(counts={"dlq": 5})
    assert said(before, after) == [("warning", "frames.refused", {"count": 3, "total": 5})]


def test_counts_found_while_starting_are_no_news():
    assert said(health("starting"), health("starting", counts={"dlq": 5})) == []


def test_narration_tells_only_what_is_new():
    told = []

    class Log:
        def info(self, event, **fields):
            told.append(("info", event))

        def warning(self, event, **fields):
            told.append(("warning", event))

    narration = Narration(Log())
    for one in (health("starting"), health(), health(), health("degraded")):
        narration.tell(one)
    assert told == [("info", "role.starting"), ("info", "role.ready"), ("warning", "role.degraded")]


@pytest.mark.parametrize("state", ["suspect", "stale", "halted"])
def test_troubled_books_are_warnings(state):
    assert (
        said(health(states={"A-USD": "live"}), health(states={"A-USD": state}))[0][0] == "warning"
    )
