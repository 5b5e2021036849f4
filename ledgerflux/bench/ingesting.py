"""From file to parser, and from sockets to the log: what a frame costs on its way in."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ledgerflux.adapters.recording_file import describe, read_lines
from ledgerflux.bench.evaluate import Measured
from ledgerflux.bench.lab import open_lab, reason_of
from ledgerflux.bench.loads import MADE_FRAMES, START_NS, made
from ledgerflux.bench.machine import Neighbours, doubt_of
from ledgerflux.bench.normalizing import disturbed
from ledgerflux.errors import LedgerFluxError
from ledgerflux.model.recording import RecordedLine
from ledgerflux.venues.base import Venue
from ledgerflux.venues.registry import venue as venue_named
from ledgerflux.wire.recording import encode_line

RATE = 50_000
"""What the exchange must make on one core: 20 us a frame."""
SETTLE_S = 3.0
SHARE_OF_READING = 0.5


def measure(recordings: Sequence[Path], duration_s: float, rate: int | None) -> list[Measured]:
    """Return the figures of `lf bench ingest`.

    Raises:
        FeedError: A recording can't be read.
    """
    found = list(_reading(recordings, duration_s * SHARE_OF_READING))
    try:
        found += _sockets(rate or RATE, duration_s * (1 - SHARE_OF_READING))
    except LedgerFluxError as error:
        known = ("exchange_most", "ingest_most")
        found += [Measured(key, None, "", reason_of(error)) for key in known]
    return found


def _reading(recordings: Sequence[Path], duration_s: float) -> Iterator[Measured]:
    """Measure the recording with the most frames: read only, then read and parsed."""
    if not recordings:
        with open_lab() as lab:
            path = lab.data_dir.parent / "made.lfr"
            path.write_bytes(b"".join(map(encode_line, _made_lines())))
            yield from _read_and_parse(path, f"{MADE_FRAMES:,} made frames", duration_s)
        return
    path = max(recordings, key=lambda path: describe(path).survey.frames)
    yield from _read_and_parse(path, path.name, duration_s)


def _made_lines() -> Iterator[RecordedLine]:
    load = made("coinbase-exchange")
    for place, frame in enumerate((*load.head, *load.frames)):
        yield RecordedLine(START_NS + place * 1_000_000, "made-1", None, frame)


def _read_and_parse(path: Path, label: str, duration_s: float) -> Iterator[Measured]:
    venue = venue_named(describe(path).venue)
    reading: list[float] = []
    parsing: list[float] = []
    deadline = time.monotonic() + duration_s
    while len(reading) < 3 or time.monotonic() < deadline:
        reading.append(_a_frame_s(path, None))
        parsing.append(_a_frame_s(path, venue))
    for key, times, how in (
        ("replay_read", reading, "read and unpacked, handed to the parser"),
        ("replay_parsed", parsing, "read, unpacked and parsed"),
    ):
        conditions = f"{label}: {how}, best of {len(times)}"
        yield Measured(key, round(1 / min(times)), conditions, disturbed(times))


def _a_frame_s(path: Path, venue: Venue | None) -> float:
    """Return CPU seconds a received frame."""
    frames = 0
    begin = time.thread_time()
    for line in read_lines(path):
        if line.kind is None:
            frames += 1
            if venue is not None:
                venue.parse(line.raw)
    return (time.thread_time() - begin) / frames


def _sockets(rate: int, duration_s: float) -> Iterator[Measured]:
    """Measure exchange and ingest beside the log, nobody else."""
    services = ("nats", "exchange", "ingest")
    with open_lab() as lab, lab.up(*services, "--source", f"synthetic:{rate}"):
        time.sleep(SETTLE_S)
        neighbours = Neighbours(lab.stack_s)
        sent, begin = lab.sent(), time.monotonic()
        use = lab.use(duration_s)
        held = (lab.sent() - sent) / (time.monotonic() - begin)
        doubt = doubt_of(neighbours.cores())
    conditions = f"8 products, 8 sockets, synthetic:{rate}, held {held:,.0f} msg/s"
    for key, name in (("exchange_most", "exchange"), ("ingest_most", "ingest")):
        cost_us = use.cores[name] / max(held, 1.0) * 1e6
        told = f"{conditions}, {use.cores[name]:.0%} of a core"
        yield Measured(key, round(cost_us, 1), told, doubt)
