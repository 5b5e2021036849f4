import json

import pytest
from streams import Numbered

from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.limits import Limits
from ledgerflux.core.request_desk import Refusal, RequestDesk
from ledgerflux.core.snapshot_desk import SnapshotDesk
from ledgerflux.model.units import NANOS_PER_S
from ledgerflux.wire import gateway_frames

LIMITS = Limits(snapshots_per_min=3)


class Rig:
    def __init__(self) -> None:
        self.fanout = Fanout(gateway_frames, LIMITS, lambda _: None)
        self.fanout.begin("v", integrity="none", integrity_rule="none")
        self.fanout.serve([f"A{number}-USD" for number in range(5)])
        for product in self.fanout.products:
            self.fanout.publish(Numbered(product).snapshot().take(), 1)
        self.session = ClientSession(gateway_frames, LIMITS, 0, lambda: None)
        self.fanout.enter(self.session)
        self.desk = SnapshotDesk(self.session, LIMITS, 0)
        RequestDesk(self.fanout, LIMITS).subscribe(self.session, "level2", ["*"])
        self.session.put(b'{"type":"ack"}')
        self.told()

    def ask(self, *products: str, at_s: float = 0.0, channel: str = "level2"):
        return self.desk.ask(channel, products or None, int(at_s * NANOS_PER_S))

    def told(self) -> list[tuple[str, str]]:
        messages = map(json.loads, self.session.take(1 << 20))
        return [(m.get("product_id"), m.get("reason")) for m in messages if m["type"] != "ack"]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def refused(answer) -> tuple[str, int | None]:
    assert isinstance(answer, Refusal)
    return answer.code, answer.retry_after_ms


def test_the_answer_comes_first_and_then_the_books(rig):
    assert rig.ask("A1-USD", "A0-*") == ["A1-USD", "A0-USD"]
    assert not rig.session.outbox.size
    rig.session.put(b'{"type":"ack"}')
    assert rig.told() == [("A1-USD", "requested"), ("A0-USD", "requested")]


def test_a_stream_has_one_a_second(rig):
    assert rig.ask("A1-USD", at_s=1.0) == ["A1-USD"]
    answer = rig.ask("A2-USD", "A1-USD", at_s=1.4)
    assert refused(answer) == ("throttled", 600)
    assert answer.product_ids == ("A1-USD",)
    assert rig.ask("A2-USD", at_s=1.4) == ["A2-USD"]
    assert rig.ask("A1-USD", at_s=2.0) == ["A1-USD"]


def test_a_connection_has_so_many_a_minute(rig):
    for second in range(3):
        assert rig.ask("A1-USD", at_s=second) == ["A1-USD"]
    assert refused(rig.ask("A1-USD", at_s=3)) == ("throttled", 17_000)
    assert refused(rig.ask("A1-USD", "A2-USD", at_s=20)) == ("throttled", 20_000)
    assert rig.ask("A1-USD", at_s=20) == ["A1-USD"]


def test_more_at_once_than_a_minute_has_is_refused_for_good(rig):
    assert refused(rig.ask()) == ("invalid_param", None)
    assert refused(rig.ask(channel="trades")) == ("invalid_param", None)


def test_what_is_not_followed_is_named_and_costs_nothing(rig):
    answer = rig.ask("A1-USD", "XXX-USD", "Y*")
    assert (answer.code, answer.product_ids) == ("not_subscribed", ("XXX-USD", "Y*"))
    assert rig.ask("A0-USD", "A1-USD", "A2-USD") == ["A0-USD", "A1-USD", "A2-USD"]
