import pytest

from ledgerflux.adapters.recording_file import describe, read_lines
from ledgerflux.bench.loads import made, raw_payloads, recorded
from ledgerflux.bench.paced import LEVELS_MAX, write_paced
from ledgerflux.core.recorded_market import items_of
from ledgerflux.errors import BadRecording
from ledgerflux.model.events import BookSnapshot, BookUpdate
from ledgerflux.model.recording import RecordedLine
from ledgerflux.roles.normalizer import Normalizer
from ledgerflux.settings import DEFAULT_PRODUCTS
from ledgerflux.venues.registry import venue
from ledgerflux.venues.servers import server
from ledgerflux.wire.record import decode
from ledgerflux.wire.recording import encode_line

ADVANCED = server("coinbase-advanced")


def write_recording(path, frames):
    lines = [RecordedLine(place, "c-1", None, frame) for place, frame in enumerate(frames)]
    path.write_bytes(b"".join(map(encode_line, lines)))
    return path


def advanced_frames(levels=3, updates=4):
    bids = [(str(1_000 - place), "1") for place in range(levels)]
    asks = [(str(1_001 + place), "1") for place in range(levels)]
    frames = [ADVANCED.snapshot("BTC-USD", bids, asks, 0)]
    frames += [ADVANCED.level2("BTC-USD", [("buy", "1000", str(n + 2))], 0) for n in range(updates)]
    return [
        frame.replace(b'"sequence_num":0', b'"sequence_num":%d' % number)
        for number, frame in enumerate(frames)
    ]


@pytest.mark.parametrize("name", ["coinbase-advanced", "coinbase-exchange"])
def test_made_frames_are_live_books_for_the_normalizer(name):
    load = made(name, 1_000)
    assert (load.recorded, load.products) == (False, DEFAULT_PRODUCTS)
    head, rest = raw_payloads(load, 10)
    normalizer = Normalizer(venue(name))
    for payload in [*head, *rest[:100]]:
        output = normalizer.take(decode(payload))
        assert not output.dead
    states = {stream.state for stream in normalizer.machine.products.values()}
    assert states == {"live"}
    assert normalizer.machine.counts["raw_frames"] == len(load.head) + 1_000


def test_a_recording_is_cut_behind_its_snapshots(tmp_path):
    frames = advanced_frames()
    load = recorded(write_recording(tmp_path / "day.lfr", frames))
    assert (load.venue, load.recorded, load.products) == ("coinbase-advanced", True, ("BTC-USD",))
    assert (load.head, load.frames) == (frames[:1], frames[1:])


def test_a_recording_is_looped_evenly_under_every_default_product(tmp_path):
    frames = advanced_frames(levels=LEVELS_MAX + 10)
    path = write_recording(tmp_path / "day.lfr", frames)
    target = tmp_path / "paced.lfr"
    told = write_paced(target, path, 1_000)
    assert told.frames == len(frames) * len(DEFAULT_PRODUCTS)
    assert describe(target).survey.products == DEFAULT_PRODUCTS
    items = list(items_of(read_lines(target), ADVANCED))
    assert [item.offset_ns for item in items] == [n * 1_000_000 for n in range(told.frames)]
    assert {item.step for item in items} == {1}
    reader = venue("coinbase-advanced")
    events = [event for item in items for event in reader.parse(item.frame).events]
    snapshots = [event for event in events if isinstance(event, BookSnapshot)]
    assert [event.product for event in snapshots] == list(DEFAULT_PRODUCTS)
    assert {len(event.bids) for event in snapshots} == {LEVELS_MAX}
    assert sum(isinstance(event, BookUpdate) for event in events) == 4 * len(DEFAULT_PRODUCTS)


def test_a_recording_without_a_snapshot_cant_be_looped(tmp_path):
    path = write_recording(tmp_path / "day.lfr", advanced_frames()[1:])
    with pytest.raises(BadRecording, match="no snapshot"):
        write_paced(tmp_path / "paced.lfr", path, 1_000)
