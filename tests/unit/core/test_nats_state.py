import pytest

from ledgerflux.core.nats_state import StreamNumbers, read_state
from ledgerflux.errors import BusError

VARZ = {
    "connections": 5,
    "mem": 1000,
    "slow_consumers": 2,
    "jetstream": {"config": {"max_storage": 4000, "sync_interval": 120, "sync_always": True}},
}
STREAM = {
    "name": "MD_RAW",
    "config": {"max_bytes": 900},
    "state": {"messages": 3, "bytes": 70, "first_seq": 2, "last_seq": 4},
}
JSZ = {"storage": 1000, "account_details": [{"name": "$G", "stream_detail": [STREAM]}]}


def test_what_a_server_says_is_read():
    state = read_state(VARZ, JSZ)
    assert (state.connections, state.memory_bytes, state.slow_consumers_total) == (5, 1000, 2)
    assert (state.storage_bytes, state.storage_bytes_max) == (1000, 4000)
    assert state.streams == (StreamNumbers("MD_RAW", 3, 70, 900, 2, 4),)
    assert (state.sync_always, state.durability) == (True, "disk")


def test_a_server_that_syncs_now_and_then_keeps_what_a_process_can_lose():
    config = {"max_storage": 4000, "sync_interval": 1_000_000_000}
    state = read_state(VARZ | {"jetstream": {"config": config}}, {"storage": 0})
    assert (state.sync_always, state.durability, state.streams) == (False, "process", ())


def test_a_stream_without_limit_has_none():
    stream = STREAM | {"config": {"max_bytes": -1}}
    jsz = {"storage": 0, "account_details": [{"stream_detail": [stream]}]}
    assert read_state(VARZ, jsz).streams[0].bytes_max is None


@pytest.mark.parametrize(
    ("varz", "jsz"),
    [({}, JSZ), (VARZ, {}), ([], JSZ), (VARZ | {"jetstream": {}}, JSZ), (VARZ | {"mem": "x"}, JSZ)],
)
def test_what_is_no_such_server_is_told_apart(varz, jsz):
    with pytest.raises(BusError, match="not a NATS server with JetStream"):
        read_state(varz, jsz)
