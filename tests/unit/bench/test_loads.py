import pytest
from small_recordings import advanced_frames, write_recording

from ledgerflux.bench.loads import made, raw_payloads, recorded
from ledgerflux.roles.normalizer import Normalizer
from ledgerflux.settings import DEFAULT_PRODUCTS
from ledgerflux.venues.registry import venue
from ledgerflux.wire.record import decode


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
