from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from market_frames import (
    SERVER,
    S,
    acknowledgement,
    beat,
    both,
    client,
    numbers,
    sent,
    source_of,
    subscribe,
    trades,
    update,
)

from ledgerflux.core import market as market_module
from ledgerflux.core.market import Market
from ledgerflux.model.recording import RecordedLine

KINDS = ["book A-B", "book C-D", "both", "trades", "beat", "ack"]
MAKERS = {
    "book A-B": update,
    "book C-D": lambda number: update(number, "C-D"),
    "both": both,
    "trades": trades,
    "beat": beat,
    "ack": acknowledgement,
}
HEARD = {
    "level2 A-B": {"book A-B", "both"},
    "level2 C-D": {"book C-D", "both"},
    "market_trades A-B": {"trades"},
    "heartbeats ": {"beat"},
}


class Recorded(NamedTuple):
    number: int
    kind: str


@st.composite
def recorded(draw):
    """A connection's frames in recorded order, with any holes, repeats and swaps."""
    kinds_ = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=25))
    frames = [Recorded(number, kind) for number, kind in enumerate(kinds_)]
    for fault, place in draw(
        st.lists(st.tuples(st.sampled_from(["drop", "repeat", "swap"]), st.integers(0, 24)))
    ):
        at = place % len(frames)
        if fault == "drop" and len(frames) > 1:
            del frames[at]
        elif fault == "repeat":
            frames.insert(at, frames[at])
        elif fault == "swap":
            frames[at - 1], frames[at] = frames[at], frames[at - 1]
    return frames


@settings(max_examples=150, deadline=None)
@given(
    connections=st.lists(recorded(), min_size=1, max_size=3),
    heard=st.sets(st.sampled_from(sorted(HEARD)), min_size=1),
    joins_at=st.integers(min_value=0, max_value=30),
)
def test_irregularities_of_the_numbers_stay_and_nothing_else_appears(connections, heard, joins_at):
    served = [
        (connection, frame)
        for connection, frames in enumerate(connections)
        for frame in frames
        if frame.kind != "ack"
    ]
    if not served:
        return
    lines = [
        RecordedLine(None, f"c-{connection}", None, MAKERS[frame.kind](frame.number))
        for connection, frames in enumerate(connections)
        for frame in frames
    ]
    joins_at = min(joins_at, len(served))
    source = source_of(lines)
    source.products = ("A-B", "C-D")
    market = Market(SERVER, source, speed=None)
    market.disconnect(client(market), 0)
    got = play(market, heard, joins_at)
    own = len(heard)
    base = own - 1
    places = corrected_places(connections)
    start = places[joins_at - 1] if joins_at else places[0] - 1
    missed = 0
    expected = []
    for place, (_, frame) in zip(places[joins_at:], served[joins_at:], strict=True):
        if any(frame.kind in HEARD[name] for name in heard):
            expected.append(max(0, base + (place - start) - missed))
        else:
            missed += 1
    assert got[:own] == list(range(own))
    assert got[own:] == expected


def play(market, heard, joins_at):
    """Return the numbers that a socket gets which subscribes `heard` at the position."""
    call_max = market_module.ITEMS_PER_CALL_MAX
    market_module.ITEMS_PER_CALL_MAX = 1
    try:
        while market.position < joins_at:
            market.advance(60 * S)
        socket = market.connect()
        for name in sorted(heard):
            channel, _, product = name.partition(" ")
            subscribe(market, socket, channel, *filter(None, [product]))
        while market.state != "ended":
            market.advance(60 * S)
            if market.position == len(market_items(market)):
                break
        return numbers(sent(market, socket))
    finally:
        market_module.ITEMS_PER_CALL_MAX = call_max


def market_items(market):
    return range(market._source._surveyed.items)


def corrected_places(connections):
    """Return where each served frame stands, left-out frames taken away, connections joined."""
    places = []
    for frames in connections:
        left_out = 0
        corrected = []
        for frame in frames:
            if frame.kind == "ack":
                left_out += 1
            else:
                corrected.append(frame.number - left_out)
        if corrected:
            shift = (places[-1] if places else -1) + 1 - corrected[0]
            places += [number + shift for number in corrected]
    return places
