"""The normalizer alone: RAW messages in, NORM messages out, no bus, CPU seconds."""

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from ledgerflux.adapters.collector import calm_collector
from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.loads import Load, made, raw_payloads, recorded
from ledgerflux.bench.peers import Peer, open_peers
from ledgerflux.core.book import Book
from ledgerflux.model.events import BookSnapshot, BookUpdate
from ledgerflux.roles.normalizer import Normalizer
from ledgerflux.venues.registry import venue as venue_named
from ledgerflux.wire import norm
from ledgerflux.wire.record import Kind, decode, draft, encode

SPREAD_MAX = 1.25
"""Rounds whose median is this many times the best were disturbed."""
FRAMES_EACH = {"whole": 1, "whole_tens": 10}
"""Frames a record: one at a time where there is time, several where there is none."""
EVENTS = Kind.EVENTS
REST_S = 0.005
REST_FRAMES = 4
RESTS_MAX = 200
"""As in a role that waits for its frames: what others put into the caches meanwhile costs, too."""
YARDSTICK_US = 14.17
"""What a frame of cryptofeed's handler takes where the musts were set."""
DIALECTS = {"coinbase-advanced": "advanced", "coinbase-exchange": "exchange"}

Round = Callable[[], float]
"""Does the work once; returns CPU seconds a frame."""


def measure(recordings: Sequence[Path], duration_s: float, *, peers: bool) -> list[Measured]:
    """Return the figures of `lf bench normalize`; all contestants take turns.

    Raises:
        FeedError: A recording can't be read.
    """
    calm_collector()  # as in a role
    loads = [recorded(path) for path in recordings] or [made(name) for name in DIALECTS]
    found: list[Measured] = []
    for load in loads:
        found += _contest(load, duration_s / len(loads), peers=peers)
    return _best(found)


def _contest(load: Load, duration_s: float, *, peers: bool) -> list[Measured]:
    """Let the normalizer, its books alone and the peers do the same frames by turns."""
    wholes = {name: _whole(load, each) for name, each in FRAMES_EACH.items()}
    advanced = load.venue == "coinbase-advanced"
    with open_peers(load, install=peers) as others:
        rounds: dict[str, Round] = wholes | {"rested": _rested(load)}
        if advanced:
            rounds |= {"book": _book_only(load)}
            rounds |= {peer.name: peer.round for peer in others if peer.missing is None}
        times = _by_turns(rounds, duration_s)
        ours = [_ours(load, name, times[name]) for name in wholes]
        ours.append(_ours_rested(load, times["rested"]))
        return [*ours, *(_ratios(load, times, others) if advanced else [])]


def _by_turns(rounds: dict[str, Round], duration_s: float) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in rounds}
    deadline = time.monotonic() + duration_s
    while time.monotonic() < deadline or len(times["whole"]) < 3:
        for name, work in rounds.items():
            gc.collect()
            times[name].append(work())
    return times


def _whole(load: Load, each: int) -> Round:
    """Return a round from RAW message bytes to NORM message bytes; the books are there before."""
    head, rest = raw_payloads(load, each)

    def work() -> float:
        normalizer = Normalizer(venue_named(load.venue))
        crc = 0
        for payload in head:
            _, crc = _finish(normalizer, payload, crc)
        begin = time.thread_time()
        for payload in rest:
            _, crc = _finish(normalizer, payload, crc)
        return (time.thread_time() - begin) / len(load.frames)

    return work


def _rested(load: Load) -> Round:
    """Return a round as `_whole` that does a few frames at a time and sleeps between."""
    head, rest = raw_payloads(load, 1)
    turns = [rest[i : i + REST_FRAMES] for i in range(0, len(rest), REST_FRAMES)][:RESTS_MAX]

    def work() -> float:
        normalizer = Normalizer(venue_named(load.venue))
        crc = 0
        for payload in head:
            _, crc = _finish(normalizer, payload, crc)
        spent_s = 0.0
        for turn in turns:
            time.sleep(REST_S)
            begin = time.thread_time()
            for payload in turn:
                _, crc = _finish(normalizer, payload, crc)
            spent_s += time.thread_time() - begin
        return spent_s / sum(map(len, turns))

    return work


def _finish(normalizer: Normalizer, payload: bytes, crc: int) -> tuple[bytes, int]:
    record = decode(payload)
    output = normalizer.take(record)
    number = record.number
    item = draft(EVENTS, output.items, norm.pack(output.batches), a=number - 1, b=number)
    return encode(item, number=number, term=1, publish_ns=0, previous_crc=crc)


def _book_only(load: Load) -> Round:
    """Return a round that decodes and applies, as the peers do: no order, no events, no record."""
    venue = venue_named(load.venue)

    def apply(books: dict[str, Book], frame: bytes) -> None:
        for event in venue.parse(frame).events:
            if isinstance(event, BookUpdate):
                books[event.product].apply(event.changes)
            elif isinstance(event, BookSnapshot):
                books.setdefault(event.product, Book()).replace(event.bids, event.asks)

    def work() -> float:
        books: dict[str, Book] = {}
        for frame in load.head:
            apply(books, frame)
        begin = time.thread_time()
        for frame in load.frames:
            apply(books, frame)
        return (time.thread_time() - begin) / len(load.frames)

    return work


def _ours(load: Load, name: str, times: Sequence[float]) -> Measured:
    kind = DIALECTS[load.venue]
    key = f"normalize_{kind}" if load.recorded else f"normalize_synthetic_{kind}"
    each = FRAMES_EACH[name]
    if each > 1:
        key += "_tens"
    conditions = (
        f"{load.label}: {len(load.frames):,} frames after the snapshots, {each} a record, "
        f"best of {len(times)} rounds"
    )
    return Measured(key, round(1 / min(times)), conditions, disturbed(times))


def _ours_rested(load: Load, times: Sequence[float]) -> Measured:
    conditions = f"{load.label}: 1 a record, caches as others left them, median of {len(times)}"
    return Measured("normalize_rested", round(1 / median(times)), conditions, disturbed(times))


def disturbed(times: Sequence[float]) -> str:
    """Return why rounds of so different lengths prove little; empty where they are alike."""
    spread = median(times) / min(times)
    return "" if spread <= SPREAD_MAX else f"the rounds differ: median {spread:.2f} times the best"


def _ratios(load: Load, times: dict[str, list[float]], others: Sequence[Peer]) -> list[Measured]:
    """Return how much faster ours is, by the best rounds of each."""
    found = []
    for peer in others:
        if peer.missing is not None:
            found += [Measured(key, None, peer.name, peer.missing) for key in peer.keys.values()]
            continue
        theirs = min(times[peer.name])
        if peer.name == "cryptofeed":
            found.append(_machine(theirs, disturbed(times[peer.name])))
        conditions = f"{load.label}, {peer.conditions}: {theirs * 1e6:.1f} us a frame"
        for ours, key in peer.keys.items():
            doubt = disturbed(times[ours]) or disturbed(times[peer.name])
            value = round(theirs / min(times[ours]), 3)
            found.append(Measured(key, value, conditions, doubt))
    return found


def _machine(theirs_s: float, doubt: str) -> Measured:
    speed = round(YARDSTICK_US / (theirs_s * 1e6), 3)
    conditions = f"cryptofeed's handler: {theirs_s * 1e6:.1f} us a frame, {YARDSTICK_US} us there"
    return Measured("machine", speed, conditions, doubt)


def _best(found: Sequence[Measured]) -> list[Measured]:
    """Return one figure of each kind: of several recordings of a dialect the worst one."""
    kept: dict[str, Measured] = {}
    for item in found:
        known = kept.get(item.key)
        if known is None or (item.value or 0.0) < (known.value or 0.0):
            kept[item.key] = item
    return list(kept.values())
