"""Questions to a gateway over HTTP."""

from typing import Any

from ledgerflux.errors import GatewayError, LedgerFluxError

TIMEOUT_S = 2.0
NOT_LET_IN = ("auth_required", "auth_failed", "token_expired", "forbidden")


def get_status(url: str, *, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """Return the `lf.status/1` document of the gateway `url`; blocks.

    Raises:
        ConfigError: `url` is no address of a gateway.
        GatewayError: Nothing answers there, or not with a status.
    """
    document = _get(url, "/v1/status", timeout_s)
    if not isinstance(document, dict) or document.get("schema") != "lf.status/1":
        raise GatewayError(f"{url}/v1/status answered no status", code="protocol_error")
    return document


def get_products(url: str, *, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """Return the `lf.products/1` document of the gateway `url`; blocks.

    Raises:
        ConfigError: `url` is no address of a gateway.
        GatewayError: Nothing answers there, or not with products.
    """
    document = _get(url, "/v1/products", timeout_s)
    if not isinstance(document, dict) or document.get("schema") != "lf.products/1":
        raise GatewayError(f"{url}/v1/products answered no products", code="protocol_error")
    return document


def _get(url: str, path: str, timeout_s: float) -> Any:
    """Return the document at `path`; a gateway that refuses has answered, so exit 1."""
    from ledgerflux.client.addresses import get_json

    try:
        return get_json(url, path, timeout_s=timeout_s)
    except GatewayError as error:
        raise closed(error) from error


def closed(error: GatewayError) -> LedgerFluxError:
    """Return what tells that a gateway lets nobody in without the right key; others as they are."""
    if error.code not in NOT_LET_IN:
        return error
    return LedgerFluxError(error.message, code=error.code, try_next=steps_of(error))


def steps_of(error: GatewayError) -> list[str]:
    """Return what helps who is not let in; nothing for every other refusal."""
    if error.code == "forbidden":
        return ["lf token verify --token-file FILE"]
    return ["lf ... --token-file FILE"] if error.code in NOT_LET_IN else []
