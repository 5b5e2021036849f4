"""What a request gets: a WebSocket, the answer of a route, or a reason why not."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from websockets import http11
from websockets.datastructures import Headers

from ledgerflux.ports import Handler, Request, Response

LARGE_BYTES = 64 * 1024
"""Answers below it are never refused for what others have not read."""
UNREAD_BYTES_MAX = 64 * 1024 * 1024


class Unread:
    """Bytes of large answers that are on their way: many who read slowly hold no more than this."""

    def __init__(self) -> None:
        self.size_bytes = 0

    def hold(self, answer: http11.Response) -> tuple[http11.Response, int]:
        """Return the answer, or that there is no room for it, and what to `release` for it."""
        size = len(answer.body or b"")
        if size < LARGE_BYTES:
            return answer, 0
        if self.size_bytes + size > UNREAD_BYTES_MAX:
            return _to_http(_OVERLOADED), 0
        self.size_bytes += size
        return answer, size

    def release(self, size: int) -> None:
        """Forget an answer: it was read, or nobody is there to read it."""
        self.size_bytes -= size


class Refuse(Protocol):
    """The door's word on one request."""

    def __call__(self, *, websocket: bool) -> Response | None:
        """Return why this one may not come in, or have its answer; None where it may."""
        ...


class Answers:
    """Decides about each request: a WebSocket, a route's answer, or 404."""

    def __init__(self, routes: Mapping[str, Handler], websocket_paths: Sequence[str]) -> None:
        self._exact = {path: handler for path, handler in routes.items() if path[-2:] != "/*"}
        below = ((path[:-1], handler) for path, handler in routes.items() if path[-2:] == "/*")
        self._below = sorted(below, key=lambda item: len(item[0]), reverse=True)
        self._websockets = frozenset(websocket_paths)

    def answer(self, request: http11.Request, refuse: Refuse) -> http11.Response | None:
        """Return the answer to `request`; None where it becomes a WebSocket."""
        try:
            url = urlsplit(request.path)
        except ValueError:
            return _to_http(_problem(400, "bad_request", "the path can't be read"))
        websocket = url.path in self._websockets and "Upgrade" in request.headers
        refused = refuse(websocket=websocket)
        if refused is not None:
            return _to_http(refused)
        if websocket:
            return None
        handler = self._handler(url.path)
        if handler is None and url.path in self._websockets:
            return _to_http(_problem(426, "upgrade_required", f"{url.path} speaks WebSocket"))
        if handler is None:
            return _to_http(_problem(404, "not_found", f"nothing is at {url.path[:200]}"))
        query = {name: values[0] for name, values in parse_qs(url.query, True).items()}
        return _to_http(handler(Request(url.path, query)))

    def _handler(self, path: str) -> Handler | None:
        exact = self._exact.get(path)
        if exact is not None:
            return exact
        return next((handler for prefix, handler in self._below if path.startswith(prefix)), None)


def _problem(status: int, code: str, message: str) -> Response:
    error = {"code": code, "message": message, "retryable": False, "retry_after_ms": None}
    return Response(status, "application/json", json.dumps({"error": error}).encode())


_OVERLOADED = Response(
    503,
    "application/json",
    b'{"error":{"code":"overloaded","message":"too many large answers are not read yet",'
    b'"retryable":true,"retry_after_ms":1000}}',
    1,
)


def _to_http(response: Response) -> http11.Response:
    headers = Headers(
        {
            "Content-Type": response.content_type,
            "Content-Length": str(len(response.body)),
            "Cache-Control": "no-store",
            "Connection": "close",
            **response.headers,
        }
    )
    if response.retry_after_s is not None:
        headers["Retry-After"] = str(response.retry_after_s)
    phrase = HTTPStatus(response.status).phrase
    return http11.Response(response.status, phrase, headers, response.body)
