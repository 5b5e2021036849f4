"""Why a venue did not let us in, and how long to leave it alone."""

import re

RETRY_AFTER_MAX_S = 600.0
_SECONDS = re.compile(r"\s*([0-9]{1,9})\s*", re.ASCII)
_FLOORS_S = {
    "feed_throttled": 5.0,
    "feed_forbidden": 60.0,
    "feed_tls": 10.0,
    "feed_redirected": 10.0,
    "feed_not_websocket": 10.0,
}
"""What time alone seldom cures is tried seldom."""


def code_of(status: int) -> str:
    """Return the error code of an HTTP `status` that answered an upgrade.

    `feed_not_websocket`: a page, as proxies and captive portals send it.
    """
    match status:
        case 429:
            return "feed_throttled"
        case 401 | 403 | 451:
            return "feed_forbidden"
        case _ if 300 <= status < 400:
            return "feed_redirected"
        case _ if status >= 500:
            return "feed_unavailable"
        case _ if status < 300:
            return "feed_not_websocket"
        case _:
            return "feed_refused"


def retry_after_s(text: str | None) -> float | None:
    """Return the seconds of a `Retry-After`, at most `RETRY_AFTER_MAX_S`.

    None for a date: it says nothing without the venue's clock (RFC 9110 section 10.2.3).
    """
    seconds = None if text is None else _SECONDS.fullmatch(text)
    return None if seconds is None else min(RETRY_AFTER_MAX_S, float(seconds[1]))


def floor_s(code: str, asked_s: float | None) -> float:
    """Return how long to wait at least after `code`, where the venue asked for `asked_s`."""
    return max(_FLOORS_S.get(code, 0.0), asked_s or 0.0)
