import msgspec

from ledgerflux.wire.replay import RecordingHealth, RecordingMark, ReplayHealth
from ledgerflux.wire.replay_status import replay_status

S = 1_000_000_000
HELD = RecordingHealth(9, 10 * S, 1_000 * S, S, (4, 5), (RecordingMark("gap", 3 * S),), 1)
RUNNING = ReplayHealth(
    "replay:day.lfr", "running", False, 2.0, 1.99949, True, 4, 2 * S, 1_002 * S, ("seek",), HELD
)


def test_a_recording_is_told_with_its_place_rates_and_breaks():
    told = replay_status(RUNNING, ended=False, through=False)
    assert (told.state, told.can, told.speed, told.held) == ("running", ["seek"], 2.0, 1.999)
    assert (told.loop, told.frames, told.at_ms) == (True, 4, 2_000)
    assert told.time == "1970-01-01T00:16:42.000000000Z"
    held = told.recording
    assert (held.frames, held.span_ms, held.rate_width_ms, held.rates) == (9, 10_000, 1_000, [4, 5])
    assert held.begin == "1970-01-01T00:16:40.000000000Z"
    assert held.end == "1970-01-01T00:16:50.000000000Z"
    assert [mark.model_dump() for mark in held.marks] == [{"kind": "gap", "at_ms": 3_000}]


def test_a_recording_without_times_has_none():
    timeless = msgspec.structs.replace(HELD, begin_ns=None)
    paused = msgspec.structs.replace(
        RUNNING, state="paused", paused=True, recording=timeless, held=None
    )
    told = replay_status(paused, ended=False, through=False)
    assert (told.paused, told.time, told.held) == (True, None, None)
    assert (told.recording.begin, told.recording.end) == (None, None)


def test_a_made_market_has_a_time_and_no_recording():
    made = msgspec.structs.replace(RUNNING, recording=None, speed=None)
    told = replay_status(made, ended=False, through=False)
    assert (told.speed, told.recording) == ("max", None)
    assert told.time is not None


def test_without_an_exchange_nothing_can_be_asked():
    told = replay_status(None, ended=True, through=True)
    assert (told.ended, told.through, told.state, told.can, told.at_ms) == (
        True,
        True,
        "",
        [],
        None,
    )
