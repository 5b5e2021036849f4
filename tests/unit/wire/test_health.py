import msgspec
import pytest

from ledgerflux.wire.health import (
    ExitHealth,
    FeedConf,
    Health,
    LatencyHealth,
    PartitionHealth,
    ServiceHealth,
    SupervisorHealth,
    all_known,
)

CONF = FeedConf(
    venue="coinbase-advanced",
    url="ws://127.0.0.1:9000",
    source="synthetic:200",
    run="r1",
    products=["BTC-USD"],
    channels=["level2"],
)
HEALTH = Health("normalize", "0", 12, "ready", time_ns=5, started_ns=1)


@pytest.mark.parametrize(
    "value",
    [
        CONF,
        HEALTH,
        msgspec.structs.replace(
            HEALTH,
            p99_ms=1.5,
            counts={"gaps": 1},
            partitions=[PartitionHealth(7, ["BTC-USD"], raw=3, states={"BTC-USD": "live"})],
        ),
        SupervisorHealth(
            1,
            2,
            "synthetic:200",
            "process",
            4,
            1000,
            [
                ServiceHealth(
                    "nats", None, "failed", 0.5, 10, 2, 7, "exit 1", ExitHealth(1, 6, "no disk")
                )
            ],
        ),
        msgspec.structs.replace(
            HEALTH,
            out_rate=2.0,
            histogram=[0, 3],
            end_to_end=LatencyHealth(1.0, 2.0, 3.0, 4.0, [1]),
        ),
    ],
)
def test_what_was_written_is_what_is_read(value):
    assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value


def counted(role, **counts):
    return msgspec.structs.replace(HEALTH, role=role, counts=counts)


@pytest.mark.parametrize(
    ("exchange", "normalize", "known"),
    [
        ({"sent": 9}, {"raw_frames": 7, "raw_gap_frames": 2}, True),
        ({"sent": 10}, {"raw_frames": 7, "raw_gap_frames": 2}, False),
        ({"sent": 10, "sent_open": 4}, {"raw_frames": 9, "session_frames": 4}, False),
        (
            {"sent": 10, "sent_open": 4},
            {"raw_frames": 9, "session_frames": 4, "raw_breaks": 1},
            True,
        ),
        (
            {"sent": 10, "sent_open": 4},
            {"raw_frames": 9, "session_frames": 3, "raw_breaks": 1},
            False,
        ),
        (
            {"sent": 10, "sent_open": 4},
            {"raw_frames": 9, "session_frames": 0, "raw_breaks": 1},
            True,
        ),
        ({}, {}, True),
    ],
)
def test_every_frame_is_known_or_its_session_ended_without_goodbye(exchange, normalize, known):
    others = [counted("ingest", frames=3), HEALTH]
    healths = [counted("exchange", **exchange), counted("normalize", **normalize), *others]
    assert all_known(healths) is known


def test_a_record_says_only_what_there_is_to_say():
    assert msgspec.json.decode(msgspec.json.encode(HEALTH)) == {
        "role": "normalize",
        "instance": "0",
        "pid": 12,
        "state": "ready",
        "time_ns": 5,
        "started_ns": 1,
    }


def test_the_key_names_role_and_instance():
    assert HEALTH.key == "normalize.0"


def test_two_records_share_no_counts():
    first, second = (Health("a", "0", 1, "ready", 0, 0) for _ in range(2))
    first.counts["x"] = 1
    assert second.counts == {}


def test_a_conf_from_another_version_is_refused():
    body = msgspec.json.encode({**msgspec.to_builtins(CONF), "speed": 2})
    with pytest.raises(msgspec.ValidationError, match="speed"):
        msgspec.json.decode(body, type=FeedConf)


@pytest.mark.parametrize("run", ["", "two words", "line\n", "r\n", "caf\u00e9", "x" * 201])
def test_a_run_that_could_not_stand_in_an_index_is_refused(run):
    body = msgspec.json.encode(msgspec.structs.replace(CONF, run=run))
    with pytest.raises(msgspec.ValidationError, match=r"\$.run"):
        msgspec.json.decode(body, type=FeedConf)


def test_the_standing_of_children_is_who_they_are_and_their_state():
    rows = [ServiceHealth("nats", None, "failed", 0.5, 10, 2, 7)]
    boss = SupervisorHealth(1, 2, "synthetic:200", "process", 4, 1000, rows)
    assert boss.standing == [("nats", None, "failed")]
    busier = msgspec.structs.replace(boss, services=[msgspec.structs.replace(rows[0], cpu=1.0)])
    assert busier.standing == boss.standing
