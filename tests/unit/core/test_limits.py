from ledgerflux.core.limits import Limits
from ledgerflux.wire.gateway_control import LimitsMessage


def test_every_limit_is_told_to_clients():
    assert set(LimitsMessage.model_fields) == set(Limits._fields)
    assert LimitsMessage(**Limits()._asdict()).subscriptions_max == 200


def test_streams_stop_well_before_they_go_on():
    assert Limits().outbox_drained_bytes < Limits().outbox_bytes
