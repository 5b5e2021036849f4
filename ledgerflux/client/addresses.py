"""Addresses of gateways, and their answers over HTTP."""

import http.client
import json
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from ledgerflux.client.way import Way, usual_way
from ledgerflux.errors import ConfigError, GatewayError

HTTP_TIMEOUT_S = 5.0
NOT_LET_IN = (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN)
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def websocket_url(address: str) -> str:
    """Return the WebSocket URL of `http://host:port`, or `ws://host:port/path` as it is.

    Raises:
        ConfigError: `address` is no address of a gateway (`bad_argument`).
    """
    parts = _split(address)
    path = parts.path if parts.path not in ("", "/") else "/v1/ws"
    return urlunsplit((_SCHEMES[parts.scheme], parts.netloc, path, "", ""))


def http_address(address: str) -> str:
    """Return `http://host:port` of the gateway at `address`, whatever its scheme and path.

    Raises:
        ConfigError: `address` is no address of a gateway (`bad_argument`).
    """
    parts = _split(address)
    scheme = "https" if _SCHEMES[parts.scheme] == "wss" else "http"
    return urlunsplit((scheme, parts.netloc, "", "", ""))


def is_loopback(address: str) -> bool:
    """Say whether `address` is on this machine: then no proxy is asked."""
    return urlsplit(address).hostname in _LOOPBACK


def get_json(
    address: str, path: str, *, timeout_s: float = HTTP_TIMEOUT_S, way: Way | None = None
) -> Any:
    """Return the JSON document at `path` of the gateway at `address`; blocks.

    Raises:
        ConfigError: `address` is no address of a gateway (`bad_argument`).
        GatewayError: Nothing answers there, or not what a gateway answers.
    """
    parts = _split(address)
    way = way or usual_way()
    connection = _opened(parts, way, timeout_s)
    try:
        connection.request("GET", path, headers=way.headers)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        if isinstance(error, http.client.BadStatusLine) and not isinstance(error, OSError):
            reason = "what is there speaks no HTTP"  # and not all that it says, on a line of ours
        raise GatewayError(f"no gateway answers at {address}: {reason}") from error
    finally:
        connection.close()
    if answer.status in NOT_LET_IN:
        raise refusal(address, answer.status, body)
    if answer.status != http.HTTPStatus.OK:
        raise GatewayError(f"{address}{path} answered {answer.status}")
    try:
        return json.loads(body)
    except ValueError as error:
        text = f"{address}{path} answered no JSON"
        raise GatewayError(text, code="protocol_error") from error


def refusal(address: str, status: int, body: bytes) -> GatewayError:
    """Return why a gateway answers this client nothing, in the gateway's words.

    Its code is `protocol_error` where somebody else has answered.
    """
    try:
        told = json.loads(body)["error"]
        message, code = str(told["message"])[:400], str(told["code"])[:40]
    except (ValueError, KeyError, TypeError):
        return GatewayError(f"{address} answered {status}", code="protocol_error")
    return GatewayError(f"{address} answered {status}: {message}", code=code)


def _opened(parts: SplitResult, way: Way, timeout_s: float) -> http.client.HTTPConnection:
    host, port = parts.hostname or "", parts.port
    if _SCHEMES[parts.scheme] == "wss":
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=way.tls)
    return http.client.HTTPConnection(host, port, timeout=timeout_s)


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        if parts.scheme in _SCHEMES and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass  # told below
    raise ConfigError(
        f"{address!r} is no address of a gateway such as http://host:8000", code="bad_argument"
    )
