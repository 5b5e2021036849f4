import msgspec
import pytest

from ledgerflux.core.partition_normalizer import PartitionNormalizer
from ledgerflux.core.product_normalizer import ProductNormalizer
from ledgerflux.model.checkpoint import PartitionCheckpoint, ProductCheckpoint
from ledgerflux.model.stream import CHANNELS


def saved():
    stream = ProductNormalizer("BTC-USD", [])
    stream.open("r1", 5)
    return stream.checkpoint()


def test_a_product_is_saved_with_the_seq_of_every_channel():
    assert saved().seqs == {"level2": 0, "trades": 0, "ticker": 0, "status": 1}
    assert tuple(saved().seqs) == CHANNELS


def test_levels_keep_the_venues_texts():
    levels = [("1.50", "2.000"), ("1.5", "0.1")]
    product = msgspec.structs.replace(saved(), bids=levels, top=(levels[0], None))
    read = msgspec.json.decode(msgspec.json.encode(product), type=ProductCheckpoint)
    assert read == product
    assert read.bids == levels
    assert isinstance(read.bids[0], tuple)


def test_a_machine_says_all_that_a_partition_checkpoint_wants():
    machine = PartitionNormalizer()
    machine.open("r1", "c1", ["BTC-USD"], ["level2"], 5)
    machine.take()
    session, expected, counts, products = machine.checkpoint()
    told = {
        "run", "connection", "channels", "expected", "counts", "products",
        "session_start", "session_beat",
    }  # fmt: skip
    positions = {
        f"{stream}_{what}" for stream in ("raw", "norm") for what in ("number", "crc", "sequence")
    }
    assert set(PartitionCheckpoint.__struct_fields__) == {
        "partition", "venue", *told, *positions,
    }  # fmt: skip
    assert (session.run, session.connection, expected) == ("r1", "c1", 0)
    assert counts["norm_events"] == 1
    assert [product.state for product in products] == ["syncing"]


def test_a_checkpoint_is_a_value():
    with pytest.raises(AttributeError):
        saved().state = "live"
