"""Recordings of a few frames, written where a test wants them."""

from ledgerflux.model.recording import RecordedLine
from ledgerflux.venues.servers import server
from ledgerflux.wire.recording import encode_line

ADVANCED = server("coinbase-advanced")


def write_recording(path, frames):
    """Write `frames` of one connection, a nanosecond apart, to `path`; return it."""
    lines = [RecordedLine(place, "c-1", None, frame) for place, frame in enumerate(frames)]
    path.write_bytes(b"".join(map(encode_line, lines)))
    return path


def advanced_frames(levels=3, updates=4):
    """Return a book of BTC-USD and updates of its best bids in turn, as one connection has them."""
    bids = [(str(1_000 - place), "1") for place in range(levels)]
    asks = [(str(1_001 + place), "1") for place in range(levels)]
    frames = [ADVANCED.snapshot("BTC-USD", bids, asks, 0)]
    frames += [
        ADVANCED.level2("BTC-USD", [("buy", str(1_000 - n % levels), str(n + 2))], 0)
        for n in range(updates)
    ]
    return [
        frame.replace(b'"sequence_num":0', b'"sequence_num":%d' % number)
        for number, frame in enumerate(frames)
    ]
