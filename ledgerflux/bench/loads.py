"""The frames a measurement runs on: of recordings, or made where there is none."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ledgerflux.adapters.market_plans import SyntheticPlan
from ledgerflux.adapters.recording_file import describe, read_lines
from ledgerflux.core.market_clock import END_OF_TIME
from ledgerflux.core.market_source import Item
from ledgerflux.core.recording_survey import CHANNELS
from ledgerflux.settings import DEFAULT_PRODUCTS
from ledgerflux.venues.registry import venue as venue_named
from ledgerflux.venues.servers import server
from ledgerflux.wire.record import Kind, draft, encode, pack_frames
from ledgerflux.wire.session import SessionOpen, encode_note

MADE_FRAMES = 20_000
START_NS = 1_800_000_000_000_000_000
HEAD_FRAMES_MAX = 1_000
"""Among so many frames of a recording the snapshots of its books stand."""


class Load(NamedTuple):
    """Frames of one connection: `head` brings the books, `frames` what follows."""

    label: str
    venue: str
    recorded: bool
    products: tuple[str, ...]
    head: list[bytes]
    frames: list[bytes]


def recorded(path: Path) -> Load:
    """Return the frames of the recording at `path`, up to the end of its first connection.

    Raises:
        FeedError: `bad_recording`.
    """
    held = describe(path)
    frames: list[bytes] = []
    for line in read_lines(path):
        if line.kind == "close" and frames:
            break
        if line.kind is None:
            frames.append(line.raw)
    first = frames[:HEAD_FRAMES_MAX]
    snapshots = [place for place, frame in enumerate(first) if b'"snapshot"' in frame[:400]]
    start = 1 + max(snapshots, default=-1)
    return Load(path.name, held.venue, True, held.survey.products, frames[:start], frames[start:])


def made(venue: str, count: int = MADE_FRAMES) -> Load:
    """Return `count` frames of the synthetic market in the dialect of `venue`."""
    plan = SyntheticPlan(DEFAULT_PRODUCTS, rate_per_s=5_000.0, venue_name=venue)
    source = plan.open(None, START_NS, loop=False)
    dialect = server(venue)
    head = [
        dialect.snapshot(product, *book, START_NS)
        for product in plan.products
        if (book := source.book(product)) is not None
    ]
    items = [source.take(END_OF_TIME) for _ in range(count)]
    frames = [item.frame for item in items if isinstance(item, Item)]
    numbered = _numbered(head + frames, venue)
    label = f"{count:,} made frames"
    return Load(label, venue, False, plan.products, numbered[: len(head)], numbered[len(head) :])


def _numbered(frames: Sequence[bytes], venue: str) -> list[bytes]:
    """Return `frames` under the numbers of one connection, where the venue has any."""
    dialect = server(venue)
    out = []
    for number, frame in enumerate(frames):
        digits = dialect.digits(frame)
        if digits is None:
            out.append(frame)
        else:
            out.append(b"%b%d%b" % (frame[: digits[0]], number, frame[digits[1] :]))
    return out


def raw_payloads(load: Load, frames_each: int) -> tuple[list[bytes], list[bytes]]:
    """Return RAW messages: those of session and books, and those of what follows."""
    note = SessionOpen("bench", "c-1", "bench", list(load.products), _channels(load), START_NS)
    head = [_message(Kind.SESSION, 0, encode_note(note), 1)]
    time_ns = START_NS
    for frame in load.head:
        time_ns += 1_000_003
        head.append(_message(Kind.FRAMES, 1, pack_frames([(time_ns, frame)]), len(head) + 1))
    rest: list[bytes] = []
    for start in range(0, len(load.frames), frames_each):
        part = load.frames[start : start + frames_each]
        stamped = [
            (time_ns + 1_000_003 * (start + place), frame) for place, frame in enumerate(part)
        ]
        number = len(head) + len(rest) + 1
        rest.append(_message(Kind.FRAMES, len(part), pack_frames(stamped), number))
    return head, rest


def _channels(load: Load) -> list[str]:
    """Return what is subscribed: ours of the venue; the ticker is never made beside one."""
    known = venue_named(load.venue).channels
    return [channel for channel in CHANNELS if channel in known]


def _message(kind: Kind, items: int, body: bytes, number: int) -> bytes:
    item = draft(kind, items, body)
    return encode(item, number=number, term=1, publish_ns=START_NS, previous_crc=0)[0]
