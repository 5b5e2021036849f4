"""From what was asked for to what can be started: source, port, and whether it runs already."""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from ledgerflux.adapters.sockets import bind_error, free_port, holder_of
from ledgerflux.errors import ConfigError, Conflict, FeedError
from ledgerflux.ports import Feed
from ledgerflux.settings import DEFAULT_PORT, DEFAULT_SOURCE, UpRequest, parse_source
from ledgerflux.stack.members import gateways_of, services_of
from ledgerflux.stack.securing import check_gateways
from ledgerflux.venues.registry import VENUES

AUTO_TIMEOUT_S = 3.0
PORTS_TRIED = 100
PORT_MAX = 65535
COMPARED = (
    "source", "products", "shards", "gateways", "speed", "paused", "at_end", "host", "durability",
    "log_level", "tls_cert", "tls_key", "insecure_public", "read_only", "keys_file", "jwt_keys",
    "jwt_issuer", "jwt_audience", "origins", "shared_networks",
)  # fmt: skip

Probe = Callable[[str], Awaitable[bool]]
"""Says whether the venue of that name can be reached now."""


def check(asked: UpRequest) -> None:
    """See that what was asked for can be there, before anything is made for it.

    Raises:
        ConfigError: The recording does not exist.
    """
    source = parse_source(asked.source)
    if source.kind == "replay":
        _recording(source.path)


async def resolve(asked: UpRequest, probe: Probe) -> UpRequest:
    """Return `asked` with a source that can be started: `auto` found out, a file made absolute.

    Raises:
        ConfigError: The recording does not exist.
    """
    source = parse_source(asked.source)
    if source.kind == "auto":
        venue = next(iter(VENUES))
        found = venue if await probe(venue) else DEFAULT_SOURCE
        return replace(asked, source=found)
    if source.kind == "replay":
        return replace(asked, source=f"replay:{_recording(source.path)}")
    return asked


def _recording(path: str) -> Path:
    absolute = Path(path).expanduser().absolute()
    if not absolute.is_file():
        raise ConfigError(f"there is no recording {path}", code="bad_argument")
    return absolute


async def venue_answers(feed: Feed, venue: str, timeout_s: float = AUTO_TIMEOUT_S) -> bool:
    """Say whether the venue opens a socket within `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            connection = await feed.connect(VENUES[venue].url)
            await connection.close()
    except (FeedError, TimeoutError):
        return False
    return True


def choose_ports(request: UpRequest) -> dict[str, int]:
    """Return the port of each gateway that the request starts, in order.

    Several have the port asked for and those that follow it; without one, free ones from 8000 on.

    Raises:
        Conflict: `port_in_use`: a port asked for is taken.
        ConfigError: The address is none of this machine's, a port is not for us, others could
            come in and that was not asked for (`insecure_listen`), or a file of keys or of TLS
            can't be used.
    """
    started = services_of(request)
    wanted = [(number, name) for number, name in enumerate(gateways_of(request)) if name in started]
    if wanted:
        check_gateways(request)
    ports: dict[str, int] = {}
    for number, name in wanted:
        ports[name] = _port(request, number, ports.values())
    return ports


def _port(request: UpRequest, number: int, chosen: Collection[int]) -> int:
    """Return a port for gateway `number`, none of those `chosen` already."""
    if request.port == 0:
        return _any_free(request.host, chosen)
    wanted = (DEFAULT_PORT if request.port is None else request.port) + number
    if wanted > PORT_MAX:
        raise ConfigError(f"gateway-{number} would need port {wanted}", code="bad_argument")
    if request.port is None and wanted in chosen:
        return _next_free(request.host, chosen)
    error = bind_error(wanted, request.host)
    if error is None:
        return wanted
    if not isinstance(error, PermissionError) and error.errno != errno.EADDRINUSE:
        raise ConfigError(f"the gateway can't listen on {request.host}: {error.strerror}")
    if request.port is None:
        return _next_free(request.host, chosen)
    if isinstance(error, PermissionError):
        raise ConfigError(f"port {wanted} needs more rights than this user has")
    holder = holder_of(wanted)
    raise Conflict(
        f"port {wanted} is in use" + (f" by {holder}" if holder else ""),
        code="port_in_use",
        try_next=["lf up              (takes the next free port)", "lf up --port 0"],
    )


def _next_free(host: str, chosen: Collection[int]) -> int:
    for port in range(DEFAULT_PORT + 1, DEFAULT_PORT + PORTS_TRIED):
        if port not in chosen and bind_error(port, host) is None:
            return port
    return _any_free(host, chosen)


def _any_free(host: str, chosen: Collection[int]) -> int:
    while (port := free_port(host)) in chosen:
        pass
    return port


def differences(running: Mapping[str, Any], asked: UpRequest) -> list[str]:
    """Return how `asked` differs from the request of a running stack, one line each.

    A port that was not asked for is no difference; services compare with all they need.
    """
    runs = _understood(running)
    if runs is None:
        return ["it was started by another version"]
    found = []
    if services_of(runs) != services_of(asked):
        found.append(_difference("services", services_of(runs), services_of(asked)))
    for name in COMPARED:
        was, now = getattr(runs, name), getattr(asked, name)
        if was != now:
            found.append(_difference(name.replace("_", "-"), was, now))
    if asked.port is not None and asked.port != runs.port:
        was = "none asked for" if runs.port is None else runs.port
        found.append(_difference("port", was, asked.port))
    return found


def _understood(running: Mapping[str, Any]) -> UpRequest | None:
    if running.keys() - UpRequest.__dataclass_fields__.keys():
        return None
    try:
        return msgspec.convert(running, UpRequest)
    except msgspec.ValidationError:
        return None


def _difference(name: str, was: object, now: object) -> str:
    return f"{name}: running {_text(was)}, asked {_text(now)}"


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
