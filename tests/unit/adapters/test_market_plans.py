import pytest

from ledgerflux.adapters.market_plans import market_plan
from ledgerflux.core.market_clock import END_OF_TIME
from ledgerflux.errors import ConfigError, FeedError
from ledgerflux.model.recording import RecordedLine
from ledgerflux.wire.recording import encode_line

FRAMES = [
    b'{"type":"snapshot","product_id":"BTC-USD","bids":[["1","1"]],"asks":[["2","1"]]}',
    b'{"type":"l2update","product_id":"BTC-USD","changes":[["buy","1","nonsense"]]}',
    b'{"type":"ticker","product_id":"ETH-USD","price":"1"}',
    b'{"type":"received","product_id":"ADA-USD","sequence":1}',
]


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "day.lfr"
    lines = [RecordedLine(None, "c-1", None, frame) for frame in FRAMES]
    made.write_bytes(b"".join(map(encode_line, lines)))
    return made


def test_a_recording_brings_its_products_channels_and_dialect(path):
    plan = market_plan(f"replay:{path}", None)
    assert plan.name == "replay:day.lfr"
    assert plan.products == ("BTC-USD", "ETH-USD")
    assert plan.channels == ("level2", "ticker")
    assert plan.hearing.name == "coinbase-exchange"
    source = plan.open(None, 0, loop=False)
    assert source.products == ("BTC-USD", "ETH-USD", "ADA-USD")
    assert [source.take(END_OF_TIME).frame for _ in FRAMES] == FRAMES
    assert source.take(END_OF_TIME) is None


def test_its_books_are_known_as_far_as_the_frames_can_be_read(path):
    source = market_plan(f"replay:{path}", None).open(None, 0, loop=True)
    source.take(END_OF_TIME)
    assert source.book("BTC-USD") == ([("1", "1")], [("2", "1")])
    source.take(END_OF_TIME)
    assert source.book("BTC-USD") is None
    for _ in range(7):
        assert source.take(END_OF_TIME) is not None


def test_consumers_can_be_told_of_fewer_products(path):
    plan = market_plan(f"replay:{path}", ["ETH-USD", "X-Y"])
    assert plan.products == ("ETH-USD",)
    source = plan.open(None, 0, loop=False)
    assert source.pairs == {("ticker", "ETH-USD")}
    assert source.products == ("BTC-USD", "ETH-USD", "ADA-USD")
    with pytest.raises(ConfigError, match="holds none of X-Y: it holds BTC-USD, ETH-USD"):
        market_plan(f"replay:{path}", ["X-Y"])


def test_the_same_bytes_are_the_same_source_wherever_they_lie(path):
    moved = path.with_name("moved.lfr")
    moved.write_bytes(path.read_bytes())
    first, second = (market_plan(f"replay:{file}", None) for file in (path, moved))
    assert first.identity == second.identity
    path.write_bytes(path.read_bytes() * 2)
    assert market_plan(f"replay:{path}", None).identity != first.identity


@pytest.mark.parametrize(
    ("source", "name"), [("synthetic", "synthetic:200"), ("synthetic:5000", "synthetic:5000")]
)
def test_a_made_market_has_the_products_asked_for(source, name):
    plan = market_plan(source, ["BTC-USD", "X-Y"])
    assert plan.name == name
    assert plan.products == ("BTC-USD", "X-Y")
    assert plan.channels == ("level2", "trades", "ticker", "heartbeats")
    assert plan.hearing.name == "coinbase-advanced"
    made = plan.open(None, 5, loop=False)
    assert made.time_ns() == 5
    for _ in range(300):
        made.take(END_OF_TIME)
    while (kept := made.save()) is None:
        made.take(END_OF_TIME)
    assert plan.open(kept, 9, loop=False).position == made.position


def test_a_made_market_speaks_either_dialect():
    plan = market_plan("synthetic", ["BTC-USD"], venue_name="coinbase-exchange")
    assert plan.hearing.name == "coinbase-exchange"
    frame = plan.open(None, 0, loop=False).take(END_OF_TIME).frame
    assert frame.startswith(b'{"type":"l2update"')


def test_what_makes_another_market_is_another_source():
    plans = [
        market_plan("synthetic", ["BTC-USD"]),
        market_plan("synthetic", ["BTC-USD"], seed=2),
        market_plan("synthetic:300", ["BTC-USD"]),
        market_plan("synthetic", ["BTC-USD", "ETH-USD"]),
        market_plan("synthetic", ["BTC-USD"], venue_name="coinbase-exchange"),
    ]
    assert len({plan.identity for plan in plans}) == len(plans)
    assert market_plan("synthetic:200", ["BTC-USD"]).identity == plans[0].identity


@pytest.mark.parametrize("source", ["replay:", "coinbase-advanced", "auto"])
def test_an_exchange_serves_nothing_else(source):
    with pytest.raises(ConfigError, match="can't serve"):
        market_plan(source, ["BTC-USD"])


def test_a_made_market_needs_products_and_a_dialect_that_exists():
    with pytest.raises(ConfigError, match="needs products"):
        market_plan("synthetic", None)
    with pytest.raises(ConfigError, match="known are coinbase-advanced, coinbase-exchange"):
        market_plan("synthetic", ["BTC-USD"], venue_name="kraken")


def test_a_recording_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(FeedError, match="No such file"):
        market_plan(f"replay:{tmp_path}/none", None)
