import pytest

from ledgerflux.errors import ConfigError
from ledgerflux.venues.registry import VENUES
from ledgerflux.venues.servers import recognize, server


def test_every_venue_can_be_served():
    assert [server(name).name for name in VENUES] == list(VENUES)


def test_a_venue_that_nobody_speaks_is_refused_naming_those_that_exist():
    with pytest.raises(ConfigError, match="known are coinbase-advanced, coinbase-exchange"):
        server("kraken")


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (b'{"channel":"heartbeats","sequence_num":1,"events":[]}', "coinbase-advanced"),
        (b'{"type":"match","product_id":"BTC-USD"}', "coinbase-exchange"),
        (b'{"event":"heartbeat"}', None),
    ],
)
def test_a_frame_tells_its_venue(frame, name):
    found = recognize(frame)
    assert (found and found.name) == name
