"""The gateway's page for browsers: one file of our own that may load nothing from elsewhere."""

import base64
import re
from hashlib import sha256
from importlib.resources import files

from ledgerflux.ports import Request, Response

FILE = "gateway_page.html"


class GatewayPage:
    """Answers with the page; read once. Its policy lets only its own script and style run."""

    def __init__(self) -> None:
        text = files(__package__).joinpath(FILE).read_text(encoding="utf-8")
        headers = {
            "Content-Security-Policy": policy(text),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        self._response = Response(200, "text/html; charset=utf-8", text.encode(), headers=headers)

    def __call__(self, _: Request) -> Response:
        """Return the page."""
        return self._response


def policy(text: str) -> str:
    """Return the Content-Security-Policy under which `text` does what it does, and no more."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hashes(text, 'script')}",
            f"style-src {_hashes(text, 'style')}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _hashes(text: str, tag: str) -> str:
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    digests = (base64.b64encode(sha256(body.encode()).digest()).decode() for body in found)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
