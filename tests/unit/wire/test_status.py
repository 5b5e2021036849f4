import json

from ledgerflux.wire.replay_status import NO_REPLAY
from ledgerflux.wire.status import Counts, Status


def test_the_document_names_its_schema_and_reads_back():
    document = Status(
        state="degraded",
        source="synthetic",
        durability="process",
        services=[],
        shards=[],
        stages=[],
        end_to_end=None,
        counts=Counts(exchange_sent=1, raw_frames=1, raw_gap_frames=0, norm_events=1, dlq=0),
        gaps=0,
        disk_bytes=1,
        clients=0,
        gateways=[],
        heads={},
        replay=NO_REPLAY,
        problems=["BTC-USD is stale"],
    )
    text = document.to_json()
    assert json.loads(text)["schema"] == "lf.status/1"
    assert Status.model_validate_json(text) == document
