import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import lines

from ledgerflux.core.sharding import PARTITIONS, fnv1a32, partition_of, partitions_of, shard_of

DEFAULTS = {
    "BTC-USD": 17,
    "ETH-USD": 5,
    "SOL-USD": 28,
    "XRP-USD": 16,
    "ADA-USD": 2,
    "DOGE-USD": 29,
    "LTC-USD": 7,
    "AVAX-USD": 14,
}
products = st.from_regex(r"[A-Z0-9]{1,6}-[A-Z]{3}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", 0x811C9DC5),
        ("a", 0xE40C292C),
        ("b", 0xE70C2DE5),
        ("foobar", 0xBF9CF968),
        ("chongo was here!\n", 0xD49930D5),
    ],
)
def test_the_hash_gives_the_published_vectors(text, value):
    """Source: the FNV test suite of Landon Curt Noll."""
    assert fnv1a32(text) == value


def test_text_is_hashed_as_utf_8():
    assert fnv1a32("\u00e9") == fnv1a32_of_bytes(b"\xc3\xa9")


def fnv1a32_of_bytes(data):
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 % 2**32
    return value


@pytest.mark.parametrize(("product", "partition"), DEFAULTS.items())
def test_a_product_stays_in_its_partition_for_ever(product, partition):
    assert partition_of(product) == partition


def test_there_are_32_partitions_for_ever():
    assert PARTITIONS == 32


def test_each_of_four_shards_holds_a_default_product():
    held = {shard_of(partition_of(product), 4) for product in DEFAULTS}
    assert held == {0, 1, 2, 3}


def products_of_the_rest_list():
    """Return the product ids that the venue listed in 2021, as the recording holds them."""
    name = "coinbase-exchange-l2-ticker-matches-20210417-6p"
    listed = next(line["raw"] for line in lines(name) if line.get("kind") == "rest")
    return [product["id"] for product in json.loads(listed)]


def typical_products():
    """Return ids of the same kind and about as many, without a recording."""
    bases = "1INCH AAVE ADA ALGO ANKR ATOM AVAX BAL BAND BAT BCH BNT BTC COMP CRV DASH DOGE DOT"
    bases += " ENJ EOS ETC ETH FIL GRT ICP KNC LINK LRC LTC MANA MATIC MKR NKN NMR NU OMG OXT REN"
    bases += " REP SKL SNX SOL STORJ SUSHI TRB UMA UNI WBTC XLM XRP XTZ YFI ZEC ZRX"
    quotes = {"USD": bases, "EUR": bases, "GBP": bases, "USDC": "BTC ETH SOL XRP ADA"}
    return [f"{base}-{quote}" for quote, of_it in quotes.items() for base in of_it.split()]


@pytest.mark.parametrize("ids", [products_of_the_rest_list, typical_products])
def test_no_shard_of_four_holds_more_than_three_tenths_above_the_mean(ids):
    named = ids()
    held = Counter(shard_of(partition_of(product), 4) for product in named)
    assert len(named) > 150
    assert max(held.values()) <= 1.3 * len(named) / 4, held


@given(products)
def test_a_partition_is_one_of_all(product):
    assert 0 <= partition_of(product) < PARTITIONS


@given(st.integers(1, 64), st.integers(0, PARTITIONS - 1))
def test_a_shard_is_one_of_those_there_are(shards, partition):
    assert 0 <= shard_of(partition, shards) < shards


@given(st.integers(1, PARTITIONS))
def test_every_shard_holds_as_many_partitions_as_any_other_or_one_more(shards):
    held = [shard_of(partition, shards) for partition in range(PARTITIONS)]
    counts = {held.count(shard) for shard in range(shards)}
    assert max(counts) - min(counts) <= 1


@given(st.lists(products, max_size=20))
def test_partitions_hold_each_product_once_in_order(names):
    held = partitions_of(names)
    assert list(held) == sorted(held)
    assert sorted(name for group in held.values() for name in group) == sorted(set(names))
    for partition, group in held.items():
        assert group == tuple(sorted(group))
        assert {partition_of(name) for name in group} == {partition}
