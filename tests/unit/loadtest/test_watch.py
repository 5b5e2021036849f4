import json

import pytest

from ledgerflux.loadtest.orders import ClientOrder, Order
from ledgerflux.loadtest.reading import Piece, Reader
from ledgerflux.loadtest.watch import Totals, Watch, note
from ledgerflux.model.units import rfc3339
from ledgerflux.wire.gateway_reading import Place

MS = 1_000_000
OFFSET_NS = 1_700_000_000_000_000_000


GAP = {
    "channel": "level2",
    "type": "gap",
    "product_id": "BTC-USD",
    "epoch": "e",
    "cause": "slow_consumer",
    "state": "live",
}


class Rig:
    """One client's watch; times are milliseconds after the first client connects."""

    def __init__(self, *, planned=True, slow=False, greedy=False):
        client = ClientOrder(3, None, 0, slow=slow, greedy=greedy)
        order = Order("ws://x", ["level2"], [client], 100 * MS, 200 * MS, OFFSET_NS, planned)
        self.totals = Totals(order)
        self.reader = Reader(planned=planned)
        self.watch = Watch(client, self.totals)
        self.counts = self.totals.counts

    def take(self, at_ms=0, **message):
        return self.take_all([message], at_ms)

    def take_all(self, messages, at_ms=0):
        """Take messages received together."""
        payloads = [json.dumps(message).encode() for message in messages]
        frames = [(payload, True) for payload in payloads]
        return self.watch.take(Piece(b"".join(payloads), frames, self.reader), at_ms * MS)

    def latency(self):
        """Return what was tallied since the last time."""
        self.watch.settle()
        return self.totals.latency.take()

    def begin(self, seq=10):
        self.watch.begin(0)
        streams = {"BTC-USD": {"epoch": "e", "seq": seq}}
        self.take(type="subscribed", channel="level2", streams=streams)
        return self

    def update(self, prev, seq, *, planned_ms, at_ms, receive_ms=0, product="BTC-USD"):
        self.take(at_ms, **update(prev, seq, planned_ms, receive_ms, product))

    def snapshot(self, seq, at_ms=1, *, part=1, parts=1, reason="subscribe"):
        self.take(
            at_ms,
            channel="level2",
            type="snapshot",
            product_id="BTC-USD",
            epoch="e",
            prev_seq=None,
            seq=seq,
            part=part,
            parts=parts,
            reason=reason,
            state="live",
        )

    def gap(self, from_seq, to_seq, at_ms, cause="slow_consumer"):
        self.take(at_ms, **{**GAP, "from_seq": from_seq, "to_seq": to_seq, "cause": cause})


def update(prev, seq, planned_ms, receive_ms=0, product="BTC-USD"):
    event = {"ts_exchange": time(planned_ms), "ts_receive": time(receive_ms), "changes": []}
    return {
        "channel": "level2",
        "type": "update",
        "product_id": product,
        "epoch": "e",
        "prev_seq": prev,
        "seq": seq,
        "data": [event] * (seq - prev),
    }


def time(ms):
    return rfc3339(OFFSET_NS + ms * MS)


@pytest.fixture
def rig():
    return Rig().begin()


def test_latency_counts_from_the_planned_time(rig):
    rig.update(10, 12, planned_ms=110, at_ms=117, receive_ms=116)
    assert rig.latency() == [(7000, 2)]
    assert rig.counts.updates == 2
    report = rig.watch.report()
    assert (report.number, report.updates, report.max) == (3, 2, 7000)


def test_latency_of_a_replay_counts_from_the_receive_time():
    rig = Rig(planned=False).begin()
    rig.update(10, 11, planned_ms=1, at_ms=117, receive_ms=116)
    assert rig.latency() == [(1000, 1)]


def test_updates_planned_outside_the_measured_time_do_not_count(rig):
    rig.update(10, 11, planned_ms=99, at_ms=150)
    rig.update(11, 12, planned_ms=200, at_ms=201)
    rig.update(12, 13, planned_ms=199, at_ms=300)
    assert rig.counts.updates == 1
    assert rig.watch.report().max == 101_000


def test_an_update_before_its_time_is_counted_and_is_no_latency(rig):
    rig.update(10, 11, planned_ms=150, at_ms=149)
    assert rig.counts.negative == 1
    assert rig.latency() == [(0, 1)]


def test_a_dropped_update_is_missed_by_name(rig):
    rig.update(12, 13, planned_ms=150, at_ms=151)
    assert rig.counts.missed == {"BTC-USD level2 unannounced": 2}
    assert rig.watch.findings.violations == 1
    assert rig.watch.report().missed == 2


def test_updates_that_came_together_are_aged_one_by_one(rig):
    rig.take_all([update(10, 12, 110), update(12, 13, 112), update(13, 14, 115)], 117)
    assert rig.latency() == [(7000, 2), (5000, 1), (2000, 1)]
    assert rig.counts.messages == 4
    assert rig.watch.findings.violations == 0


@pytest.mark.parametrize("odd_ms", [99, 118, 200])
def test_those_of_an_odd_time_do_not_change_what_came_with_them(rig, odd_ms):
    rig.take_all([update(10, 11, 110), update(11, 12, odd_ms)], 117)
    assert rig.counts.updates == (2 if odd_ms == 118 else 1)
    assert rig.counts.negative == (odd_ms == 118)
    assert (7000, 1) in rig.latency()


def test_what_comes_with_updates_is_taken_in_its_order(rig):
    rig.take_all(
        [
            update(10, 11, 110),
            {**GAP, "from_seq": 12, "to_seq": 13},
            update(13, 14, 115),
            {"type": "error", "code": "throttled"},
            update(14, 15, 116),
        ],
        117,
    )
    assert rig.counts.updates == 3
    assert rig.watch.findings.violations == 0
    assert rig.counts.missed == {"BTC-USD level2 slow_consumer": 2}
    assert rig.counts.errors == {"throttled": 1}


def test_an_unreadable_message_does_not_hide_those_it_came_with(rig):
    good = [
        (json.dumps(told).encode(), True) for told in (update(10, 11, 110), update(11, 12, 111))
    ]
    frames = [good[0], (b"not json", True), good[1]]
    assert rig.watch.take(Piece(b"", frames, rig.reader), 117 * MS) == []
    assert (rig.counts.updates, rig.counts.messages) == (2, 4)
    assert rig.counts.errors == {"protocol_error": 1}


def test_an_update_that_came_twice_at_once_counts_once(rig):
    rig.take_all([update(10, 11, 110), update(10, 11, 110), update(11, 12, 111)], 117)
    assert (rig.counts.updates, rig.watch.findings.duplicates) == (2, 1)
    assert rig.latency() == [(7000, 1), (6000, 1)]


def test_a_repeated_update_is_no_latency(rig):
    rig.update(10, 11, planned_ms=150, at_ms=151)
    rig.update(10, 11, planned_ms=150, at_ms=180)
    assert (rig.counts.updates, rig.watch.findings.duplicates) == (1, 1)


def test_what_a_gap_skips_counts_with_the_ages_a_client_saw(rig):
    rig.update(10, 11, planned_ms=110, at_ms=111)
    rig.latency()
    rig.gap(12, 21, at_ms=130)
    cells = rig.latency()
    assert sum(count for _, count in cells) == 10
    assert max(cell for cell, _ in cells) > 17_000
    assert rig.counts.missed == {"BTC-USD level2 slow_consumer": 10}


def test_a_gap_outside_the_measured_time_has_no_ages(rig):
    rig.gap(11, 20, at_ms=120)
    rig.update(20, 21, planned_ms=110, at_ms=111)
    rig.latency()
    rig.gap(22, 23, at_ms=400)
    assert rig.latency() == []


def test_a_slow_client_is_counted_apart():
    rig = Rig(slow=True).begin()
    rig.update(10, 11, planned_ms=110, at_ms=150)
    rig.gap(12, 21, at_ms=160)
    assert rig.counts.skipped == {"BTC-USD level2 slow_consumer": 10}
    assert rig.counts.missed == {}
    assert (rig.counts.updates, rig.counts.updates_slow) == (0, 1)
    assert rig.latency() == []
    assert sum(count for _, count in rig.totals.latency_slow.take()) == 11


def test_the_first_whole_book_of_a_connection_is_timed(rig):
    rig.snapshot(10, 3, part=1, parts=2)
    assert rig.totals.first_snapshot.cells == {}
    rig.snapshot(10, 5, part=2, parts=2)
    rig.snapshot(10, 9)
    assert list(rig.totals.first_snapshot.cells.values()) == [1]
    assert rig.counts.snapshots == 2
    assert rig.watch.report().books_live == 1


def test_what_passed_between_connections_is_skipped(rig):
    rig.begin(14)
    assert rig.counts.skipped == {"BTC-USD level2 reconnect": 4}
    assert rig.watch.granted == {"level2"}


def test_a_stream_that_is_gone_is_forgotten(rig):
    rig.take(type="unsubscribed", channel="level2", product_ids=["BTC-USD", "ETH-USD"])
    assert rig.watch.streams == {}


def test_states_are_checked_like_everything_else(rig):
    rig.take(
        channel="status", type="status", product_id="BTC-USD", epoch="e", prev_seq=3, seq=4, data=[]
    )
    assert rig.watch.findings.violations == 1


def test_errors_are_counted_by_code_and_handed_on(rig):
    messages = [{"type": "error", "code": "throttled", "retry_after_ms": 5}, {"type": "welcome"}]
    [told] = rig.take_all(messages)
    assert told.retry_after_ms == 5
    assert rig.watch.take(Piece(b"?", [(b"not json", True)], rig.reader), 0) == []
    assert rig.counts.errors == {"throttled": 1, "protocol_error": 1}
    assert rig.counts.throttled == 1


@pytest.mark.parametrize(("habit", "code"), [("greedy", "throttled"), ("slow", "slow_consumer")])
def test_what_a_client_was_told_to_provoke_is_no_error(habit, code):
    rig = Rig(**{habit: True})
    rig.take(type="error", code=code)
    assert rig.counts.errors == {}


def test_what_never_came_is_missed_in_the_end(rig):
    heads = {"level2": {"BTC-USD": Place("e", 13), "ETH-USD": Place("e", 4)}}
    assert rig.watch.behind(heads) == {("level2", "BTC-USD"): 3}
    rig.watch.give_up(heads)
    assert rig.counts.missed == {"BTC-USD level2 undelivered": 3}


def test_an_update_without_a_time_is_counted(rig):
    event = {"ts_exchange": None}
    message = {"channel": "level2", "type": "update", "product_id": "BTC-USD", "epoch": "e"}
    rig.take(100, **message, prev_seq=10, seq=11, data=[event])
    assert rig.reader.untimed_total == 1
    assert rig.watch.findings.violations == 0


def test_a_note_that_is_taken_back_is_gone():
    counts = {}
    note(counts, "a", 2)
    note(counts, "a", -2)
    note(counts, "b", -2)
    assert counts == {"b": -2}
