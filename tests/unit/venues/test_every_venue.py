"""What holds for every dialect, whatever bytes it is given."""

import json
import time

import pytest
from data.hostile_frames import HOSTILE_FRAMES
from data.venue_frames import BY_VENUE
from hypothesis import given
from hypothesis import strategies as st

from ledgerflux.model.events import Event, Heartbeat, Ignored, Parsed, Unknown
from ledgerflux.model.product import is_product_id
from ledgerflux.venues.base import FRAME_BYTES_MAX, Refused
from ledgerflux.venues.registry import VENUES

IGNORED = {"activate", "user", "futures_balance_summary"}
"""Every message that a dialect knows and has no use for."""

FRAMES = [
    pytest.param(VENUES[name], frame, id=f"{name}: {kind}")
    for name, kinds in BY_VENUE.items()
    for kind, frame in kinds.items()
]
every_venue = pytest.mark.parametrize("venue", VENUES.values(), ids=lambda venue: venue.name)


def parsed(venue, frame) -> Parsed | None:
    """Parse, holding the dialect to what it may do: return a message or refuse."""
    number = venue.sequence(frame)
    try:
        message = venue.parse(frame)
    except Refused:
        return None
    assert message.sequence == number
    assert not repeats_a_key(frame)
    for event in message.events:
        assert isinstance(event, Event)
        assert is_product_id(getattr(event, "product", None) or "BTC-USD")
    return message


def repeats_a_key(frame) -> bool:
    repeated = []

    def once(pairs):
        repeated.extend(len(pairs) - len(dict(pairs)) for _ in [0])
        return dict(pairs)

    json.loads(frame, object_pairs_hook=once)
    return any(repeated)


def test_every_venue_has_frames_to_be_tested_with():
    assert BY_VENUE.keys() == VENUES.keys()


@pytest.mark.parametrize(("venue", "frame"), FRAMES)
def test_a_message_of_every_kind_is_understood(venue, frame):
    events = parsed(venue, frame).events
    assert events
    assert not any(isinstance(event, Unknown) for event in events)


def test_few_kinds_are_ignored_and_these_are_all():
    events = [e for case in FRAMES for e in case.values[0].parse(case.values[1]).events]
    assert {event.kind for event in events if isinstance(event, Ignored)} == IGNORED
    assert len(IGNORED) <= 6


@pytest.mark.parametrize(("venue", "frame"), FRAMES)
def test_white_space_and_unknown_fields_change_nothing(venue, frame):
    value = json.loads(frame)
    spaced = json.dumps(value, indent=2).encode()
    more = json.dumps({"since 2030": [{"a": None}]} | value).encode()
    assert venue.parse(spaced) == venue.parse(frame)
    assert venue.parse(more) == venue.parse(frame)


@pytest.mark.parametrize(("venue", "frame"), FRAMES)
def test_a_frame_cut_off_anywhere_is_malformed(venue, frame):
    for length in range(len(frame)):
        with pytest.raises(Refused) as caught:
            venue.parse(frame[:length])
        assert caught.value.reason == "malformed", frame[:length]


@pytest.mark.parametrize(("venue", "frame"), FRAMES)
def test_a_repeated_key_is_refused_wherever_it_stands(venue, frame):
    value = json.loads(frame)
    for key, item in value.items():
        again = f",{json.dumps(key)}:{json.dumps(item)}}}".encode()
        with pytest.raises(Refused) as caught:
            venue.parse(frame[:-1] + again)
        assert caught.value.reason == "limits"


@every_venue
@pytest.mark.parametrize(
    ("frame", "reason"),
    [pytest.param(frame, reason, id=name) for name, frame, reason in HOSTILE_FRAMES],
)
def test_hostile_frames_are_refused_for_what_is_wrong_with_them(venue, frame, reason):
    start = time.perf_counter()
    if reason is None:
        assert all(isinstance(event, Heartbeat) for event in parsed(venue, frame).events)
    else:
        with pytest.raises(Refused) as caught:
            venue.parse(frame)
        assert caught.value.reason == reason
        assert len(caught.value.detail) <= 200
    assert time.perf_counter() - start < 1


@every_venue
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_understood(venue, frame):
    parsed(venue, frame)


@given(st.data())
def test_changed_frames_are_refused_or_understood(data):
    case = data.draw(st.sampled_from(FRAMES))
    venue, frame = case.values
    changed = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(changed)))
        end = data.draw(st.integers(start, min(len(changed), start + 8)))
        changed[start:end] = data.draw(
            st.binary(max_size=8)
            | st.sampled_from([b'"', b",", b'":"', b"null", b"\\u0000", b"-1"])
        )
    parsed(venue, bytes(changed))


@given(st.data())
def test_fields_of_any_type_are_refused_or_understood(data):
    case = data.draw(st.sampled_from(FRAMES))
    venue, frame = case.values
    value = json.loads(frame)
    place, key = data.draw(st.sampled_from(list(places(value))))
    place[key] = data.draw(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
        | st.lists(st.integers(), max_size=2) | st.dictionaries(st.text(max_size=3), st.none())
    )  # fmt: skip
    parsed(venue, json.dumps(value).encode())


def places(value):
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


@every_venue
def test_a_type_that_nobody_knows_is_unknown_by_its_name(venue):
    frame = b'{"type":"auction","channel":"auction","a":1}'
    assert venue.parse(frame) == Parsed(None, [Unknown("auction")])


@every_venue
def test_the_name_of_an_unknown_type_is_cut(venue):
    name = "x" * 1_000
    frame = json.dumps({"type": name, "channel": name}).encode()
    assert venue.parse(frame).events == [Unknown("x" * 40)]


@every_venue
def test_an_unknown_type_is_refused_all_the_same_where_the_frame_is_hostile(venue):
    with pytest.raises(Refused) as caught:
        venue.parse(b'{"type":"auction","channel":"auction","a":1,"a":1}')
    assert caught.value.reason == "limits"


@every_venue
def test_sequence_never_raises(venue):
    for frame in (
        b"",
        b"[" * 100_000,
        b"\xff",
        bytes(FRAME_BYTES_MAX + 1),
        b'{"sequence_num":"1"}',
    ):
        assert venue.sequence(frame) is None


@pytest.mark.parametrize(("venue", "frame"), FRAMES)
def test_a_heartbeat_is_known_by_its_first_bytes(venue, frame):
    beats = any(isinstance(event, Heartbeat) for event in venue.parse(frame).events)
    assert venue.is_heartbeat(frame) == beats
    assert not venue.is_heartbeat(b"")
