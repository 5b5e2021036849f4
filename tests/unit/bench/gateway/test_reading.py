import json

import pytest

from ledgerflux.bench.gateway.messages import NARROW, templates
from ledgerflux.bench.gateway.reading import MARKER, Counter, examine
from ledgerflux.model.units import rfc3339

SENT_NS = 1_800_000_000_000_000_000
CAME_NS = SENT_NS + 5_000_000


def message(seq: int, product: int = 0, prev_seq: int | None = None) -> bytes:
    made = json.loads(templates(NARROW, SENT_NS))[product]
    made |= {"prev_seq": seq - 1 if prev_seq is None else prev_seq, "seq": seq}
    made["ts_publish"] = rfc3339(SENT_NS)
    return json.dumps(made, separators=(",", ":")).encode()


@pytest.mark.parametrize("size", [1, 7, len(MARKER), 100, 10_000])
def test_every_message_is_counted_once_wherever_what_comes_is_cut(size):
    data = b"".join(message(seq) for seq in range(1, 6))
    counter = Counter()
    found = sum(counter.take(data[at : at + size]) for at in range(0, len(data), size))
    assert (counter.count, found) == (5, 5)


def test_messages_that_continue_each_product_are_whole():
    data = b"".join(message(seq, product) for seq in (1, 2, 3) for product in (0, 1))
    found = examine([(CAME_NS, data[:500]), (CAME_NS + 1_000_000, data[500:])])
    assert (found.messages, found.broken) == (6, 0)
    assert found.latencies_ms == [5.0] + [6.0] * 5


@pytest.mark.parametrize(
    "data",
    [
        message(1) + message(3),
        message(1) + message(2) + message(2),
        message(2) + message(1),
        message(1) + message(2, prev_seq=0),
    ],
    ids=["lost", "doubled", "turned round", "wrong"],
)
def test_a_message_that_does_not_continue_the_one_before_is_noticed(data):
    assert examine([(CAME_NS, data)]).broken == 1


def test_nothing_is_nothing():
    assert examine([]) == (0, 0, [])
