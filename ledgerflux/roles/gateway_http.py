"""What a gateway answers over HTTP beside its WebSocket; every handler answers at once."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ledgerflux.core.book_cut import DEPTHS, BookDesk
from ledgerflux.core.candle_line import BARS_MAX
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.product_stream import ProductStream
from ledgerflux.core.request_desk import RETRY_AFTER_MS
from ledgerflux.core.sharding import partition_of
from ledgerflux.core.terms import INTERVAL_DEFAULT, INTERVAL_S, Interval
from ledgerflux.core.trade_ring import LIMIT_MAX, Gone, Wanted
from ledgerflux.ports import Handler, Request, Response
from ledgerflux.wire import gateway_http
from ledgerflux.wire.status import Status

JSON = "application/json"
STATUS = {
    "not_found": 404,
    "unknown_product": 404,
    "invalid_param": 400,
    "unsupported_depth": 400,
    "unrecoverable_position": 410,
    "not_ready": 503,
}
DEPTH = "50"
PRODUCTS = "/v1/products"
_SEQ = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)


class _Refused(Exception):
    """There is no answer but this."""

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.response = response


class GatewayHttp:
    """Answers from `fanout` and from `status`, the state of the whole stack."""

    def __init__(self, fanout: Fanout, status: Callable[[], Status]) -> None:
        self._fanout = fanout
        self._status = status
        self._books = BookDesk(gateway_http.book)
        self._below = {
            "book": self._book,
            "trades": self._trades,
            "candles": self._candles,
        }

    def routes(self) -> dict[str, Handler]:
        """Return the handlers by path."""
        return {
            "/v1/status": lambda _: Response(200, JSON, self._status().to_json()),
            PRODUCTS: self._products,
            f"{PRODUCTS}/*": self._product,
        }

    def _products(self, _: Request) -> Response:
        served = sorted(self._fanout.products.items())
        streams = [(partition_of(product), stream) for product, stream in served]
        return Response(200, JSON, gateway_http.products(streams, self._fanout.venue))

    def _product(self, request: Request) -> Response:
        """Answer what is asked of one product."""
        product, _, what = request.path.removeprefix(f"{PRODUCTS}/").partition("/")
        answer = self._below.get(what)
        if answer is None:
            return _problem("not_found", f"nothing is at {request.path[:200]}")
        try:
            return answer(self._stream(product), request.query)
        except _Refused as refused:
            return refused.response

    def _stream(self, product: str) -> ProductStream:
        stream = self._fanout.products.get(product)
        if stream is not None:
            return stream
        if not self._fanout.venue:
            raise _Refused(_not_ready("no source is known yet"))
        served = ", ".join(sorted(self._fanout.products)) or "none yet"
        why = f"no product {product[:64]}; served: {served}"
        raise _Refused(_problem("unknown_product", why, product_ids=[product[:64]]))

    def _book(self, stream: ProductStream, query: Mapping[str, str]) -> Response:
        _known(query, "depth")
        depth = query.get("depth", DEPTH)
        if depth not in DEPTHS:
            why = f"depth: {', '.join(DEPTHS)}, not {depth[:40]!r}"
            return _problem("unsupported_depth", why)
        if not stream.has_book:
            return _not_ready(f"there is no book of {stream.product} yet: it is {stream.state}")
        return Response(200, JSON, self._books.document(stream, depth))

    def _trades(self, stream: ProductStream, query: Mapping[str, str]) -> Response:
        wanted, ring = _wanted(query), stream.trades
        if not ring.epoch:
            return _not_ready(f"nothing is known of {stream.product} yet")
        found = ring.find(wanted)
        if isinstance(found, Gone):
            return _problem(
                "unrecoverable_position",
                found.why,
                epoch=ring.epoch,
                oldest_seq=ring.oldest_seq,
                newest_seq=ring.newest_seq,
            )
        return Response(200, JSON, gateway_http.trades(stream, found))

    def _candles(self, stream: ProductStream, query: Mapping[str, str]) -> Response:
        _known(query, "interval", "limit")
        interval, limit = _read_interval(query), _number(query, "limit", BARS_MAX)
        if not stream.position("trades").epoch:
            return _not_ready(f"nothing is known of {stream.product} yet")
        most = BARS_MAX if limit is None else limit
        return Response(200, JSON, gateway_http.candles(stream, interval, most))


def _read_interval(query: Mapping[str, str]) -> Interval:
    text = query.get("interval", INTERVAL_DEFAULT)
    found = next((known for known in INTERVAL_S if known == text), None)
    if found is None:
        raise _invalid("interval", f"{', '.join(INTERVAL_S)}, not {text[:40]!r}")
    return found


def _wanted(query: Mapping[str, str]) -> Wanted:
    _known(query, "from_seq", "to_seq", "limit", "epoch")
    from_seq, to_seq = _number(query, "from_seq"), _number(query, "to_seq")
    limit = _number(query, "limit", LIMIT_MAX)
    if from_seq is not None and to_seq is not None and to_seq < from_seq:
        raise _invalid("to_seq", f"{to_seq} is before from_seq {from_seq}")
    return Wanted(from_seq, to_seq, LIMIT_MAX if limit is None else limit, query.get("epoch"))


def _number(query: Mapping[str, str], name: str, most: int = 2**53 - 1) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not _SEQ.fullmatch(text) or int(text) > most:
        raise _invalid(name, f"a number from 1 to {most}, not {text[:40]!r}")
    return int(text)


def _known(query: Mapping[str, str], *names: str) -> None:
    """Refuse a parameter that has no meaning here: it is never ignored."""
    for name in query:
        if name not in names:
            raise _invalid(name[:40], f"no parameter; there is {', '.join(names)}")


def _invalid(name: str, why: str) -> _Refused:
    return _Refused(_problem("invalid_param", f"{name}: {why}"))


def _not_ready(why: str) -> Response:
    body = gateway_http.problem("not_ready", why, retry_after_ms=RETRY_AFTER_MS)
    return Response(STATUS["not_ready"], JSON, body, 1)


def _problem(code: str, why: str, **details: Any) -> Response:
    return Response(STATUS[code], JSON, gateway_http.problem(code, why, **details))
