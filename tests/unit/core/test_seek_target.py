import pytest

from ledgerflux.core.market_profile import Profiler
from ledgerflux.core.market_source import Extent
from ledgerflux.core.seek_target import Seek, target_ns

HELD = Extent(10, 1_000, 50_000, Profiler().profile())


@pytest.mark.parametrize(
    ("seek", "expected"),
    [
        (Seek(at_ns=0), 0),
        (Seek(at_ns=700), 700),
        (Seek(at_ns=5_000), 1_000),
        (Seek(by_ns=-100), 300),
        (Seek(by_ns=-1_000), 0),
        (Seek(by_ns=601), 1_000),
        (Seek(to_ns=50_250), 250),
        (Seek(to_ns=1), 0),
        (Seek(to_ns=90_000), 1_000),
    ],
)
def test_a_place_is_within_the_recording(seek, expected):
    assert target_ns(HELD, 400, seek) == expected


def test_without_times_only_distances_lead_somewhere():
    timeless = HELD._replace(begin_ns=None)
    assert target_ns(timeless, 400, Seek(to_ns=50_250)) is None
    assert target_ns(timeless, 400, Seek(by_ns=1)) == 401
