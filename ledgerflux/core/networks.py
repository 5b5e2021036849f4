"""Where sockets come from: addresses that count as one, networks that many clients share."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

Network = IPv4Network | IPv6Network
LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


class Peer(NamedTuple):
    """The other end of a socket: `key` counts as one, `ip` is None where the text is no address."""

    key: str
    ip: IPv4Address | IPv6Address | None

    def within(self, networks: Iterable[Network]) -> bool:
        """Say whether one of `networks` has this address."""
        return self.ip is not None and any(self.ip in network for network in networks)


@lru_cache(maxsize=1024)
def peer_of(address: str) -> Peer:
    """Return who `address` is: the 64-bit network of an IPv6 address counts as one."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return Peer(address[:64], None)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv6Address):
        return Peer(str(IPv6Address(int(ip) >> 64 << 64)), ip)
    return Peer(str(ip), ip)


def read_network(text: str) -> str:
    """Return a network such as `10.0.0.0/8`; an address alone is a network of one.

    Raises:
        ValueError: `text` is none, or one that no socket comes from (IPv4 within IPv6, a scope).
    """
    try:
        network = ip_network(text)
    except ValueError:
        pass
    else:
        if "%" not in text and not _is_mapped(network):
            return str(network)
    raise ValueError(f"{text[:200]!r} is no network such as 10.0.0.0/8")


def _is_mapped(network: Network) -> bool:
    address = network.network_address
    return isinstance(address, IPv6Address) and address.ipv4_mapped is not None


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks that `texts`, as of `read_network`, name."""
    return tuple(map(ip_network, texts))
