"""Questions to a gateway over HTTP."""

from typing import Any

from ledgerflux.errors import GatewayError

TIMEOUT_S = 2.0


def get_status(url: str, *, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """Return the `lf.status/1` document of the gateway `url`; blocks.

    Raises:
        ConfigError: `url` is no address of a gateway.
        GatewayError: Nothing answers there, or not with a status.
    """
    from ledgerflux.client.addresses import get_json

    document = get_json(url, "/v1/status", timeout_s=timeout_s)
    if not isinstance(document, dict) or document.get("schema") != "lf.status/1":
        raise GatewayError(f"{url}/v1/status answered no status", code="protocol_error")
    return document


def get_products(url: str, *, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """Return the `lf.products/1` document of the gateway `url`; blocks.

    Raises:
        ConfigError: `url` is no address of a gateway.
        GatewayError: Nothing answers there, or not with products.
    """
    from ledgerflux.client.addresses import get_json

    document = get_json(url, "/v1/products", timeout_s=timeout_s)
    if not isinstance(document, dict) or document.get("schema") != "lf.products/1":
        raise GatewayError(f"{url}/v1/products answered no products", code="protocol_error")
    return document
