"""Whose pages may speak to a gateway: browsers say in `Origin` where a page came from."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+")
HERE = "localhost"


def is_loopback(host: str) -> bool:
    """Say whether `host`, a name or an address, is this machine and nobody else can reach it."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == HERE


def read_origin(text: str) -> str:
    """Return `https://host[:port]` in lower case, without the port that its scheme has anyway.

    Raises:
        ValueError: `text` is no origin.
    """
    parts = urlsplit(text.lower())
    port, host = parts.port, parts.hostname or ""
    rest = parts.path or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in _DEFAULT_PORTS or rest or not _HOST.fullmatch(host):
        raise ValueError(f"{text[:200]!r} is no origin such as https://example.com")
    place = f"[{host}]" if ":" in host else host
    shown = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{place}{shown}"


class Origins:
    """The pages of a gateway's own address, and those of the origins `allowed`.

    With `loopback_only` (nobody else can reach the gateway) its own address is one of this
    machine: no name that somebody points at it.
    """

    def __init__(self, allowed: Iterable[str] = (), *, loopback_only: bool = True) -> None:
        self._allowed = frozenset(map(read_origin, allowed))
        self._loopback_only = loopback_only

    def admits(self, origin: str | None, host: str | None) -> bool:
        """Judge a request by its `Origin` and `Host`; None: it has none, as of no browser."""
        if origin is None:
            return True
        try:
            page = read_origin(origin)
            if page in self._allowed:
                return True
            scheme = page.partition("://")[0]
            own = read_origin(f"{scheme}://{host}")
        except ValueError:
            return False
        return page == own and (
            not self._loopback_only or is_loopback(urlsplit(own).hostname or "")
        )
