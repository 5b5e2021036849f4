import gzip
import json
import tracemalloc

import pytest
from recordings import recording

from ledgerflux.adapters import recording_file
from ledgerflux.adapters.recording_file import describe, read_lines
from ledgerflux.errors import FeedError
from ledgerflux.model.recording import RecordedLine
from ledgerflux.wire.recording import encode_line

TICKER = b'{"type":"ticker","product_id":"BTC-USD","price":"1"}'
LINES = [
    RecordedLine(5, "c-1", "open", b""),
    RecordedLine(10, "c-1", None, b'{"type":"subscriptions","channels":[]}'),
    RecordedLine(20, "c-1", None, TICKER),
]


def write(path, lines=LINES, *, packed=True):
    content = b"".join(encode_line(line) for line in lines)
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_a_recording_is_read_packed_or_plain_whatever_its_name(tmp_path, packed):
    path = write(tmp_path / "any.lfr", packed=packed)
    assert list(read_lines(path)) == LINES


def test_lines_are_read_one_at_a_time(tmp_path):
    path = tmp_path / "r.lfr"
    path.write_bytes(encode_line(LINES[0]) + b"broken\n")
    lines = read_lines(path)
    assert next(lines) == LINES[0]
    with pytest.raises(FeedError, match="line 2 of the recording"):
        next(lines)


def test_a_description_says_what_can_be_replayed(tmp_path):
    described = describe(write(tmp_path / "r.jsonl.gz"))
    assert described.venue == "coinbase-exchange"
    held = described.survey
    assert (held.products, held.channels) == (("BTC-USD",), ("ticker",))
    assert (held.frames, held.items, held.first_ns, held.last_ns) == (2, 1, 10, 20)
    assert described.sha256 != describe(write(tmp_path / "s.gz", LINES * 2)).sha256


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(FeedError, match="No such file") as caught:
        describe(tmp_path / "none.lfr")
    assert caught.value.code == "bad_recording"


@pytest.mark.parametrize("cut", [3, 30, 80])
def test_a_cut_file_is_refused_naming_where(tmp_path, cut):
    path = write(tmp_path / "r.jsonl.gz", LINES * 500)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(FeedError, match="recording") as caught:
        list(read_lines(path))
    assert caught.value.code == "bad_recording"


def test_a_damaged_file_is_refused(tmp_path):
    path = write(tmp_path / "r.jsonl.gz", LINES * 500)
    content = bytearray(path.read_bytes())
    content[40:60] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(FeedError, match="recording"):
        list(read_lines(path))


def test_a_file_that_grows_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(recording_file, "EXPANDED_FREE_BYTES", 1_000)
    line = RecordedLine(1, "c", None, b" " * 1_000)
    path = write(tmp_path / "bomb.lfr", [line] * 2_000)
    with pytest.raises(FeedError, match="grows to over 250 times its size"):
        list(read_lines(path))


def test_an_endless_line_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(recording_file, "LINE_BYTES_MAX", 100)
    monkeypatch.setattr("ledgerflux.wire.recording.LINE_BYTES_MAX", 100)
    path = tmp_path / "long.lfr"
    path.write_bytes(b'{"raw":"' + b"x" * 10_000)
    with pytest.raises(FeedError, match="longer than 100 bytes"):
        list(read_lines(path))


def test_of_an_endless_line_no_more_is_held_than_a_line_may_be_long(tmp_path, monkeypatch):
    monkeypatch.setattr(recording_file, "LINE_BYTES_MAX", 100)
    monkeypatch.setattr("ledgerflux.wire.recording.LINE_BYTES_MAX", 100)
    path = tmp_path / "long.lfr"
    path.write_bytes(b"x" * 8_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(FeedError, match="longer than 100 bytes"):
            list(read_lines(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


UNKNOWN = RecordedLine(1, "k", None, json.dumps([1, 2]).encode())


@pytest.mark.parametrize("lines", [[], [LINES[0]], [UNKNOWN] * 1_001, [UNKNOWN] * 1_000 + LINES])
def test_what_no_dialect_knows_can_not_be_served(tmp_path, lines):
    with pytest.raises(FeedError, match="no frame of a venue that can be served"):
        describe(write(tmp_path / "other.lfr", lines))


@pytest.mark.parametrize(
    ("name", "venue", "products", "channels", "frames"),
    [
        (
            "coinbase-advanced-20260809-btcusd-trades",
            "coinbase-advanced",
            ("BTC-USD",),
            ("level2", "trades", "heartbeats"),
            2_453,
        ),
        (
            "coinbase-exchange-l2-ticker-matches-20210417-6p",
            "coinbase-exchange",
            ("SKL-GBP", "YFI-BTC", "SKL-BTC", "CRV-EUR", "BAND-BTC", "SKL-USD"),
            ("level2", "trades", "ticker"),
            6_741,
        ),
        (
            "coinbase-exchange-full-20160312-btcusd",
            "coinbase-exchange",
            ("BTC-USD",),
            ("trades",),
            5_734,
        ),
    ],
)
def test_real_recordings_are_described_as_their_sidecars_do(
    name, venue, products, channels, frames
):
    described = describe(recording(name))
    held = described.survey
    assert (described.venue, held.products, held.channels) == (venue, products, channels)
    assert held.frames == frames


@pytest.mark.parametrize("name", ["kraken-v2-20260809-btcusd-d10-reconnect", "gemini-20210405-10p"])
def test_recordings_of_other_venues_are_told_apart(name):
    with pytest.raises(FeedError, match="no frame of a venue"):
        describe(recording(name))
