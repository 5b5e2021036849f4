"""Questions to a gateway over HTTP."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from ledgerflux.errors import ConfigError, GatewayError

TIMEOUT_S = 2.0
_SCHEMES = {
    "http": http.client.HTTPConnection,
    "ws": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
    "wss": http.client.HTTPSConnection,
}


def get(url: str, path: str, *, timeout_s: float = TIMEOUT_S) -> Any:
    """Return the JSON document at `path` of the gateway `url`.

    Raises:
        ConfigError: `url` is no address of a gateway.
        GatewayError: Nothing answers there, or not what a gateway answers.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ConfigError(
            f"--gateway: {url!r} is no address such as http://host:8000", code="bad_argument"
        )
    connection = _SCHEMES[parts.scheme](parts.hostname, parts.port, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise GatewayError(f"no gateway answers at {url}: {reason}") from error
    finally:
        connection.close()
    try:
        document = json.loads(body)
    except ValueError as error:
        raise GatewayError(f"{url}{path} answered {answer.status} and no JSON") from error
    if answer.status != http.HTTPStatus.OK:
        raise GatewayError(f"{url}{path} answered {answer.status}: {body[:200]!r}")
    return document


def get_status(url: str, *, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """Return the `lf.status/1` document of the gateway `url`.

    Raises:
        GatewayError: It answers, but not with one.
    """
    document = get(url, "/v1/status", timeout_s=timeout_s)
    if not isinstance(document, dict) or document.get("schema") != "lf.status/1":
        raise GatewayError(f"{url}/v1/status answered no status", code="protocol_error")
    return document
