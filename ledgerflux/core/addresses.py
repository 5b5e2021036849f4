"""Addresses that sockets come from: which count as one, and which stand for many clients."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import NamedTuple

Network = IPv4Network | IPv6Network
LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


class Place(NamedTuple):
    """Where a socket comes from: what counts as one, and the address; None where it is none."""

    key: str
    ip: IPv4Address | IPv6Address | None

    def within(self, networks: Iterable[Network]) -> bool:
        """Say whether one of `networks` has this address."""
        return self.ip is not None and any(self.ip in network for network in networks)


@lru_cache(maxsize=1024)
def place_of(address: str) -> Place:
    """Return what `address` stands for: the 64-bit network of an IPv6 address counts as one."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return Place(address[:64], None)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv6Address):
        return Place(str(IPv6Address(int(ip) >> 64 << 64)), ip)
    return Place(str(ip), ip)


def read_network(text: str) -> str:
    """Return a network such as `10.0.0.0/8`; an address alone is a network of one.

    Raises:
        ValueError: `text` is none.
    """
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError(f"{text[:200]!r} is no network such as 10.0.0.0/8") from None


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks that `texts` name.

    Raises:
        ValueError: One of them names none.
    """
    return tuple(map(ip_network, texts))
