import pytest

from ledgerflux_tui.state.replay import Mark, Replay

HELD = {
    "frames": 9, "span_ms": 10_000, "begin": "2026-01-02T03:04:05.000000000Z",
    "end": "2026-01-02T03:04:15.000000000Z", "rate_width_ms": 5_000, "rates": [4, 5],
    "marks": [{"kind": "gap", "at_ms": 3_000}], "marks_total": 1,
}  # fmt: skip
NOW = {
    "ended": False, "paused": True, "through": False, "state": "paused", "can": ["pause", "seek"],
    "speed": 2.0, "held": 1.9, "loop": True, "frames": 4, "at_ms": 2_000,
    "time": "2026-01-02T03:04:07.000000000Z", "recording": HELD,
}  # fmt: skip


def test_a_recording_is_taken_with_its_place_and_breaks():
    replay = Replay()
    assert not replay.plays
    replay.take({"source": "replay:day.lfr", "replay": NOW})
    assert (replay.plays, replay.source, replay.paused) == (True, "replay:day.lfr", True)
    assert (replay.speed, replay.held, replay.loop, replay.can) == (
        2.0,
        1.9,
        True,
        ("pause", "seek"),
    )
    assert (replay.frames, replay.at_ms) == (4, 2_000)
    assert replay.time_ns - replay.recording.begin_ns == 2_000_000_000
    assert (replay.recording.rates, replay.recording.marks) == ((4, 5), (Mark("gap", 3_000),))


def test_an_answer_alone_is_taken_too():
    replay = Replay()
    replay.take({"source": "replay:day.lfr", "replay": NOW})
    replay.hear(NOW | {"paused": False, "state": "running", "speed": "max", "held": None})
    assert (replay.paused, replay.state, replay.speed, replay.held) == (
        False,
        "running",
        None,
        None,
    )


def test_a_status_without_an_exchange_says_that_nothing_can_be_asked():
    replay = Replay()
    replay.take({"source": "coinbase-advanced", "replay": {"ended": False, "paused": False,
                 "through": False}})  # fmt: skip
    assert (replay.can, replay.plays, replay.state, replay.time_ns) == ((), False, "", None)
    timeless = HELD | {"begin": None, "end": None}
    replay.hear(NOW | {"recording": timeless, "time": None})
    assert replay.recording.begin_ns is None


def test_what_every_status_has_must_be_there():
    with pytest.raises(KeyError):
        Replay().take({"source": "x", "replay": {"ended": False}})
