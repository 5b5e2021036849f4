"""Which partition a product belongs to, and which shard holds a partition."""

from collections.abc import Iterable
from functools import lru_cache

PARTITIONS = 32
"""Fixed for the life of a data set: resharding moves partitions, never re-hashes."""

_FNV_OFFSET = 0x811C9DC5
_FNV_PRIME = 0x01000193


def fnv1a32(text: str) -> int:
    """Return the 32-bit FNV-1a hash of `text` in UTF-8 (equals nats-server's `partition`)."""
    value = _FNV_OFFSET
    for byte in text.encode():
        value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return value


@lru_cache(maxsize=4096)
def partition_of(product: str) -> int:
    """Return the partition, 0 to 31, that orders everything about `product`."""
    return fnv1a32(product) % PARTITIONS


def partitions_of(products: Iterable[str]) -> dict[int, tuple[str, ...]]:
    """Return the products of each partition that holds any, both in ascending order."""
    held: dict[int, list[str]] = {}
    for product in sorted(set(products)):
        held.setdefault(partition_of(product), []).append(product)
    return {number: tuple(held[number]) for number in sorted(held)}


def shard_of(partition: int, shards: int) -> int:
    """Return the shard, 0 to `shards` - 1, that holds `partition` by default."""
    return partition % shards
